"""Read how near atoms of each two elements are in crystals, for `crystalnet.solving.verdict`.

Of each crystal the distance from every kind of atom to its nearest neighbour, once for each pair of
elements: the middle and the ends of their distributions. Test and validation crystals are left
out. Run from the root of the repository:

    python -m pipeline.steps.known_distances
"""

import json
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.files import atomic_write
from crystalnet.solving.verdict.distances import KNOWN, nearest
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

# Crystals from which on a pair of elements has a distribution.
FEWEST = 8
# Ends of the distributions: computed structures have strange ones beyond.
ENDS = (0.05, 0.5, 0.95)


def main() -> None:
    table = embedded_crystals()
    found = distances_of(crystals_of(table[~table["split"].isin(["val", "test"])]))
    rows = [f' "{pair}": {json.dumps(values)}' for pair, values in found.items()]
    with atomic_write(KNOWN) as temporary:
        temporary.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print(f"{len(found)} pairs of elements; {KNOWN.stat().st_size} bytes")


def distances_of(crystals: Iterable[Crystal]) -> dict[str, list[float]]:
    """By pair, such as "Na-Cl" in the order of atomic numbers: the ends and the middle, in A."""
    samples: dict[tuple[int, int], list[float]] = defaultdict(list)
    for crystal in crystals:
        own: dict[tuple[int, int], list[float]] = defaultdict(list)
        numbers = crystal.atomic_numbers.tolist()
        for atom, other, distance in nearest(crystal):
            one, two = sorted((numbers[atom], numbers[other]))
            own[one, two].append(distance)
        for pair, distances in own.items():
            samples[pair].append(float(np.median(distances)))
    return {
        "-".join(str(Element.from_Z(z).symbol) for z in pair): [
            round(float(value), 2) for value in np.quantile(samples[pair], ENDS)
        ]
        for pair in sorted(samples)
        if len(samples[pair]) >= FEWEST
    }


if __name__ == "__main__":
    main()
