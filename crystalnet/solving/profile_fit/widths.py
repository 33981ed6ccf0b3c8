"""Widths of lines: Thompson, Cox and Hastings' pseudo-Voigt (doi 10.1107/S0021889887087090)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

NAMES = ("U", "V", "W", "X", "Y")
"""Gaussian: FWHM^2 = U tan^2 + V tan + W, in degrees^2; Lorentzian: FWHM = X / cos + Y tan."""

# H^5 of Gaussian and Lorentzian widths together, and the share of Lorentzian.
_FIFTH = (1.0, 2.69269, 2.42843, 4.47163, 0.07842, 1.0)
_SHARE = (1.36603, -0.47719, 0.11116)


class Widths(NamedTuple):
    """Of each line.

    Attributes:
        full: width at half maximum in degrees.
        share: of Lorentzian, 0 to 1.
        d_full, d_share: their derivatives by U, V, W, X, Y.
    """

    full: Float[ndarray, " lines"]
    share: Float[ndarray, " lines"]
    d_full: Float[ndarray, "lines 5"]
    d_share: Float[ndarray, "lines 5"]


def widths(
    two_theta: Float[ndarray, " lines"], numbers: Float[ndarray, "5"], narrowest: float
) -> Widths:
    """Widths of lines at angles in degrees.

    Args:
        numbers: U, V, W, X, Y.
        narrowest: what neither part is below, in degrees.
    """
    theta = np.radians(two_theta) / 2
    tan, cos = np.tan(theta), np.cos(theta)
    u, v, w, x, y = numbers
    squared, lorentz = u * tan**2 + v * tan + w, x / cos + y * tan
    some, more = squared >= narrowest**2, lorentz >= 0
    gauss = np.sqrt(np.where(some, squared, narrowest**2))
    lorentz = np.where(more, lorentz, 0.0)
    d_gauss = np.zeros((len(tan), 5))
    d_gauss[:, :3] = np.stack([tan**2, tan, np.ones_like(tan)], axis=1) / (2 * gauss[:, None])
    d_gauss[~some] = 0
    d_lorentz = np.zeros((len(tan), 5))
    d_lorentz[:, 3], d_lorentz[:, 4] = 1 / cos, tan
    d_lorentz[~more] = 0
    powers = np.arange(6)
    fifth = sum(c * gauss ** (5 - p) * lorentz**p for p, c in zip(powers, _FIFTH, strict=True))
    by_gauss = sum(
        c * (5 - p) * gauss ** max(4 - p, 0) * lorentz**p
        for p, c in zip(powers[:5], _FIFTH, strict=False)
    )
    by_lorentz = sum(
        c * p * gauss ** (5 - p) * lorentz ** (p - 1)
        for p, c in zip(powers[1:], _FIFTH[1:], strict=True)
    )
    full = fifth**0.2
    d_full = (by_gauss[:, None] * d_gauss + by_lorentz[:, None] * d_lorentz) / (
        5 * full[:, None] ** 4
    )
    q = lorentz / full
    d_q = d_lorentz / full[:, None] - (lorentz / full**2)[:, None] * d_full
    a, b, c = _SHARE
    share = a * q + b * q**2 + c * q**3
    return Widths(full, share, d_full, (a + 2 * b * q + 3 * c * q**2)[:, None] * d_q)
