"""What else may stand on the sites of each element: X-rays see electrons, not elements."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.solving.search.known_structures import NOBLE_GASES
from crystalnet.solving.verdict.charges import balanced
from crystalnet.solving.verdict.distances import Neighbours, strangest
from crystalnet.solving.verdict.lines import CrystalLines

# Heavier elements have hardly any crystals.
LARGEST = 94
# Of each element so many are kept, and compared with what is known of distances and charges.
MOST = 24


@dataclass(frozen=True)
class Replacement:
    """Another element on all sites of one, everything else as it is.

    Attributes:
        element: whose sites these are.
        by: what stands there; "nothing" for empty sites.
        rwp: with it, at the best scale and displacement.
        distance: by which share its strangest distance is beyond what is known.
        balanced: whether charges may add up to none; None where there are no ions.
    """

    element: str
    by: str
    rwp: float
    distance: float
    balanced: bool | None


def replacements(
    lines: CrystalLines,
    factors: Float[ndarray, " hkl"],
    neighbours: Sequence[Neighbours],
) -> tuple[Replacement, ...]:
    """For each element nothing, and the elements that agree best, best first.

    Args:
        lines: of the crystal.
        factors: of preferred orientation, for each reflection.
        neighbours: of its atoms.
    """
    atoms = lines.crystal.atomic_numbers
    numbers, counts = np.unique(atoms, return_counts=True)
    own = {z: z for z in numbers.tolist()}
    amounts = dict(zip(own, counts.tolist(), strict=True))
    divisor = math.gcd(*amounts.values())
    others = [0] + [z for z in range(1, LARGEST + 1) if z not in NOBLE_GASES]
    found: list[Replacement] = []
    for z in own:
        tried = [each for each in others if each not in own]
        areas = np.array([lines.areas({**own, z: each}, factors) for each in tried])
        values = lines.rwp(areas)
        found.append(Replacement(_symbol(z), "nothing", float(values[0]), 0.0, None))
        order = np.argsort(values[1:], kind="stable")[:MOST] + 1
        for place in order.tolist():
            by = tried[place]
            beyond, _ = strangest(neighbours, np.where(atoms == z, by, atoms))
            unit = {by if each == z else each: n // divisor for each, n in amounts.items()}
            found.append(
                Replacement(_symbol(z), _symbol(by), float(values[place]), beyond, balanced(unit))
            )
    return tuple(found)


def _symbol(number: int) -> str:
    return str(Element.from_Z(number).symbol)
