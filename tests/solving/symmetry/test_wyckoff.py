"""Wyckoff positions against spglib and gemmi."""

import string
import warnings

import gemmi
import numpy as np
import pytest
import spglib

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import centring_vectors
from crystalnet.solving.symmetry.wyckoff import MIRROR_IMAGES, groups_of, space_group

# One generic value for each free coordinate of each position.
GENERIC = np.random.default_rng(7)


@pytest.mark.parametrize("number", range(143, 231))
def test_positions_are_those_of_spglib(number: int) -> None:
    """One crystal with an element on each position: as many letters, each with all its atoms."""
    group = space_group(number)
    centring = centring_vectors(gemmi.find_spacegroup_by_number(number).centring_type())
    x, kinds = [], []
    for kind, position in enumerate(group.positions, start=1):
        orbit = position.orbit(GENERIC.random((1, position.freedom)))[0]
        points = (orbit[:, None] + centring).reshape(-1, 3)
        assert len(points) == position.multiplicity
        x.append(points)
        kinds += [kind] * len(points)
    lattice = np.diag([9.0, 9.0, 9.0])
    if number < 195:
        lattice = np.array([[9.0, 0, 0], [-4.5, 4.5 * 3**0.5, 0], [0, 0, 13.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = spglib.get_symmetry_dataset((lattice, np.concatenate(x), kinds), symprec=1e-5)
    assert dataset.number == number
    letters = {
        kind: {w for w, k in zip(dataset.wyckoffs, kinds, strict=True) if k == kind}
        for kind in set(kinds)
    }
    assert all(len(each) == 1 for each in letters.values())
    # The general position of Pmmm alone has a capital letter; none of these groups has so many.
    count = len(group.positions)
    assert sorted(next(iter(each)) for each in letters.values()) == [
        *string.ascii_lowercase[:count]
    ]


@pytest.mark.parametrize("number", range(143, 231))
def test_absent_reflections_are_those_of_gemmi(number: int) -> None:
    operations = gemmi.find_spacegroup_by_number(number).operations()
    hkl = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    centred = np.array([operations.is_systematically_absent(h.tolist()) for h in hkl])
    # Those that the centring leaves out are not of the primitive lattice at all.
    shifts = np.array(list(operations.cen_ops)) / gemmi.Op.DEN
    there = np.abs(hkl @ shifts.T - np.rint(hkl @ shifts.T)).max(axis=1) < 1e-9
    np.testing.assert_array_equal(space_group(number).absent(hkl[there]), centred[there])


def test_another_choice_of_origin_exchanges_positions() -> None:
    # Of Fm-3m: 4a and 4b are one after a shift of (1/2, 1/2, 1/2), 8c and 24d are alone.
    group = space_group(225)
    assert group.alike[0].tolist() == list(range(12))
    assert {tuple(row[:4]) for row in group.alike.tolist()} == {(0, 1, 2, 3), (1, 0, 2, 3)}
    # Of F-43m: 4a, 4b, 4c, 4d go round by quarters of the diagonal.
    assert set(space_group(216).alike[:, 0].tolist()) == {0, 1, 2, 3}


def test_groups_of_lattices() -> None:
    assert groups_of("cubic", "I") == [197, 199, 204, 206, 211, 214, 217, 220, 229, 230]
    assert groups_of("trigonal", "R") == [146, 148, 155, 160, 161, 166, 167]
    assert not set(groups_of("trigonal", "P")) & set(MIRROR_IMAGES)
    assert 152 in groups_of("trigonal", "P")
    assert 194 in groups_of("trigonal", "P")


def test_polar_groups() -> None:
    assert space_group(160).polar
    assert space_group(186).polar
    assert not space_group(166).polar
    assert not space_group(216).polar
    for number in (143, 146, 156, 160, 161, 173, 186):
        for position in space_group(number).positions:
            # The last parameter is along z, so leaving it at zero fixes the origin.
            assert np.allclose(position.slopes[:, :, -1], [0, 0, 1]), number


def test_other_systems_are_refused() -> None:
    with pytest.raises(CrystalNetError, match="space group 62"):
        space_group(62)
