"""What a cell of a known volume may hold, by the volumes that atoms take in crystals."""

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path

from pymatgen.core import Element

from crystalnet.solving.known_composition import KnownComposition

VOLUMES = Path(__file__).parent / "atomic_volumes.json"
"""A^3 for each element, by symbol; made by `python -m pipeline.steps.atomic_volumes`."""

# An element that the table lacks.
USUAL = 20.0
# How far the sum of atomic volumes may be from the cell's, as a factor: most crystals are within
# 1.2, but frameworks such as quartz are emptier.
WIDEST = 1.45
# Contents tried where the ratios of the elements are not known, and atoms in such a cell.
MOST, MOST_ATOMS = 12, 24


def cell_contents(known: KnownComposition, volume: float) -> list[dict[int, int]]:
    """Atoms of each atomic number that a primitive cell may hold, the likeliest first.

    Args:
        volume: of the primitive cell in A^3.

    Returns:
        One for each number of formula units. Where only the elements are known, ratios whose
        charges balance come first, and simple ones before others. None where elements are missing.
    """
    if known.amounts is not None:
        return _formula_units(known.elements, known.amounts, volume)
    if not known.complete:
        return []
    found = list(_mixtures(known.elements, volume))
    found.sort(key=lambda counts: (not _balanced(counts), _size(counts), _excess(counts, volume)))
    return found[:MOST]


def has_room(known: KnownComposition, volume: float) -> bool:
    """Whether a primitive cell of a volume in A^3 may hold a formula unit, as far as is known."""
    if known.amounts is None:
        return True
    unit = dict(zip(known.elements, known.amounts, strict=True))
    return volume * WIDEST > _volume(unit)


def _formula_units(
    elements: tuple[int, ...], amounts: tuple[int, ...], volume: float
) -> list[dict[int, int]]:
    unit = dict(zip(elements, amounts, strict=True))
    about = max(round(volume / _volume(unit)), 1)
    units = range(1, math.ceil(WIDEST * about) + 1)
    found = [{z: n * count for z, count in unit.items()} for n in units]
    found.sort(key=lambda counts: _excess(counts, volume))
    return [c for c in found if _excess(c, volume) < math.log(WIDEST)] or found[:1]


def _mixtures(elements: tuple[int, ...], volume: float) -> Iterator[dict[int, int]]:
    limits = [
        range(1, min(MOST_ATOMS, math.floor(WIDEST * volume / _volume({z: 1}))) + 1)
        for z in elements
    ]
    for counts in product(*limits):
        mixture = dict(zip(elements, counts, strict=True))
        if sum(counts) <= MOST_ATOMS and _excess(mixture, volume) < math.log(WIDEST):
            yield mixture


def _balanced(counts: dict[int, int]) -> bool:
    """Whether usual charges, one for each element, add up to none."""
    charges = [Element.from_Z(z).common_oxidation_states or (0,) for z in counts]
    amounts = list(counts.values())
    return any(sum(map(int.__mul__, amounts, states)) == 0 for states in product(*charges))


def _size(counts: dict[int, int]) -> int:
    """Atoms of the formula unit."""
    return sum(counts.values()) // math.gcd(*counts.values())


def _excess(counts: dict[int, int], volume: float) -> float:
    """How far the atoms are from filling the cell, as a logarithm."""
    return abs(math.log(_volume(counts) / volume))


def _volume(counts: dict[int, int]) -> float:
    table = _table()
    return sum(n * table.get(Element.from_Z(z).symbol, USUAL) for z, n in counts.items())


@lru_cache
def _table() -> dict[str, float]:
    table: dict[str, float] = json.loads(VOLUMES.read_text())
    return table
