"""Find how near atoms of each two elements come in crystals, for `crystalnet.solving.symmetry`.

Of the embedded training crystals; those that are far from each other in all of them tell nothing.
Run from the root of the repository, about a minute:

    python -m pipeline.steps.shortest_distances
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.files import atomic_write
from crystalnet.solving.symmetry.contacts import SHORTEST, covalent_radius
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

# Sums of covalent radii that neighbours are looked for within: bonds of every kind are shorter.
FAR = 1.1


def main() -> None:
    found = shortest(crystals_of(embedded_crystals().query("split == 'train'")))
    rows = [
        [Element.from_Z(one).symbol, Element.from_Z(other).symbol, len(distances), min(distances)]
        for (one, other), distances in sorted(found.items())
    ]
    table = pd.DataFrame(rows, columns=["one", "other", "crystals", "shortest"])
    with atomic_write(SHORTEST) as temporary:
        table.to_csv(temporary, index=False, float_format="%.2f")
    print(f"{len(table)} pairs of elements; {SHORTEST.stat().st_size} bytes")


def shortest(crystals: Iterable[Crystal]) -> dict[tuple[int, int], list[float]]:
    """By the atomic numbers of two elements: the shortest distance in A of each crystal."""
    found: dict[tuple[int, int], list[float]] = defaultdict(list)
    for crystal in crystals:
        z = crystal.atomic_numbers
        largest = max(covalent_radius(each) for each in set(z.tolist()))
        one, other, _, distance = crystal.to_structure().get_neighbor_list(2 * FAR * largest)
        own: dict[tuple[int, int], float] = {}
        for pair in zip(z[one].tolist(), z[other].tolist(), distance.tolist(), strict=True):
            a, b, apart = pair
            own[a, b] = min(own.get((a, b), np.inf), apart)
        for (a, b), nearest in own.items():
            if a <= b and nearest < FAR * (covalent_radius(a) + covalent_radius(b)):
                found[a, b].append(nearest)
    return dict(found)


if __name__ == "__main__":
    main()
