"""Powder patterns on an axis without a scale: ln(q / q of the first peak).

Isostructural crystals differ by a scale of q: every peak moves on an axis of 2 theta, and none does
on this one.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

LONGEST = 2.3
"""The end of the axis: ten times the first q."""

# Peaks nearer than this share of q are one.
_MERGED = 1.5e-3


def scale_free_bins(
    q: Float[ndarray, " peaks"], intensity: Float[ndarray, " peaks"], bins: int
) -> tuple[Float[ndarray, " bins"], float]:
    """Square roots of intensities in bins of ln(q / q of the first peak), and q of that peak.

    Square roots, so that weak peaks count. Each peak's intensity is shared by the two bins about
    it, so a small shift changes little.

    Args:
        q: 1 / d, in any unit, ascending and positive.
        intensity: any scale, one of them positive.
        bins: of equal width from 0 to LONGEST; peaks beyond are left out.
    """
    q, intensity = merge_peaks(q, intensity, _MERGED)
    place = np.log(q / q[0]) / LONGEST * bins
    inside = place < bins - 1
    left = place[inside].astype(int)
    share = place[inside] - left
    features = np.zeros(bins, dtype=np.float32)
    strength = intensity[inside] / intensity.max()
    np.add.at(features, left, strength * (1 - share))
    np.add.at(features, left + 1, strength * share)
    return np.sqrt(features), float(q[0])


def merge_peaks(
    q: Float[ndarray, " peaks"], intensity: Float[ndarray, " peaks"], within: float
) -> tuple[Float[ndarray, " merged"], Float[ndarray, " merged"]]:
    """Peaks whose neighbours are nearer than a share of q as one, at their centre of mass."""
    first = np.append(0, np.flatnonzero(np.diff(q) > within * q[1:]) + 1)
    total = np.add.reduceat(intensity, first)
    weight = np.where(intensity > 0, intensity, 1e-12)
    centre = np.add.reduceat(weight * q, first) / np.add.reduceat(weight, first)
    return centre, total
