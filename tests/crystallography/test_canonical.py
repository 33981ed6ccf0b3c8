"""Crystals that were made up, in the setting of those that a network learns from."""

import numpy as np
import pytest

from crystalnet.crystallography.canonical import canonical_crystal, primitive
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.setting import canonical_setting
from crystalnet.errors import CrystalNetError

GAUSSIANS = ValenceGaussians.load("data/valence_gaussians.json")
PEROVSKITE = np.array([[0, 0, 0], [0.5] * 3, [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])


def perovskite(corner: int, centre: int) -> Crystal:
    return Crystal("made up", 4.0 * np.eye(3), np.array([corner, centre, 8, 8, 8]), PEROVSKITE)


@pytest.mark.parametrize(("corner", "centre"), [(3, 73), (83, 13)])
def test_other_elements_may_want_another_origin(corner: int, centre: int) -> None:
    """Made of canonical BaTiO3 with other elements in its places, or written down at once."""
    weights = GAUSSIANS.valence
    known = canonical_setting(perovskite(56, 22), weights).crystal
    new = {56: corner, 22: centre, 8: 8}
    numbers = np.array([new[z] for z in known.atomic_numbers.tolist()])
    made = Crystal("made up", known.lattice, numbers, known.frac_coords)
    truth = canonical_setting(perovskite(corner, centre), weights).crystal
    found = iam_density([canonical_crystal(made, weights), truth], 16, GAUSSIANS)
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)


def test_of_a_larger_cell_the_primitive_one_is_described() -> None:
    twice = [perovskite(56, 22).frac_coords / [2, 1, 1] + [i / 2, 0, 0] for i in range(2)]
    numbers = np.tile(perovskite(56, 22).atomic_numbers, 2)
    large = Crystal("made up", np.diag([8.0, 4, 4]), numbers, np.concatenate(twice))
    found = canonical_crystal(large, GAUSSIANS.valence)
    assert found.volume == pytest.approx(64)
    assert sorted(found.atomic_numbers.tolist()) == [8, 8, 8, 22, 56]
    small = perovskite(56, 22)
    assert primitive(small) is small


def test_what_has_no_space_group_stays_as_it_is() -> None:
    none = Crystal("one on the other", 4.0 * np.eye(3), np.array([8, 8]), np.zeros((2, 3)))
    assert canonical_crystal(none, GAUSSIANS.valence) is none
    with pytest.raises(CrystalNetError, match=r"one on the other: no primitive cell"):
        primitive(none)
