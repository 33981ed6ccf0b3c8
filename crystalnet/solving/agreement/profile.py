"""Agreement of the X-ray pattern that atoms would give with the one that was measured.

The density that is guessed is of valence electrons, and X-rays see all of them; so it is not its
transform that is compared, but the pattern of the decoded atoms with the form factors of whole
atoms.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.ndimage import gaussian_filter1d

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks

# Patterns are compared as profiles: peaks of this standard deviation on points so far apart, both
# in degrees of 2-theta. Peaks that are nearer than that to each other count as one.
PEAK_WIDTH = 0.1
STEP = 0.05
# The variance of a point is its height plus this share of the highest: counting statistics, and
# what no background is free of.
VARIANCE_FLOOR = 0.01
# Isotropic displacement parameters B tried, in A^2 (intensities times exp(-2 B s^2), s = sin theta
# / wavelength): real atoms move, computed patterns are of atoms at rest.
DISPLACEMENTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
# Values of Rwp closer than this are equal, and the candidate of the lower misfit comes first.
SAME_RWP = 1e-3


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


def match_pattern(crystal: Crystal, measured: MeasuredPeaks) -> PatternMatch:
    """How well the pattern of a crystal agrees with a measured one over the measured range.

    Raises:
        CrystalNetError: for an element without X-ray form factor, or no reflection in the range.
    """
    profile = peak_profile(measured.two_theta, measured.intensity, measured.two_theta_range)
    return _match(crystal, measured, profile)


def peak_profile(
    two_theta: Float[ndarray, " peaks"],
    intensity: Float[ndarray, "*sets peaks"],
    two_theta_range: tuple[float, float],
) -> Float[ndarray, "*sets points"]:
    """Peaks of one width on a grid of 2-theta; what lies outside the range is left out.

    Args:
        two_theta: degrees.
        intensity: areas; one or several sets for the same positions.
        two_theta_range: degrees.
    """
    first, last = two_theta_range
    inside = (two_theta >= first) & (two_theta <= last)
    place = (two_theta[inside] - first) / STEP
    below = place.astype(np.int64)
    part = place - below
    points = int(np.ceil((last - first) / STEP)) + 2
    sticks = np.zeros((points, *intensity.shape[:-1]))
    # A peak between two points is shared by them.
    area = np.moveaxis(intensity[..., inside], -1, 0)
    share = part.reshape(-1, *[1] * (intensity.ndim - 1))
    np.add.at(sticks, below, area * (1 - share))
    np.add.at(sticks, below + 1, area * share)
    sticks = np.moveaxis(sticks, 0, -1)
    return np.asarray(gaussian_filter1d(sticks, PEAK_WIDTH / STEP, mode="constant"))


def compare_profiles(
    computed: Float[ndarray, "sets points"], measured: Float[ndarray, " points"]
) -> tuple[Float[ndarray, " sets"], Float[ndarray, " sets"]]:
    """Rwp at the best scale, and Pearson's correlation, of each computed profile."""
    weight = 1 / (measured + VARIANCE_FLOOR * measured.max())
    scale = (computed * weight) @ measured / np.maximum((computed**2) @ weight, 1e-300)
    left = (measured - scale[:, None] * computed) ** 2 @ weight
    rwp = np.sqrt(left / (measured**2 @ weight))
    centred = computed - computed.mean(axis=1, keepdims=True)
    about = measured - measured.mean()
    norm = np.sqrt((centred**2).sum(axis=1) * (about**2).sum())
    return rwp, centred @ about / np.maximum(norm, 1e-300)


def _match(
    crystal: Crystal, measured: MeasuredPeaks, profile: Float[ndarray, " points"]
) -> PatternMatch:
    pattern = powder_pattern(crystal, measured.wavelength, measured.two_theta_range)
    s_squared = 1 / (2 * pattern.d_spacing) ** 2
    damped = pattern.intensity * np.exp(-2 * np.outer(DISPLACEMENTS, s_squared))
    computed = peak_profile(pattern.two_theta, damped, measured.two_theta_range)
    rwp, correlation = compare_profiles(computed, profile)
    best = int(np.argmin(rwp))
    return PatternMatch(float(rwp[best]), float(correlation[best]), DISPLACEMENTS[best])
