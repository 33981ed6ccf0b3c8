"""What is known of a composition before the structure is."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.composition import formula_fractions
from crystalnet.errors import CrystalNetError

# The largest denominator read from a formula's ratios: Fe0.947O is refused, Ca0.5Mg0.5O is not.
LARGEST_DENOMINATOR = 60
# Relative; a decimal such as 0.5 is exact, and 0.947 is near to 18/19 by chance alone.
RATIO_TOLERANCE = 1e-4
# Atoms of a formula unit: the largest unit cells that powders are solved in hold fewer.
LARGEST_UNIT = 1000


@dataclass(frozen=True)
class KnownComposition:
    """Elements of a crystal, with or without their ratios.

    Attributes:
        elements: atomic numbers that are there, ascending; each at least once in a cell.
        amounts: atoms of each in one formula unit, or None where the ratios are not known.
        complete: whether nothing else can be there. With ratios it always is.

    Raises:
        CrystalNetError: for atomic numbers outside 1..118, repeated or not in order; for amounts
            that do not fit or are of more than 1000 atoms; for a complete composition without
            elements.
    """

    elements: tuple[int, ...]
    amounts: tuple[int, ...] | None = None
    complete: bool = True

    def __post_init__(self) -> None:
        if list(self.elements) != sorted({z for z in self.elements if 1 <= z <= 118}):
            raise CrystalNetError(
                f"the elements {list(self.elements)}; want different atomic numbers of 1 to 118 "
                "in order"
            )
        if self.complete and not self.elements:
            raise CrystalNetError(
                "a complete composition without elements; name them, or say that it is not complete"
            )
        if self.amounts is not None:
            if len(self.amounts) != len(self.elements) or min(self.amounts) < 1:
                raise CrystalNetError(
                    f"amounts {list(self.amounts)} of the elements {list(self.elements)}; want one "
                    "of at least 1 for each"
                )
            if sum(self.amounts) > LARGEST_UNIT:
                raise CrystalNetError(
                    f"a formula unit of {sum(self.amounts):.4g} atoms; want at most "
                    f"{LARGEST_UNIT}: check the amounts"
                )
            if not self.complete:
                raise CrystalNetError("ratios of a composition that is not complete mean nothing")

    @classmethod
    def from_formula(cls, formula: str) -> "KnownComposition":
        """From a formula such as "Gd2Hf2O7"; only its ratios count.

        Raises:
            CrystalNetError: for a formula that cannot be read or whose ratios are not of small
                whole numbers, as in disordered crystals, or a unit of more than 1000 atoms.
        """
        return cls.from_fractions(formula_fractions(formula), formula)

    @classmethod
    def from_fractions(
        cls, fractions: Float[ndarray, " numbers"], name: str = "molar fractions"
    ) -> "KnownComposition":
        """From 119 molar fractions by atomic number.

        Raises:
            CrystalNetError: for ratios that are not of small whole numbers.
        """
        elements = np.flatnonzero(fractions)
        ratios = fractions[elements] / fractions[elements].min()
        exact = [Fraction(float(r)).limit_denominator(LARGEST_DENOMINATOR) for r in ratios]
        if max(abs(float(e) - r) / r for e, r in zip(exact, ratios, strict=True)) > RATIO_TOLERANCE:
            raise CrystalNetError(
                f"{name}: the ratios {np.round(ratios, 4).tolist()} are not those of small whole "
                "numbers; give the formula of an ordered crystal, or the elements alone"
            )
        unit = math.lcm(*(e.denominator for e in exact))
        return cls(tuple(elements.tolist()), tuple(int(e * unit) for e in exact))

    @classmethod
    def from_elements(cls, symbols: Iterable[str], complete: bool = True) -> "KnownComposition":
        """From element symbols, all of those that are there or only some.

        Raises:
            CrystalNetError: for something that is no element.
        """
        numbers = set()
        for symbol in symbols:
            if not Element.is_valid_symbol(symbol):
                raise CrystalNetError(f"{symbol!r} is no element; want symbols such as Si and O")
            numbers.add(int(Element(symbol).Z))
        return cls(tuple(sorted(numbers)), None, complete)
