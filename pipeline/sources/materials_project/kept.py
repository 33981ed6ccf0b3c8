"""Answers of the service that are kept, so that a run that was killed asks nothing twice."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from crystalnet.files import atomic_write

_UNSAFE = re.compile(r"[^\w.-]")


class Kept:
    """Answers of one database version, each in a file under a name of its own."""

    def __init__(self, folder: Path, database_version: str) -> None:
        self.folder = folder / _UNSAFE.sub("_", database_version)

    @staticmethod
    def versions(folder: Path) -> set[str]:
        """The database versions that answers are kept of."""
        return {path.name for path in folder.glob("*") if path.is_dir()}

    def get(self, name: str, ask: Callable[[], Any]) -> Any:
        """The kept answer, or what `ask` returns, kept from now on; a damaged one is asked anew."""
        path = self._path(name)
        try:
            return orjson.loads(path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            answer = ask()
        with atomic_write(path) as temporary:
            temporary.write_bytes(orjson.dumps(answer))
        return answer

    def forget(self, name: str) -> None:
        """Ask for this one anew next time."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"
