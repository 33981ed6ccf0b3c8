"""Rows of a benchmark in a CSV file that grows, so that a run that ends early is gone on with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from crystalnet.files import atomic_write


class RowFile:
    """Rows, and the file that they are kept in, if there is one."""

    def __init__(self, path: Path | None, keys: tuple[str, ...]) -> None:
        """Read what there is.

        Args:
            keys: columns that tell rows apart.
        """
        self._path, self._keys = path, keys
        self._rows: list[Mapping[str, Any]] = []
        if path is not None and path.exists():
            self._rows = pd.read_csv(path).to_dict("records")

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
            with atomic_write(self._path) as temporary:
                self.table.to_csv(temporary, index=False)
