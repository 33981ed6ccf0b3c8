"""The composition of a crystal as the input vector of the network."""

import re

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.random import Generator
from pymatgen.core import Composition, Element

from crystalnet.errors import CrystalNetError
from crystalnet.settings import CompositionInput

ELEMENTS = 119
"""Length of a composition vector: one entry per atomic number, and 0 is unused."""

FORMS: tuple[CompositionInput, ...] = ("no_formula", "baseline", "no_ratios", "drop_element")
"""What may be known of a composition, and how often a network that takes any of it is told so."""
SHARES = (0.2, 0.4, 0.2, 0.2)

# Characters of a formula.
LONGEST_FORMULA = 200
_SUBSCRIPTS = str.maketrans(
    "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089", "0123456789"
)
# Dots that join parts of a formula, and the point that is one before water.
_DOTS = re.compile("[\u00b7\u2022\u2219\u22c5\u30fb*]")
_WATER = re.compile(r"(?<=[A-Za-z)\]])((?:[1-9]\d*)?)\s*\.\s*((?:\d+\.)?\d*\s*[HD]2O)(?![a-z\d.])")


def molar_fractions(atomic_numbers: Int[ndarray, " atoms"]) -> Float[ndarray, " elements"]:
    """Molar fraction of each element (paper, Methods): H2O is 2/3 at 1 and 1/3 at 8.

    Args:
        atomic_numbers: of the atoms of one cell, 1 to 118.

    Returns:
        119 fractions by atomic number, of sum 1.

    Raises:
        CrystalNetError: for no atoms, or an atomic number outside 1 to 118.
    """
    wrong = atomic_numbers[(atomic_numbers < 1) | (atomic_numbers >= ELEMENTS)]
    if len(wrong) or len(atomic_numbers) == 0:
        raise CrystalNetError(
            f"a composition of {len(atomic_numbers)} atoms, of atomic numbers "
            f"{np.unique(atomic_numbers).tolist()}; want at least one atom, each of 1 to 118"
        )
    return np.bincount(atomic_numbers, minlength=ELEMENTS) / len(atomic_numbers)


def formula_fractions(formula: str) -> Float[ndarray, " elements"]:
    """Molar fractions from a formula such as "Gd2Hf2O7", "Ca(OH)2" or "CaSO4.2H2O".

    Digits may be subscripts, D and T count as hydrogen. Parts joined by a dot are added up; a point
    is such a dot before water, else a decimal one.

    Raises:
        CrystalNetError: for a formula that is empty, too long or that cannot be read, or an
            amount of 0.
    """
    advice = 'want element symbols and amounts, such as "Gd2Hf2O7"'
    if len(formula) > LONGEST_FORMULA:
        raise CrystalNetError(
            f"a formula of {len(formula)} characters; want at most {LONGEST_FORMULA}: {advice}"
        )
    plain = _without_dots(formula.translate(_SUBSCRIPTS))
    try:
        # pymatgen skips characters that it does not know, and elements whose amount is 0.
        if not re.fullmatch(r"[A-Za-z0-9.()\[\]{}\s]+", plain):
            raise ValueError(formula)
        if re.search(r"(?<![\d.])0*\.?0*(?<=0)(?![\d.])", plain):
            raise CrystalNetError(f"the formula {formula!r} has an amount of 0; {advice}")
        amounts = Composition(plain, strict=True).get_el_amt_dict()
    except (ValueError, OverflowError) as error:
        raise CrystalNetError(f"the formula {formula!r} cannot be read; {advice}") from error
    fractions = np.zeros(ELEMENTS)
    for symbol, amount in amounts.items():
        fractions[Element(symbol).Z] += amount
    total = fractions.sum()
    if not (np.isfinite(total) and total > 0):
        raise CrystalNetError(f"the formula {formula!r} holds no atoms; {advice}")
    scaled: ndarray = fractions / total
    return scaled


def _without_dots(formula: str) -> str:
    """CaSO4.2H2O as (CaSO4)1(H2O)2."""
    formula = _WATER.sub("\\1\u00b7\\2", formula)
    parts = [part.strip() for part in _DOTS.split(formula)]
    if len(parts) == 1:
        return formula
    counted = [re.fullmatch(r"(\d*\.?\d*)\s*(.*)", part) for part in parts]
    return "".join(f"({each[2]}){each[1] or 1}" for each in counted if each)


def composition_input(
    fractions: Float[ndarray, " elements"], form: CompositionInput, generator: Generator
) -> Float[ndarray, " elements"]:
    """What the network is told of a composition (paper, Table 2).

    Args:
        fractions: 119 molar fractions by atomic number.
        form: `baseline`, the fractions; `no_ratios`, 1 for each element present; `drop_element`,
            the same with one random element left out, but never the only one; `no_formula`, zeros.
        generator: draws the element to leave out; the other forms leave it untouched.
    """
    match form:
        case "baseline":
            return fractions.copy()
        case "no_formula":
            return np.zeros_like(fractions)
        case "no_ratios" | "drop_element":
            present = (fractions > 0).astype(fractions.dtype)
            elements = np.flatnonzero(present)
            if form == "drop_element" and len(elements) > 1:
                present[generator.choice(elements)] = 0
            return present
