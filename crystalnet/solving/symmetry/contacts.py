"""How near two atoms may be."""

import math
from functools import lru_cache

import gemmi
import numpy as np
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.settings import USUAL, ContactSettings
from crystalnet.solving.symmetry.known_distances import known_distances


@lru_cache(maxsize=10_000)
def least_distance(one: int, other: int, settings: ContactSettings = USUAL.contacts) -> float:
    """A that atoms of two elements, by atomic number, are apart at least."""
    crystals, shortest, _ = known_distances(one, other)
    if shortest is None:
        return settings.unknown * (covalent_radius(one) + covalent_radius(other))
    return max(settings.shortest - settings.fewer / math.sqrt(crystals), 0.0) * shortest


@lru_cache(maxsize=128)
def covalent_radius(number: int) -> float:
    """The covalent radius of an element in A (B. Cordero et al., doi 10.1039/b801115j)."""
    return float(gemmi.Element(number).covalent_r)


def too_near(crystal: Crystal, settings: ContactSettings = USUAL.contacts) -> str | None:
    """The two atoms that are too near, in words, or None where all keep their distance.

    An atom keeps it from its own images too; it is itself by its number, not by its place: two
    atoms in one place are two.
    """
    elements, kind = np.unique(crystal.atomic_numbers, return_inverse=True)
    least = np.array(
        [[least_distance(a, b, settings) for b in elements.tolist()] for a in elements.tolist()]
    )
    one, other, _, distance = crystal.to_structure().get_neighbor_list(float(least.max()))
    missing = least[kind[one], kind[other]] - distance
    if not (missing > 0).any():
        return None
    worst = int(missing.argmax())
    pair = " and ".join(
        str(Element.from_Z(int(crystal.atomic_numbers[atom])).symbol)
        for atom in (one[worst], other[worst])
    )
    return f"{pair} are {distance[worst]:.2f} A apart"
