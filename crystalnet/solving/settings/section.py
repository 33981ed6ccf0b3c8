"""What all sections of the settings have in common."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

from crystalnet.errors import CrystalNetError


@dataclass(frozen=True)
class Section:
    """Settings of one room; whole numbers are at least 1, others finite and not negative.

    Raises:
        CrystalNetError: for a value of another kind than the usual one.
    """

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not _alike(value, each.default):
                raise CrystalNetError(
                    f"the setting {each.name} is {value!r}; want something like {each.default!r} "
                    "(whole numbers from 1 on, others finite and not negative)"
                )


def _alike(value: Any, usual: Any) -> bool:
    if isinstance(usual, tuple):
        return (
            isinstance(value, tuple)
            and len(value) > 0
            and all(_alike(each, usual[0]) for each in value)
        )
    kind = Integral if isinstance(usual, int) else Real
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    least = 1 if kind is Integral else 0
    return math.isfinite(float(value)) and float(value) >= least
