"""The part of a pattern that is looked at: a range of 2-theta, and regions of it left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError

Range = tuple[float, float]


@dataclass(frozen=True)
class Regions:
    """What of a pattern counts, in degrees of 2-theta.

    Attributes:
        within: first and last angle; None is all that was measured.
        excluded: ranges in which nothing counts, measured or computed.

    Raises:
        CrystalNetError: for a range that is none.
    """

    within: Range | None = None
    excluded: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        for what, ranges in (
            ("range", () if self.within is None else (self.within,)),
            ("excluded range", self.excluded),
        ):
            for each in ranges:
                if len(each) != 2 or not 0 <= each[0] < each[1] <= 180:
                    raise CrystalNetError(
                        f"the {what} {list(each)}; want first and last 2-theta in degrees, such as "
                        "10,90"
                    )

    @classmethod
    def of(
        cls,
        within: Sequence[float] | None,
        excluded: Iterable[Sequence[float]],
        lines: Iterable[float],
        half_width: float,
    ) -> "Regions":
        """With the surroundings of lines left out, which are of something else.

        Args:
            lines: degrees of 2-theta.
            half_width: degrees on either side of each.

        Raises:
            CrystalNetError: for a range or a line that is none.
        """
        ranges = [_pair(each) for each in excluded]
        for line in lines:
            if not half_width < line < 180 - half_width:
                raise CrystalNetError(
                    f"the impurity line {line}; want its 2-theta in degrees, such as 26.6"
                )
            ranges.append((line - half_width, line + half_width))
        return cls(None if within is None else _pair(within), tuple(ranges))

    def count(self, two_theta: Float[ndarray, " points"]) -> Bool[ndarray, " points"]:
        """Which angles count."""
        first, last = self.within or (0.0, 180.0)
        free = outside(two_theta, self.excluded)
        counted: Bool[ndarray, " points"] = free & (two_theta >= first) & (two_theta <= last)
        return counted


def outside(
    two_theta: Float[ndarray, " points"], excluded: Iterable[Range]
) -> Bool[ndarray, " points"]:
    """Which angles in degrees lie in none of some ranges."""
    free = np.ones(len(two_theta), dtype=bool)
    for first, last in excluded:
        free &= (two_theta < first) | (two_theta > last)
    return free


def _pair(values: Sequence[float]) -> Range:
    try:
        first, last = (float(each) for each in values)
    except (TypeError, ValueError):
        raise CrystalNetError(
            f"the range {values!r}; want first and last 2-theta in degrees, such as 10,90"
        ) from None
    return first, last
