"""X-ray scattering factors of free atoms."""

from functools import cache
from importlib.resources import files

import numpy as np
import orjson
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.errors import CrystalNetError

# m e^2 / (2 h^2) in 1/A: turns the electron scattering factor, which the table fits, into the
# X-ray one by the Mott-Bethe relation.
MOTT_BETHE = 41.78214


def form_factor(
    atomic_number: int, s_squared: Float[ndarray, " points"]
) -> Float[ndarray, " points"]:
    """X-ray form factor of a free atom, in electrons.

    f(s) = Z - 41.78214 s^2 sum_i a_i exp(-b_i s^2), with the four pairs (a_i, b_i) per element
    that pymatgen ships (De Graef and McHenry, Structure of Materials, ch. 12). No dispersion.

    Args:
        atomic_number: Z, 1 to 98.
        s_squared: (sin theta / wavelength)^2 in 1/A^2.

    Raises:
        CrystalNetError: for an element that has no form factor.
    """
    require_form_factors(np.array([atomic_number]), f"Z = {atomic_number}")
    amplitudes, exponents = _coefficients()[0][atomic_number].T
    factor, gaussian = np.zeros_like(s_squared), np.empty_like(s_squared)
    for amplitude, exponent in zip(amplitudes, exponents, strict=True):
        np.multiply(s_squared, -exponent, out=gaussian)
        np.exp(gaussian, out=gaussian)
        gaussian *= amplitude
        factor += gaussian
    factor *= s_squared
    factor *= -MOTT_BETHE
    factor += atomic_number
    return factor


def require_form_factors(atomic_numbers: Int[ndarray, " atoms"], name: str) -> None:
    """Check that every element has a form factor.

    Raises:
        CrystalNetError: naming `name` and the elements that have none.
    """
    known = _coefficients()[1]
    if not known[atomic_numbers].all():
        missing = np.unique(atomic_numbers[~known[atomic_numbers]])
        symbols = ", ".join(Element.from_Z(int(z)).symbol for z in missing)
        raise CrystalNetError(
            f"{name}: no X-ray form factor for {symbols}; want elements among "
            f"Z = 1 to {np.flatnonzero(known)[-1]} only, so leave this crystal out"
        )


@cache
def _coefficients() -> tuple[Float[ndarray, "elements pairs 2"], Bool[ndarray, " elements"]]:
    """Pairs (a_i in A, b_i in A^2) by atomic number, and which elements have them."""
    table = files("pymatgen.analysis.diffraction").joinpath("atomic_scattering_params.json")
    coefficients = np.zeros((119, 4, 2))
    known = np.zeros(119, dtype=bool)
    for symbol, pairs in orjson.loads(table.read_bytes()).items():
        coefficients[Element(symbol).Z] = pairs
        known[Element(symbol).Z] = True
    return coefficients, known
