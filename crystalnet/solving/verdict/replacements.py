"""What else may stand on the sites of each element: X-rays see electrons, not elements."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.solving.profile_fit.results import OtherElements
from crystalnet.solving.search.known_structures import NOBLE_GASES
from crystalnet.solving.verdict.charges import balanced
from crystalnet.solving.verdict.distances import Neighbours, strangest
from crystalnet.solving.verdict.lines import CrystalLines

# Nobody has these in a powder by accident: they decay. Thorium and uranium are minerals.
DECAYING = frozenset({43, 61, *range(84, 90), 91})
LARGEST = 92
# Of each element so many are kept, and compared with what is known of distances and charges.
MOST = 24


@dataclass(frozen=True)
class Replacement:
    """Another element on all sites of one, everything else as it is.

    Attributes:
        element: whose sites these are.
        by: what stands there; "nothing" for empty sites.
        rwp: with it, at the best scale and displacement.
        growth: of the misfit of the fit to the profile with it, in what a line is usually off
            (`OtherElements`); None where there was no fit.
        distance: by which share its strangest distance is beyond what is known.
        balanced: whether charges may add up to none; None where there are no ions.
    """

    element: str
    by: str
    rwp: float
    distance: float
    balanced: bool | None
    growth: float | None = None


def replacements(
    lines: CrystalLines,
    factors: Float[ndarray, " hkl"],
    neighbours: Sequence[Neighbours],
    fitted: OtherElements | None = None,
) -> tuple[Replacement, ...]:
    """For each element nothing, and the elements that agree best, best first.

    Args:
        lines: of the crystal.
        factors: of preferred orientation, for each reflection.
        neighbours: of its atoms.
        fitted: what its fit to the profile says of other elements, which then tells which agree.
    """
    atoms = lines.crystal.atomic_numbers
    numbers, counts = np.unique(atoms, return_counts=True)
    own = {z: z for z in numbers.tolist()}
    amounts = dict(zip(own, counts.tolist(), strict=True))
    divisor = math.gcd(*amounts.values())
    # Where anions are bound to each other, as in pyrite, they may be so with other elements.
    strict = balanced(amounts, strict=True) is True
    found: list[Replacement] = []
    for z in own:
        tried = [0, *(each for each in range(1, LARGEST + 1) if each not in own and alike(z, each))]
        areas = np.array([lines.areas({**own, z: each}, factors) for each in tried])
        values = lines.rwp(areas)
        growth = None if fitted is None else fitted.growth[z]
        empty = None if growth is None else growth[0]
        found.append(Replacement(_symbol(z), "nothing", float(values[0]), 0.0, None, empty))
        agreement = values if growth is None else np.array([growth[each] for each in tried])
        order = np.argsort(agreement[1:], kind="stable")[:MOST] + 1
        for place in order.tolist():
            by = tried[place]
            beyond, _ = strangest(neighbours, np.where(atoms == z, by, atoms))
            unit = {by if each == z else each: n // divisor for each, n in amounts.items()}
            found.append(
                Replacement(
                    _symbol(z),
                    _symbol(by),
                    float(values[place]),
                    beyond,
                    balanced(unit, strict=strict),
                    None if growth is None else growth[by],
                )
            )
    return tuple(found)


def alike(one: int, other: int) -> bool:
    """Whether an element may stand for another: metals for metals, and metalloids for either."""
    if other in NOBLE_GASES | DECAYING:
        return False
    first, second = Element.from_Z(one), Element.from_Z(other)
    return bool(first.is_metalloid or second.is_metalloid or first.is_metal == second.is_metal)


def _symbol(number: int) -> str:
    return str(Element.from_Z(number).symbol)
