"""What a cell may hold: bounded however many elements there are."""

import math
from dataclasses import replace
from itertools import product

import pytest
from pymatgen.core import Element

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.search import cell_contents as contents_of_cells
from crystalnet.solving.search.cell_contents import cell_contents
from crystalnet.solving.search.occupations import occupations
from crystalnet.solving.settings import USUAL
from crystalnet.solving.symmetry.wyckoff import space_group

MANY = ["H", "C", "N", "O", "Na", "Cl", "Ca", "Si", "Al", "Fe", "Mn", "K"]
ALLOY = ["Cu", "Zn", "Fe", "Ni", "Pd", "Al", "Ti", "Co"]
VOLUMES = {"Na": 16.0, "Cl": 28.0, "Ca": 25.0, "C": 8.0, "O": 11.0, "Cu": 12.0, "Zn": 14.0}


@pytest.fixture
def by_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        contents_of_cells, "_atomic_volume", lambda number: VOLUMES[Element.from_Z(number).symbol]
    )


@pytest.mark.parametrize("symbols", [["Na", "Cl"], ["Ca", "C", "O"], ["Cu", "Zn"], ["Cl"]])
@pytest.mark.parametrize("volume", [20.0, 60.0, 150.0])
@pytest.mark.usefixtures("by_the_table")
def test_the_likeliest_of_all_mixtures_come_first(symbols: list[str], volume: float) -> None:
    """Against a loop over everything there is, sorted afterwards."""
    known = KnownComposition.from_elements(symbols)
    elements = [Element.from_Z(z) for z in known.elements]
    everything = []
    for counts in product(range(1, USUAL.contents.most_atoms + 1), repeat=len(elements)):
        filled = sum(n * VOLUMES[e.symbol] for n, e in zip(counts, elements, strict=True))
        excess = abs(math.log(filled / volume))
        if sum(counts) > USUAL.contents.most_atoms or excess >= math.log(USUAL.contents.widest):
            continue
        neutral = any(
            sum(n * q for n, q in zip(counts, state, strict=True)) == 0
            for state in product(*(e.common_oxidation_states or (0,) for e in elements))
        )
        everything.append((not neutral, sum(counts) // math.gcd(*counts), excess, counts))
    found = [tuple(c[z] for z in known.elements) for c in cell_contents(known, volume)]
    everything.sort(key=lambda entry: entry[:3])
    assert found == [counts for *_, counts in everything[: USUAL.contents.most]]


@pytest.mark.parametrize("symbols", [MANY, ALLOY, ALLOY[:5]])
def test_many_elements_are_bounded_before_they_are_gone_through(
    symbols: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownComposition.from_elements(symbols)
    seen = 0
    compositions = contents_of_cells._compositions

    def counted(atoms: int, elements: int):
        nonlocal seen
        for each in compositions(atoms, elements):
            seen += 1
            yield each

    monkeypatch.setattr(contents_of_cells, "_compositions", counted)
    found = cell_contents(known, 250.0, replace(USUAL.contents, most_tried=8000))
    assert seen <= 8001
    assert 0 < len(found) <= USUAL.contents.most
    assert all(set(counts) == set(known.elements) for counts in found)


def test_of_up_to_five_elements_everything_is_gone_through() -> None:
    for elements in range(1, 6):
        sizes = range(1, USUAL.contents.most_atoms + 1)
        units = sum(math.comb(atoms - 1, elements - 1) for atoms in sizes)
        assert units <= USUAL.contents.most_tried


def test_more_elements_than_atoms_are_in_no_cell() -> None:
    known = KnownComposition(tuple(range(1, USUAL.contents.most_atoms + 2)))
    assert cell_contents(known, 1000.0) == []


def test_more_atoms_than_orbits_hold_have_no_way() -> None:
    # Counting what orbits of one atom each may cost would go a thousand calls deep.
    assert list(occupations(space_group(143), {14: 3000}, 2)) == []
    most = [way for way in occupations(space_group(143), {14: 6}, 1) if way.places]
    assert all(len(way.places) <= 3 for way in most)
