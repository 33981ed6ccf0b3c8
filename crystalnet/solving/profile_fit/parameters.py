"""The numbers of a model: names, values, bounds, and which of them are free."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError


@dataclass(frozen=True, eq=False)
class Parameters:
    """What is fitted.

    Attributes:
        names: each once.
        values, lower, upper: of each.
        longest: by how much each may change in one cycle.
        free: which are fitted.
    """

    names: tuple[str, ...]
    values: Float[ndarray, " parameters"]
    lower: Float[ndarray, " parameters"]
    upper: Float[ndarray, " parameters"]
    longest: Float[ndarray, " parameters"]
    free: Bool[ndarray, " parameters"]

    @classmethod
    def of(cls, rows: Sequence[tuple[str, float, float, float, float]]) -> "Parameters":
        """From rows of name, value, lower and upper bound and longest step; none is free.

        Raises:
            CrystalNetError: for a name that stands there twice.
        """
        names = tuple(row[0] for row in rows)
        if len(set(names)) < len(names):
            raise CrystalNetError(f"parameters {names}; want each name once")
        values, lower, upper, longest = np.array([row[1:] for row in rows], dtype=float).T
        values = np.clip(values, lower, upper)
        return cls(names, values, lower, upper, longest, np.zeros(len(names), dtype=bool))

    def released(self, wanted: Sequence[str], *, free: bool = True) -> "Parameters":
        """With those free, or fixed, whose names begin so."""
        chosen = np.array([name.startswith(tuple(wanted)) for name in self.names])
        return replace(self, free=(self.free | chosen) if free else (self.free & ~chosen))

    def extended(self, row: tuple[str, float, float, float, float]) -> "Parameters":
        """With one more at the end, not free."""
        one = Parameters.of([row])
        return Parameters(
            (*self.names, *one.names),
            *(
                np.append(getattr(self, name), getattr(one, name))
                for name in ("values", "lower", "upper", "longest", "free")
            ),
        )

    def at(self, values: Float[ndarray, " parameters"]) -> "Parameters":
        """With other values."""
        return replace(self, values=values)

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.names.index(name)])
