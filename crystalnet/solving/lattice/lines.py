"""The lines of a measured powder pattern that a lattice has to explain."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.ties import tied

# Peaks below this share of the strongest are no evidence, neither for nor against.
SIGNIFICANT = 0.003
# Lines used, from the lowest angle: beyond, they overlap.
MOST_LINES = 40
# The tolerance is so many standard deviations of a position: 99 % of a normal distribution.
TOLERANCE_SIGMAS = 2.5
# Places, in degrees, and distances to them that differ by no more than this are the same.
SAME_PLACE = 1e-9


@dataclass(frozen=True, eq=False)
class Lines:
    """The significant lines of a pattern, by 2-theta.

    Attributes:
        two_theta: degrees.
        q: 1 / d^2 in 1/A^2.
        share: intensity of each, of the sum.
        wavelength: A.
        first, last: degrees 2-theta between which these are all the lines there are.
        sigma: standard deviation of a position in degrees 2-theta.
    """

    two_theta: Float[ndarray, " lines"]
    q: Float[ndarray, " lines"]
    share: Float[ndarray, " lines"]
    wavelength: float
    first: float
    last: float
    sigma: float

    @classmethod
    def of(cls, peaks: MeasuredPeaks, tolerance: float) -> "Lines":
        """The first `MOST_LINES` significant ones.

        Raises:
            CrystalNetError: for a tolerance that is not positive.
        """
        if not (np.isfinite(tolerance) and tolerance > 0):
            raise CrystalNetError(
                f"the tolerance of positions is {tolerance} degrees; want a positive number"
            )
        first, last = peaks.two_theta_range
        inside = (peaks.two_theta >= first) & (peaks.two_theta <= last) & (peaks.two_theta > 0)
        strongest = peaks.intensity[inside].max(initial=0.0)
        kept = np.flatnonzero(inside & (peaks.intensity > SIGNIFICANT * strongest))
        # Of lines at one place the stronger comes first.
        kept = kept[np.lexsort((-peaks.intensity[kept], tied(peaks.two_theta[kept], SAME_PLACE)))]
        if len(kept) > MOST_LINES:
            kept = kept[:MOST_LINES]
            last = float(peaks.two_theta[kept[-1]])
        two_theta = peaks.two_theta[kept].astype(float)
        intensity = peaks.intensity[kept]
        return cls(
            two_theta,
            (2 * np.sin(np.radians(two_theta / 2)) / peaks.wavelength) ** 2,
            intensity / intensity.sum(),
            peaks.wavelength,
            first,
            last,
            tolerance / TOLERANCE_SIGMAS,
        )

    def angle(self, q: Float[ndarray, " any"]) -> Float[ndarray, " any"]:
        """2-theta in degrees."""
        sine = self.wavelength * np.sqrt(np.maximum(q, 0)) / 2
        return np.asarray(np.degrees(2 * np.arcsin(np.minimum(sine, 1.0))))

    def slope(self, two_theta: Float[ndarray, " any"]) -> Float[ndarray, " any"]:
        """d 2-theta / d q in degrees A^2."""
        sine = np.maximum(np.sin(np.radians(two_theta)), 1e-3)
        return np.asarray(np.degrees(self.wavelength**2 / (2 * sine)))
