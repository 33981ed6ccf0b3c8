"""Rows of a benchmark in a file that grows, so that a run that ends early is gone on with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pandas as pd


class RowFile:
    """Rows, and the file that they are kept in, if there is one: a line of JSON each."""

    def __init__(self, path: Path | None, keys: tuple[str, ...]) -> None:
        """Read what there is; a last line that was not finished is dropped.

        Args:
            keys: columns that tell rows apart.
        """
        self._path, self._keys = path, keys
        self._rows: list[Mapping[str, Any]] = []
        if path is not None and path.exists():
            finished, newline, _ = path.read_bytes().rpartition(b"\n")
            path.write_bytes(finished + newline)
            self._rows = rows_of(path)

    @property
    def table(self) -> pd.DataFrame:
        """All rows."""
        return pd.DataFrame(self._rows)

    def has(self, *values: Any) -> bool:
        """Whether there is a row of some values of the keys."""
        return any(tuple(row[key] for key in self._keys) == values for row in self._rows)

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep one more."""
        self._rows.append(row)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as lines:
                lines.write(orjson.dumps(dict(row), option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def rows_of(path: Path) -> list[Mapping[str, Any]]:
    """What a file of rows holds."""
    with path.open("rb") as lines:
        return [json.loads(line) for line in lines]
