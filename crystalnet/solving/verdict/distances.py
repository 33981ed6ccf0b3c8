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
# Neighbours up to so many times as far as the nearest stand around an atom as that one does.
AROUND = 1.1
# A: no atom is farther from its nearest neighbour.
FARTHEST = 6.0


class Neighbours(NamedTuple):
    """An atom, one of those that are nearest to it, and their distance in A."""

    atom: int
    other: int
    distance: float


def nearest(crystal: Crystal) -> list[Neighbours]:
    """Of each atom the nearest neighbour, and those that are hardly farther, the nearest first."""
    structure = crystal.to_structure()
    reach = 3.0
    while True:
        one, other, _, distance = structure.get_neighbor_list(reach)
        least = np.full(len(crystal.atomic_numbers), np.inf)
        np.minimum.at(least, one, distance)
        if (AROUND * least <= reach).all() or reach >= FARTHEST:
            break
        reach = min(1.4 * reach, FARTHEST)
    around = distance <= AROUND * least[one]
    rows = zip(one[around].tolist(), other[around].tolist(), distance[around].tolist(), strict=True)
    return sorted(
        (Neighbours(*row) for row in rows),
        key=lambda each: (each.atom, round(each.distance / SAME), each.other),
    )


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

    0 and no words where all atoms have neighbours as far from them as in known crystals: the
    nearest no nearer, and one of those around them no farther. An iodine among rubidium atoms is
    no farther from them for an oxygen behind, which is a little nearer and not bound to it.

    Args:
        neighbours: of the atoms, as `nearest` has them.
        atomic_numbers: one per atom; not of those that they were found with.
    """
    worst, words = 0.0, ""
    shells: dict[int, list[tuple[int, float]]] = {}
    for atom, other, distance in neighbours:
        beside = int(atomic_numbers[other]), round(distance, DIGITS)
        shells.setdefault(atom, []).append(beside)
    alike = {(int(atomic_numbers[atom]), tuple(shell)) for atom, shell in shells.items()}
    for one, shell in sorted(alike):
        other, distance = shell[0]
        beyond = math.log(known_range(one, other)[0] / distance)
        far, place = min(
            (math.log(apart / known_range(one, z)[2]), place)
            for place, (z, apart) in enumerate(shell)
        )
        if far > beyond:
            beyond, (other, distance) = far, shell[place]
        if beyond > worst + SAME:
            symbols = " and ".join(str(Element.from_Z(z).symbol) for z in (one, other))
            least, _, largest = known_range(one, other)
            worst = beyond
            words = (
                f"{symbols} are {distance:.2f} A apart; in known crystals they are "
                f"{least:.2f} to {largest:.2f} A"
            )
    return worst, words
