"""How far atoms of two elements are apart in known crystals."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import gemmi

TABLE = Path(__file__).parent / "known_distances.csv"
"""A row for each pair of elements; made by `python -m pipeline.steps.known_distances`."""


class KnownDistances(NamedTuple):
    """Distances in A of the atoms of two elements.

    Attributes:
        crystals: that have both near each other.
        shortest: in all of these; None where there are none.
        nearest: the 5th, 50th and 95th percentile over crystals of the distance to the nearest
            atom; None where too few have the two as nearest neighbours.
    """

    crystals: int
    shortest: float | None
    nearest: tuple[float, float, float] | None


def known_distances(one: int, other: int) -> KnownDistances:
    """What is known of two elements, by their atomic numbers in any order."""
    return _table().get((min(one, other), max(one, other)), KnownDistances(0, None, None))


@cache
def _table() -> dict[tuple[int, int], KnownDistances]:
    found = {}
    for line in TABLE.read_text(encoding="ascii").splitlines()[1:]:
        one, other, crystals, shortest, *nearest = line.split(",")
        least, usual, largest = nearest
        found[gemmi.Element(one).atomic_number, gemmi.Element(other).atomic_number] = (
            KnownDistances(
                int(crystals),
                float(shortest) if shortest else None,
                (float(least), float(usual), float(largest)) if least else None,
            )
        )
    return found
