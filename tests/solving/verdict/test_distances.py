"""Nearest neighbours, and what is known of their distances."""

from dataclasses import replace

import pytest

from crystalnet.solving.settings import USUAL
from crystalnet.solving.verdict.distances import known_range, nearest, strangest
from tests.solving.verdict.conftest import CRYSTALS


@pytest.mark.parametrize("name", CRYSTALS)
def test_nearest_neighbours_are_those_of_pymatgen(name: str) -> None:
    crystal = CRYSTALS[name]
    found = nearest(crystal)
    assert len(found) == len(crystal.atomic_numbers)
    for site, (atom, _, distance) in zip(crystal.to_structure(), sorted(found), strict=True):
        neighbours = crystal.to_structure().get_neighbors(site, 4.0)
        assert crystal.atomic_numbers[atom] == site.specie.Z
        assert distance == pytest.approx(min(each.nn_distance for each in neighbours))


@pytest.mark.parametrize("name", CRYSTALS)
def test_real_crystals_are_not_strange(name: str) -> None:
    crystal = CRYSTALS[name]
    assert strangest(nearest(crystal), crystal.atomic_numbers)[0] < USUAL.verdict.good_distance


@pytest.mark.parametrize("scale", [0.86, 1.16], ids=["short", "long"])
@pytest.mark.parametrize("name", ["hematite", "fluorite", "LaB6"])
def test_the_wrong_anode_makes_strange_distances(name: str, scale: float) -> None:
    crystal = replace(CRYSTALS[name], lattice=scale * CRYSTALS[name].lattice)
    beyond, words = strangest(nearest(crystal), crystal.atomic_numbers)
    assert beyond > USUAL.verdict.good_distance
    assert "in known crystals they are" in words


def test_a_pair_that_nobody_knows_has_a_range() -> None:
    least, usual, largest = known_range(2, 86)
    assert 0 < least < usual < largest
