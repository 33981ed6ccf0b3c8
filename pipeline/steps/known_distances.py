"""Read how near atoms of each two elements are in crystals, for `crystalnet.solving`.

Of each crystal the shortest distance of every two elements that are near each other, and the middle
one from the atoms of each to their nearest neighbours. The shortest of all is of training crystals;
the middle and the ends of the others are also of those that are in no split, which a few strange
ones do not move. Run from the root of the repository:

    python -m pipeline.steps.known_distances
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.files import atomic_write
from crystalnet.solving.symmetry.contacts import covalent_radius
from crystalnet.solving.symmetry.known_distances import TABLE
from crystalnet.solving.verdict.distances import nearest
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

# Sums of covalent radii that neighbours are looked for within: bonds of every kind are shorter.
FAR = 1.1
# Crystals from which on a pair of elements has a distribution.
FEWEST = 8
# Ends of the distributions: computed structures have strange ones beyond.
ENDS = (0.05, 0.5, 0.95)
COLUMNS = ["one", "other", "crystals", "shortest", "least", "usual", "largest"]

# By the atomic numbers of two elements, in their order: a distance in A.
Distances = dict[tuple[int, int], float]


def main() -> None:
    table = embedded_crystals()
    table = table[~table["split"].isin(["val", "test"])]
    rows = known(zip(crystals_of(table), table["split"] == "train", strict=True))
    with atomic_write(TABLE) as temporary:
        rows.to_csv(temporary, index=False, float_format="%.2f")
    print(f"{len(rows)} pairs of elements; {TABLE.stat().st_size} bytes")


def known(crystals: Iterable[tuple[Crystal, bool]]) -> pd.DataFrame:
    """A row for each pair of elements of which something is known.

    Args:
        crystals: each, and whether it is a training crystal.
    """
    shortest: dict[tuple[int, int], list[float]] = defaultdict(list)
    usual: dict[tuple[int, int], list[float]] = defaultdict(list)
    for crystal, training in crystals:
        for pair, distance in nearest_of(crystal).items():
            usual[pair].append(distance)
        for pair, distance in shortest_of(crystal).items() if training else ():
            shortest[pair].append(distance)
    rows = []
    for pair in sorted({*shortest, *(pair for pair, of in usual.items() if len(of) >= FEWEST)}):
        near, middle = shortest.get(pair, []), usual.get(pair, [])
        ends = np.quantile(middle, ENDS).tolist() if len(middle) >= FEWEST else [None] * 3
        symbols = [Element.from_Z(z).symbol for z in pair]
        rows.append([*symbols, len(near), min(near, default=None), *ends])
    return pd.DataFrame(rows, columns=COLUMNS)


def shortest_of(crystal: Crystal) -> Distances:
    """The shortest distance of every two elements that are near each other."""
    z = crystal.atomic_numbers
    largest = max(covalent_radius(each) for each in set(z.tolist()))
    one, other, _, distance = crystal.to_structure().get_neighbor_list(2 * FAR * largest)
    found: Distances = {}
    for a, b, apart in zip(z[one].tolist(), z[other].tolist(), distance.tolist(), strict=True):
        if a <= b and apart < FAR * (covalent_radius(a) + covalent_radius(b)):
            found[a, b] = min(found.get((a, b), np.inf), apart)
    return found


def nearest_of(crystal: Crystal) -> Distances:
    """Of every two elements the median distance of atoms that are nearest neighbours."""
    numbers = crystal.atomic_numbers.tolist()
    own: dict[tuple[int, int], list[float]] = defaultdict(list)
    for atom, other, distance in nearest(crystal):
        one, two = sorted((numbers[atom], numbers[other]))
        own[one, two].append(distance)
    return {pair: float(np.median(distances)) for pair, distances in own.items()}


if __name__ == "__main__":
    main()
