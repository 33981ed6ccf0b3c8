"""How far the nearest atoms are apart, beside what is known of their elements."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.symmetry.contacts import covalent_radius
from crystalnet.solving.symmetry.known_distances import known_distances

# Shares of the sum of covalent radii that bonds of unknown pairs are between.
LEAST, USUAL, LARGEST = 0.8, 1.0, 1.25
# Of a known pair bonds are no longer than the latter, or this many times their usual length: in the
# rest of its distribution the two are neighbours, and bound to others.
STRETCHED = 1.1
# A: distances within this are one, and the first atom is named; so are those rounded to so many
# digits.
SAME, DIGITS = 1e-6, 4
# A: no atom is farther from its nearest neighbour.
FARTHEST = 6.0


class Neighbours(NamedTuple):
    """An atom, the one that is nearest to it, and their distance in A."""

    atom: int
    other: int
    distance: float


def nearest(crystal: Crystal) -> list[Neighbours]:
    """Of each atom the nearest neighbour."""
    structure = crystal.to_structure()
    reach = 3.0
    while True:
        one, other, _, distance = structure.get_neighbor_list(reach)
        if len(np.unique(one)) == len(crystal.atomic_numbers) or reach >= FARTHEST:
            break
        reach = min(1.4 * reach, FARTHEST)
    found: dict[int, Neighbours] = {}
    for here, there, apart in zip(one.tolist(), other.tolist(), distance.tolist(), strict=True):
        if here not in found or apart < found[here].distance - SAME:
            found[here] = Neighbours(here, there, apart)
    return list(found.values())


def known_range(one: int, other: int) -> tuple[float, float, float]:
    """The least, usual and largest distance in A of the nearest atoms of two elements."""
    radii = covalent_radius(one) + covalent_radius(other)
    known = known_distances(one, other).nearest
    if known is None:
        return LEAST * radii, USUAL * radii, LARGEST * radii
    least, usual, largest = known
    return least, usual, min(largest, max(LARGEST * radii, STRETCHED * usual))


def strangest(
    neighbours: Iterable[Neighbours], atomic_numbers: Int[ndarray, " atoms"]
) -> tuple[float, str]:
    """By how much the strangest distance is beyond what is known, as a share, and in words.

    0 and no words where all nearest neighbours are as far apart as in known crystals.

    Args:
        neighbours: of the atoms.
        atomic_numbers: one per atom; not of those that they were found with.
    """
    worst, words = 0.0, ""
    pairs = {
        (int(atomic_numbers[atom]), int(atomic_numbers[other]), round(distance, DIGITS))
        for atom, other, distance in neighbours
    }
    for one, other, distance in sorted(pairs):
        least, _, largest = known_range(one, other)
        beyond = max(math.log(least / distance), math.log(distance / largest))
        if beyond > worst + SAME:
            symbols = " and ".join(str(Element.from_Z(z).symbol) for z in (one, other))
            worst = beyond
            words = (
                f"{symbols} are {distance:.2f} A apart; in known crystals they are "
                f"{least:.2f} to {largest:.2f} A"
            )
    return worst, words
