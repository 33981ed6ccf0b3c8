"""The scale-free pattern and the composition as the input of the modes network.

The one number that the axis without a scale leaves out (`crystalnet.crystallography.scale_free`),
ln(q of the first peak), is one more feature.
"""

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.scale_free import LONGEST, scale_free_bins
from crystalnet.errors import CrystalNetError
from crystalnet.settings_modes import ScaleFreeSpec

BINS = 512
"""Bins of ln(q / q_first)."""

# q (1/d, 1/A) of the first peak of a usual crystal: only centres the feature.
_USUAL_FIRST = 0.3
SLOTS = 4
"""Elements that have a place of their own, from the most frequent on."""


def scale_free_spec(wavelength: float, last_two_theta: float) -> ScaleFreeSpec:
    """How patterns of a wavelength (A) up to an angle (degrees) are made, for a model's card."""
    return ScaleFreeSpec(
        axis="ln(q / q of the first peak)",
        bins=BINS,
        longest=LONGEST,
        wavelength=wavelength,
        last_two_theta=last_two_theta,
    )


def scale_free_pattern(
    q: Float[ndarray, " peaks"], intensity: Float[ndarray, " peaks"]
) -> Float[ndarray, " features"]:
    """BINS features of the peaks and one of the scale.

    Args:
        q: 1 / d in 1/A, or any multiple that is the same for all patterns, ascending.
        intensity: any scale.

    Raises:
        CrystalNetError: for no peak, a q that is not positive and ascending, or no intensity.
    """
    if len(q) == 0 or len(q) != len(intensity):
        raise CrystalNetError(f"a pattern of {len(q)} places and {len(intensity)} intensities")
    if not (np.isfinite(q).all() and q[0] > 0 and (np.diff(q) >= 0).all()):
        raise CrystalNetError("a pattern's q must be positive and ascending")
    if not (np.isfinite(intensity).all() and (intensity >= 0).all() and intensity.max() > 0):
        raise CrystalNetError("a pattern's intensities must be finite, and one of them positive")
    features = np.zeros(BINS + 1, dtype=np.float32)
    features[:BINS], first = scale_free_bins(q, intensity, BINS)
    features[BINS] = np.log(first / _USUAL_FIRST)
    return features


def composition_features(
    formulas: Float[Tensor, "crystals elements"],
) -> Float[Tensor, "crystals features"]:
    """Molar fractions, the same sorted, and one-hot elements from the most frequent on.

    The sorted ones are what isostructural compounds share; with no_formula all are zero.
    """
    elements = formulas.shape[1]
    # Of equal fractions the lower atomic number comes first.
    order = torch.argsort(formulas, dim=1, descending=True, stable=True)[:, :SLOTS]
    share = formulas.gather(1, order)
    hot = torch.nn.functional.one_hot(order, elements).to(formulas) * (share > 0)[..., None]
    return torch.cat([formulas, share, hot.flatten(1)], dim=1)
