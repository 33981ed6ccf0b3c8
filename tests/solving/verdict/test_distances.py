"""Nearest neighbours, and what is known of their distances."""

from dataclasses import replace

import numpy as np
import pytest

from crystalnet.solving.settings import USUAL
from crystalnet.solving.verdict.distances import AROUND, Neighbours, known_range, nearest, strangest
from tests.solving.verdict.conftest import CRYSTALS


@pytest.mark.parametrize("name", CRYSTALS)
def test_nearest_neighbours_are_those_of_pymatgen(name: str) -> None:
    crystal = CRYSTALS[name]
    found = nearest(crystal)
    for number, site in enumerate(crystal.to_structure()):
        own = [distance for atom, _, distance in found if atom == number]
        every = sorted(each.nn_distance for each in crystal.to_structure().get_neighbors(site, 5.0))
        assert own == pytest.approx([each for each in every if each <= AROUND * every[0]])


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


def test_an_atom_is_lonely_where_all_around_it_are_far() -> None:
    """An iodine of Rb2IO has an oxygen at 3.62 A, no bond, and rubidium atoms from 3.76 on."""
    numbers = np.array([53, 8, 37])
    lone, among = Neighbours(0, 1, 3.62), Neighbours(0, 2, 3.76)
    assert strangest([lone], numbers)[0] > USUAL.verdict.bad_distance
    assert strangest([lone, among], numbers) == (0.0, "")
    beyond, words = strangest([lone, Neighbours(0, 2, 5.5)], numbers)
    assert beyond > USUAL.verdict.bad_distance
    assert words.startswith("I and Rb are 5.50 A apart")
    # What is too near is so whatever stands beside it.
    assert strangest([Neighbours(0, 1, 1.2), among], numbers)[0] > USUAL.verdict.bad_distance


def test_a_pair_that_nobody_knows_has_a_range() -> None:
    least, usual, largest = known_range(2, 86)
    assert 0 < least < usual < largest
