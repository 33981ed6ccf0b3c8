"""The peaks of a measured pattern: what everything after the reading works with."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.regions import Range


@dataclass(frozen=True, eq=False)
class MeasuredPeaks:
    """Peaks of a measured pattern.

    Attributes:
        two_theta: degrees.
        intensity: areas, on any scale, without background.
        wavelength: A.
        two_theta_range: first and last 2-theta that were measured, in degrees.
        excluded: ranges of 2-theta in degrees of which nothing is known.

    Raises:
        CrystalNetError: for no peak of positive intensity in the range, values that are negative
            or not finite, or arrays of different length.
    """

    two_theta: Float[ndarray, " peaks"]
    intensity: Float[ndarray, " areas"]
    wavelength: float
    two_theta_range: tuple[float, float]
    excluded: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        if self.two_theta.shape != self.intensity.shape:
            raise CrystalNetError(
                f"{len(self.two_theta)} peak positions but {len(self.intensity)} intensities; "
                "want one each"
            )
        finite = np.isfinite(self.two_theta).all() and np.isfinite(self.intensity).all()
        if not finite or (self.intensity < 0).any():
            raise CrystalNetError(
                "a peak's position or intensity is negative, NaN or infinite; leave it out"
            )
        first, last = self.two_theta_range
        inside = (self.two_theta >= first) & (self.two_theta <= last)
        if not self.intensity[inside].any():
            raise CrystalNetError(
                f"no peak of positive intensity between {first} and {last} degrees 2-theta; check "
                "the range and that the positions are 2-theta in degrees"
            )

    def shifted(self, zero_shift: float) -> "MeasuredPeaks":
        """The peaks where they would be without a shift of the zero, in degrees."""
        first, last = self.two_theta_range
        return replace(
            self,
            two_theta=np.clip(self.two_theta - zero_shift, first, last),
            excluded=tuple((one - zero_shift, two - zero_shift) for one, two in self.excluded),
        )

    def down_to(self, d_min: float) -> "MeasuredPeaks":
        """What is measured of spacings no smaller than so many A, the first peak in any case."""
        first, last = self.two_theta_range
        sine = min(self.wavelength / 2 / d_min, 1.0)
        counted = (self.two_theta >= first) & (self.two_theta <= last) & (self.intensity > 0)
        lowest = float(self.two_theta[counted].min())
        last = max(min(last, 2 * math.degrees(math.asin(sine))), lowest)
        inside = self.two_theta <= last
        return replace(
            self,
            two_theta=self.two_theta[inside],
            intensity=self.intensity[inside],
            two_theta_range=(first, last),
        )
