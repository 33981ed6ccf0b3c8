"""Binned patterns as a network may be given them: whole, or worse, to see what they are worth."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator
from scipy.ndimage import gaussian_filter1d

from crystalnet.settings import BinnedPattern

# Standard deviation of the noise, in units of the strongest peak.
NOISE = 0.02
# Full width at half maximum of a broadened peak, in bins: 0.5 degrees on 1024 bins of 0 to 180.
FWHM_BINS = 0.5 * 1024 / 180


def pattern_input(
    pattern: Float[ndarray, " bins"], form: BinnedPattern, generator: Generator
) -> Float[ndarray, " bins"]:
    """What the network is told of a pattern.

    Args:
        pattern: binned intensities, strongest peak 1.
        form: `full`, the pattern; `none`, zeros; `noisy`, with Gaussian noise of 2 % of the
            strongest peak, negative intensities cut off; `broadened`, with Gaussian peaks of 0.5
            degrees full width at half maximum, so that close ones overlap. Both have a strongest
            peak of 1 again.
        generator: draws the noise; the other forms leave it untouched.
    """
    match form:
        case "full":
            return pattern.copy()
        case "none":
            return np.zeros_like(pattern)
        case "noisy":
            noise = NOISE * generator.standard_normal(pattern.shape)
            return _scaled(np.clip(pattern + noise, 0, None).astype(pattern.dtype))
        case "broadened":
            sigma = FWHM_BINS / np.sqrt(8 * np.log(2))
            return _scaled(gaussian_filter1d(pattern, sigma, mode="constant"))


def _scaled(pattern: Float[ndarray, " bins"]) -> Float[ndarray, " bins"]:
    strongest = pattern.max()
    scaled: ndarray = pattern / strongest if strongest > 0 else pattern
    return scaled
