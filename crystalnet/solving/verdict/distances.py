"""How far the nearest atoms are apart, beside what is known of their elements."""

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.symmetry.contacts import covalent_radius

KNOWN = Path(__file__).parent / "known_distances.json"
"""By pair of elements the 5th, 50th and 95th percentile in A; `pipeline.steps.known_distances`."""

# Where nothing is known of a pair: shares of the sum of covalent radii. 90 % of the known pairs'
# distributions lie within.
USUAL_SHARES = (0.8, 1.05, 1.5)
# A: no atom is farther from its nearest neighbour.
FARTHEST = 6.0


def nearest(crystal: Crystal) -> list[tuple[int, int, float]]:
    """Of each atom its element, that of its nearest neighbour, and their distance in A."""
    structure = crystal.to_structure()
    reach = 3.0
    while True:
        one, other, _, distance = structure.get_neighbor_list(reach)
        if len(np.unique(one)) == len(crystal.atomic_numbers) or reach >= FARTHEST:
            break
        reach = min(1.4 * reach, FARTHEST)
    found: dict[int, tuple[int, float]] = {}
    for here, there, apart in zip(one.tolist(), other.tolist(), distance.tolist(), strict=True):
        if here not in found or apart < found[here][1] - 1e-6:
            found[here] = (there, apart)
    z = crystal.atomic_numbers.tolist()
    return [(z[here], z[there], apart) for here, (there, apart) in found.items()]


def known_range(one: int, other: int) -> tuple[float, float, float]:
    """The least, usual and largest distance in A of the nearest atoms of two elements."""
    pair = "-".join(str(Element.from_Z(z).symbol) for z in sorted((one, other)))
    if pair in _known():
        least, usual, largest = _known()[pair]
        return least, usual, largest
    radii = covalent_radius(one) + covalent_radius(other)
    least, usual, largest = (share * radii for share in USUAL_SHARES)
    return least, usual, largest


def strangest(crystal: Crystal) -> tuple[float, str]:
    """By how much the strangest distance is beyond what is known, as a share, and in words.

    0 for a crystal all of whose nearest neighbours are as far apart as in known ones; negative
    numbers are not told apart from it.
    """
    worst, words = 0.0, ""
    for one, other, distance in nearest(crystal):
        least, _, largest = known_range(one, other)
        beyond = max(math.log(least / distance), math.log(distance / largest))
        if beyond > worst:
            symbols = " and ".join(str(Element.from_Z(z).symbol) for z in (one, other))
            worst = beyond
            words = (
                f"{symbols} are {distance:.2f} A apart; in known crystals they are "
                f"{least:.2f} to {largest:.2f} A"
            )
    return worst, words


@cache
def _known() -> dict[str, list[float]]:
    table: dict[str, list[float]] = json.loads(KNOWN.read_text(encoding="utf-8"))
    return table
