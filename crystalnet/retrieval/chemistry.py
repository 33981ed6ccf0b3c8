"""How unlike elements are, and the crystal of a structure whose elements are nearest."""

from functools import cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.retrieval.prototypes import Member


@cache
def element_distances() -> Float[ndarray, "numbers numbers"]:
    """How unlike elements are: Mendeleev number, row and electronegativity; 0 for the same."""
    mendeleev, row, negativity = np.zeros((3, 119))
    for z in range(1, 119):
        element = Element.from_Z(z)
        # From the table itself: its properties warn of what they lack.
        place, tabulated = element.data.get("Mendeleev no"), element.data.get("X")
        mendeleev[z] = place if isinstance(place, int | float) else z
        negativity[z] = tabulated if isinstance(tabulated, int | float) else 1.5
        row[z] = element.row
    far = np.abs(mendeleev[:, None] - mendeleev) / 10 + 0.3 * np.abs(row[:, None] - row)
    far += np.abs(negativity[:, None] - negativity)
    return far


def nearest_member(members: list[Member], elements: tuple[int, ...]) -> tuple[float, Member]:
    """The member whose elements are chemically nearest, place by place, and how far they are."""
    table = element_distances()
    far = [float(table[list(member.elements), list(elements)].sum()) for member in members]
    best = int(np.argmin(far))
    return far[best], members[best]
