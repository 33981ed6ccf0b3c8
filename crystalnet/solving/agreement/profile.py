"""Agreement of the X-ray pattern that atoms would give with the one that was measured.

The density that is guessed is of valence electrons, and X-rays see all of them; so it is not its
transform that is compared, but the pattern of the decoded atoms with the form factors of whole
atoms.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.ndimage import gaussian_filter1d

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.regions import outside
from crystalnet.solving.settings import USUAL, AgreementSettings


@dataclass(frozen=True)
class PatternMatch:
    """How well a computed pattern agrees with a measured one.

    Attributes:
        rwp: weighted profile R factor at the best scale and displacement, 0 for identity and 1
            for a pattern with nothing in common (R. A. Young, The Rietveld Method, 1993, table
            1.3, as a fraction).
        correlation: Pearson's, of the two profiles.
        displacement: the B in A^2 at which they agree best.
    """

    rwp: float
    correlation: float
    displacement: float


class Agreement(NamedTuple):
    """The same of several sets of areas of one set of peaks."""

    rwp: Float[ndarray, " sets"]
    correlation: Float[ndarray, " sets"]
    displacement: Float[ndarray, " sets"]


def match_pattern(
    crystal: Crystal, measured: MeasuredPeaks, settings: AgreementSettings = USUAL.agreement
) -> PatternMatch:
    """How well the pattern of a crystal agrees with a measured one over the measured range.

    Raises:
        CrystalNetError: for an element without X-ray form factor, or no reflection in the range.
    """
    pattern = powder_pattern(crystal, measured.wavelength, measured.two_theta_range)
    s_squared = 1 / (2 * pattern.d_spacing) ** 2
    found = MeasuredProfile(measured, settings).agreement(
        pattern.two_theta, s_squared, pattern.intensity[None]
    )
    return PatternMatch(
        float(found.rwp[0]), float(found.correlation[0]), float(found.displacement[0])
    )


class MeasuredProfile:
    """The profile of measured peaks, and how well computed peaks agree with it.

    Whatever structure factors come from, this is the one measure of them.
    """

    def __init__(
        self, measured: MeasuredPeaks, settings: AgreementSettings = USUAL.agreement
    ) -> None:
        self.range, self.excluded = measured.two_theta_range, measured.excluded
        self.settings = settings
        self.profile = peak_profile(measured.two_theta, measured.intensity, self.range, settings)

    def agreement(
        self,
        two_theta: Float[ndarray, " peaks"],
        s_squared: Float[ndarray, " peaks"],
        area: Float[ndarray, "sets peaks"],
    ) -> Agreement:
        """How well computed peaks agree, each set at its best scale and displacement.

        Args:
            two_theta: degrees.
            s_squared: (sin theta / wavelength)^2 in 1/A^2; atoms that move by B multiply
                intensities by exp(-2 B s^2).
            area: of atoms at rest, on any scale.
        """
        if self.excluded:
            seen = outside(two_theta, self.excluded)
            two_theta, s_squared, area = two_theta[seen], s_squared[seen], area[:, seen]
        displacements = np.array(self.settings.displacements)
        damping = np.exp(-2 * np.outer(displacements, s_squared))
        profiles = peak_profile(two_theta, area[:, None] * damping, self.range, self.settings)
        rwp, correlation = compare_profiles(
            profiles.reshape(-1, profiles.shape[-1]), self.profile, self.settings
        )
        rwp, correlation = rwp.reshape(len(area), -1), correlation.reshape(len(area), -1)
        best = rwp.argmin(axis=1)
        row = np.arange(len(area))
        return Agreement(rwp[row, best], correlation[row, best], displacements[best])


def peak_profile(
    two_theta: Float[ndarray, " peaks"],
    intensity: Float[ndarray, "*sets peaks"],
    two_theta_range: tuple[float, float],
    settings: AgreementSettings = USUAL.agreement,
) -> Float[ndarray, "*sets points"]:
    """Peaks of one width on a grid of 2-theta; what lies outside the range is left out.

    Args:
        two_theta: degrees.
        intensity: areas; one or several sets for the same positions.
        two_theta_range: degrees.
    """
    first, last = two_theta_range
    inside = (two_theta >= first) & (two_theta <= last)
    place = (two_theta[inside] - first) / settings.step
    below = place.astype(np.int64)
    part = place - below
    points = int(np.ceil((last - first) / settings.step)) + 2
    sticks = np.zeros((points, *intensity.shape[:-1]))
    # A peak between two points is shared by them.
    area = np.moveaxis(intensity[..., inside], -1, 0)
    share = part.reshape(-1, *[1] * (intensity.ndim - 1))
    np.add.at(sticks, below, area * (1 - share))
    np.add.at(sticks, below + 1, area * share)
    sticks = np.moveaxis(sticks, 0, -1)
    width = settings.peak_width / settings.step
    return np.asarray(gaussian_filter1d(sticks, width, mode="constant"))


def compare_profiles(
    computed: Float[ndarray, "sets points"],
    measured: Float[ndarray, " points"],
    settings: AgreementSettings = USUAL.agreement,
) -> tuple[Float[ndarray, " sets"], Float[ndarray, " sets"]]:
    """Rwp at the best scale, and Pearson's correlation, of each computed profile."""
    weight = 1 / (measured + settings.variance_floor * measured.max())
    scale = (computed * weight) @ measured / np.maximum((computed**2) @ weight, 1e-300)
    left = (measured - scale[:, None] * computed) ** 2 @ weight
    rwp = np.sqrt(left / (measured**2 @ weight))
    centred = computed - computed.mean(axis=1, keepdims=True)
    about = measured - measured.mean()
    norm = np.sqrt((centred**2).sum(axis=1) * (about**2).sum())
    return rwp, centred @ about / np.maximum(norm, 1e-300)
