"""What a cell of a known volume may hold, by the volumes that atoms take in crystals."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

from pymatgen.core import Element

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.settings import USUAL, ContentsSettings

VOLUMES = Path(__file__).parent / "atomic_volumes.json"
"""A^3 for each element, by symbol; made by `python -m pipeline.steps.atomic_volumes`."""


def cell_contents(
    known: KnownComposition, volume: float, settings: ContentsSettings = USUAL.contents
) -> list[dict[int, int]]:
    """Atoms of each atomic number that a primitive cell may hold, the likeliest first.

    Args:
        volume: of the primitive cell in A^3.

    Returns:
        One for each number of formula units. Where only the elements are known, ratios whose
        charges balance come first, and simple ones before others. None where elements are missing.
    """
    if known.amounts is not None:
        return _formula_units(known.elements, known.amounts, volume, settings)
    if not known.complete:
        return []
    return _mixtures(known.elements, volume, settings)[: settings.most]


def has_room(
    known: KnownComposition, volume: float, settings: ContentsSettings = USUAL.contents
) -> bool:
    """Whether a primitive cell of a volume in A^3 may hold a formula unit, as far as is known."""
    if known.amounts is None:
        return True
    unit = dict(zip(known.elements, known.amounts, strict=True))
    return volume * settings.widest > usual_volume(unit, settings)


def check_room(
    known: KnownComposition, volumes: Sequence[float], settings: ContentsSettings = USUAL.contents
) -> None:
    """See to it that one of some primitive cells may hold a formula unit.

    Args:
        volumes: of the primitive cells in A^3.

    Raises:
        CrystalNetError: if each is far too small.
    """
    if known.amounts is None or not volumes:
        return
    unit = dict(zip(known.elements, known.amounts, strict=True))
    wanted, largest = usual_volume(unit, settings), max(volumes)
    if wanted > settings.densest * largest:
        formula = "".join(f"{Element.from_Z(z).symbol}{n}" for z, n in unit.items())
        raise CrystalNetError(
            f"atoms of the formula unit {formula} take about {wanted:.0f} A^3, and a primitive "
            f"cell of the lattice has {largest:.0f}; want a lattice of at least "
            f"{wanted / settings.densest:.0f} A^3, or a formula of fewer atoms"
        )


def _formula_units(
    elements: tuple[int, ...],
    amounts: tuple[int, ...],
    volume: float,
    settings: ContentsSettings,
) -> list[dict[int, int]]:
    unit = dict(zip(elements, amounts, strict=True))
    about = max(round(volume / usual_volume(unit, settings)), 1)
    units = range(1, math.ceil(settings.widest * about) + 1)
    found = [{z: n * count for z, count in unit.items()} for n in units]
    found.sort(key=lambda counts: _excess(counts, volume, settings))
    widest = math.log(settings.widest)
    likely = [c for c in found if _excess(c, volume, settings) < widest] or found[:1]
    # Layers and channels may take more room than all that is known of the atoms.
    emptier = [
        c
        for c in found
        if c not in likely and 1 < volume / usual_volume(c, settings) < settings.emptiest
    ]
    return likely + emptier


def _mixtures(
    elements: tuple[int, ...], volume: float, settings: ContentsSettings
) -> list[dict[int, int]]:
    """What a cell may hold of all the elements, the likeliest first; of each ratio every multiple.

    Formula units of few atoms are gone through before larger ones, so that what the bound leaves
    out is the least likely.
    """
    charges = [Element.from_Z(z).common_oxidation_states or (0,) for z in elements]
    widest = math.log(settings.widest)
    balanced: list[dict[int, int]] = []
    others: list[dict[int, int]] = []
    tried = 0
    for size in range(len(elements), settings.most_atoms + 1):
        found: tuple[list[dict[int, int]], list[dict[int, int]]] = [], []
        for unit in _compositions(size, len(elements)):
            tried += 1
            if tried > settings.most_tried:
                break
            if math.gcd(*unit) > 1:
                continue
            counts = dict(zip(elements, unit, strict=True))
            filled = [
                {z: n * count for z, count in counts.items()}
                for n in range(1, settings.most_atoms // size + 1)
            ]
            filled = [each for each in filled if _excess(each, volume, settings) < widest]
            if filled:
                found[not _balanced(unit, charges)].extend(filled)
        for before, new in zip((balanced, others), found, strict=True):
            new.sort(key=lambda counts: _excess(counts, volume, settings))
            before += new
        if len(balanced) >= settings.most or tried > settings.most_tried:
            break
    return balanced + others


def _compositions(atoms: int, elements: int) -> Iterator[tuple[int, ...]]:
    """All ways to make so many atoms of so many elements, at least one of each."""
    for cuts in combinations(range(1, atoms), elements - 1):
        yield tuple(b - a for a, b in pairwise((0, *cuts, atoms)))


def _balanced(amounts: tuple[int, ...], charges: Sequence[Sequence[int]]) -> bool:
    """Whether usual charges, one for each element, add up to none."""
    sums = {0}
    for amount, states in zip(amounts, charges, strict=True):
        sums = {total + amount * state for total in sums for state in states}
    return 0 in sums


def _excess(counts: dict[int, int], volume: float, settings: ContentsSettings) -> float:
    """How far the atoms are from filling the cell, as a logarithm."""
    return abs(math.log(usual_volume(counts, settings) / volume))


def usual_volume(counts: Mapping[int, int], settings: ContentsSettings = USUAL.contents) -> float:
    """What so many atoms of each atomic number usually take, in A^3."""
    return sum(n * (_atomic_volume(z) or settings.usual) for z, n in counts.items())


@lru_cache
def _atomic_volume(number: int) -> float | None:
    table: dict[str, float] = json.loads(VOLUMES.read_text())
    return table.get(Element.from_Z(number).symbol)
