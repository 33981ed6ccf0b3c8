"""Known crystals of every kind of symmetry from computed patterns, by charge flipping alone."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import Budget
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.settings import FlippingSettings, SolveSettings
from crystalnet.solving.symmetry.conventional import space_group_of
from tests.solving.flipping.known_crystals import CRYSTALS, counts_of, given


@pytest.mark.parametrize("name", CRYSTALS)
def test_known_crystals_are_found(name: str) -> None:
    lattice, peaks, truth = given(name)
    found = flipped_structures(peaks, [counts_of(truth)], lattice)
    assert StructureMatcher().fit(found[0].to_structure(), truth)
    wanted = space_group_of(Crystal.from_structure(truth))
    assert wanted in {space_group_of(each) for each in found}
    np.testing.assert_array_equal(found[0].lattice, lattice.primitive)


def test_the_same_seed_gives_the_same_structures() -> None:
    lattice, peaks, truth = given("MoSi2, 1 free")
    one, other = (
        flipped_structures(peaks, [counts_of(truth)], lattice, maps=1, seed=5) for _ in range(2)
    )
    assert len(one) == len(other) > 0
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.frac_coords, second.frac_coords)


def test_the_group_that_is_known_is_the_only_one() -> None:
    lattice, peaks, truth = given("baddeleyite, 9 free")
    contents = [counts_of(truth)]
    found = flipped_structures(peaks, contents, lattice, number=14)
    assert space_group_of(found[0])[0] == 14
    with pytest.raises(CrystalNetError, match="want one of 3, 4, 6, 7, 10, 11, 13, 14"):
        flipped_structures(peaks, contents, lattice, number=15)


def test_cells_that_are_too_large_are_left_alone() -> None:
    lattice, peaks, truth = given("MoSi2, 1 free")
    contents = [counts_of(truth)]
    few = SolveSettings(flipping=FlippingSettings(most_atoms=2))
    assert flipped_structures(peaks, contents, lattice, settings=few) == []
    coarse = SolveSettings(flipping=FlippingSettings(most_points=100))
    assert flipped_structures(peaks, contents, lattice, settings=coarse) == []


def test_no_map_is_made_when_the_time_is_over() -> None:
    lattice, peaks, truth = given("MoSi2, 1 free")
    budget = Budget(1.0, clock=iter([0.0, *[9.0] * 1000]).__next__)
    assert flipped_structures(peaks, [counts_of(truth)], lattice, budget=budget) == []
