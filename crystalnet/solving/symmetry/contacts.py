"""How near two atoms may be."""

from functools import lru_cache

import gemmi
import numpy as np
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal

# Two atoms are no nearer than this share of the sum of their covalent radii: 0.79 for CN and N2.
NEAR = 0.75


@lru_cache(maxsize=128)
def covalent_radius(number: int) -> float:
    """The covalent radius of an element in A (B. Cordero et al., doi 10.1039/b801115j)."""
    return float(gemmi.Element(number).covalent_r)


def too_near(crystal: Crystal) -> str | None:
    """The two atoms that are too near, in words, or None where all keep their distance.

    An atom keeps it from its own images too; it is itself by its number, not by its place: two
    atoms in one place are two.
    """
    radii = np.array([NEAR * covalent_radius(z) for z in crystal.atomic_numbers.tolist()])
    structure = crystal.to_structure()
    one, other, _, distance = structure.get_neighbor_list(2 * float(radii.max()))
    missing = radii[one] + radii[other] - distance
    if not (missing > 0).any():
        return None
    worst = int(missing.argmax())
    pair = " and ".join(
        str(Element.from_Z(int(crystal.atomic_numbers[atom])).symbol)
        for atom in (one[worst], other[worst])
    )
    return f"{pair} are {distance[worst]:.2f} A apart"
