"""The lines of a measured powder pattern that a lattice has to explain."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import LatticeSettings
from crystalnet.solving.ties import tied

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
    def of(cls, peaks: MeasuredPeaks, tolerance: float, settings: LatticeSettings) -> "Lines":
        """The first significant ones, as many as are used.

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
        kept = np.flatnonzero(inside & (peaks.intensity > settings.significant * strongest))
        # Of lines at one place the stronger comes first.
        kept = kept[np.lexsort((-peaks.intensity[kept], tied(peaks.two_theta[kept], SAME_PLACE)))]
        if len(kept) > settings.most_lines:
            kept = kept[: settings.most_lines]
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
            tolerance / settings.tolerance_sigmas,
        )

    def angle(self, q: Float[ndarray, " any"]) -> Float[ndarray, " any"]:
        """2-theta in degrees."""
        sine = self.wavelength * np.sqrt(np.maximum(q, 0)) / 2
        return np.asarray(np.degrees(2 * np.arcsin(np.minimum(sine, 1.0))))

    def slope(self, two_theta: Float[ndarray, " any"]) -> Float[ndarray, " any"]:
        """d 2-theta / d q in degrees A^2."""
        sine = np.maximum(np.sin(np.radians(two_theta)), 1e-3)
        return np.asarray(np.degrees(self.wavelength**2 / (2 * sine)))
