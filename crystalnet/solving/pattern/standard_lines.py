"""Measured peaks as lines of one radiation, whatever they were measured with."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import MO_K_ALPHA, lorentz_polarisation
from crystalnet.solving.pattern.measured import MeasuredPeaks


def standard_lines(
    peaks: MeasuredPeaks, zero_shift: float = 0.0
) -> tuple[Float[ndarray, " lines"], Float[ndarray, " lines"]]:
    """q = 1 / d in 1/A, ascending, and intensities as Mo K-alpha would have them.

    A line has another Lorentz-polarisation factor at another wavelength. Lines that Mo K-alpha does
    not reach are left out.

    Args:
        zero_shift: degrees 2-theta, subtracted from the positions.
    """
    first, last = peaks.two_theta_range
    inside = (peaks.two_theta >= first) & (peaks.two_theta <= last) & (peaks.intensity > 0)
    two_theta, intensity = peaks.two_theta[inside] - zero_shift, peaks.intensity[inside]
    order = np.argsort(two_theta, kind="stable")
    two_theta, intensity = two_theta[order], intensity[order]
    sine = np.sin(np.radians(two_theta / 2))
    there = sine * MO_K_ALPHA / peaks.wavelength
    reached = (sine > 0) & (there < 1)
    sine, there = sine[reached], there[reached]
    ratio = lorentz_polarisation(there**2) / lorentz_polarisation(sine**2)
    return 2 * sine / peaks.wavelength, intensity[reached] * ratio
