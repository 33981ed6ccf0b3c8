"""What the first column of a pattern holds, as 2-theta in degrees."""

from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.radiation import Radiation

Quantity = Literal["two_theta", "q", "d"]

# By how much sin theta may exceed 1, for rounding.
ROUNDING = 1e-12


def to_two_theta(
    x: Float[ndarray, " points"], quantity: Quantity, radiation: Radiation
) -> Float[ndarray, " points"]:
    """2-theta in degrees, by Bragg's law: sin theta = wavelength / (2 d) = wavelength q / (4 pi).

    Args:
        x: 2-theta in degrees, q in 1/A or d in A.

    Raises:
        CrystalNetError: for degrees outside 0 to 180, q or d that is not positive, and what the
            radiation does not reach.
    """
    x = x.astype(np.float64)
    if quantity == "two_theta":
        if x.min() < 0 or x.max() > 180:
            raise CrystalNetError(
                f"2-theta from {x.min():g} to {x.max():g}; want degrees from 0 to 180, or "
                "say that it is Q or d (--quantity)"
            )
        return x
    if x.min() <= 0:
        raise CrystalNetError(f"{quantity} is {x.min():g}; want positive values")
    shortest = radiation.wavelength / 2
    # What overflows is beyond the reach too.
    with np.errstate(over="ignore"):
        sine: ndarray = x / (2 * np.pi) * shortest if quantity == "q" else shortest / x
    if sine.max() > 1 + ROUNDING:
        raise CrystalNetError(
            f"reaches d = {shortest / sine.max():.4f} A, but {radiation.name} "
            f"({radiation.wavelength:.4f} A) only {shortest:.4f} A; check --wavelength and "
            "--quantity"
        )
    found: ndarray = 2 * np.degrees(np.arcsin(np.minimum(sine, 1)))
    return found
