"""Wyckoff positions against spglib and gemmi."""

import string
import warnings

import gemmi
import numpy as np
import pytest
import spglib
from pymatgen.core import Lattice

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import centring_vectors
from crystalnet.solving.symmetry.wyckoff import MIRROR_IMAGES, space_group

# One generic value for each free coordinate of each position.
GENERIC = np.random.default_rng(7)


def generic_cell(number: int) -> np.ndarray:
    """Rows of a cell of a group's crystal system, with no more symmetry than that."""
    if number < 143 or number > 194:
        lengths = [9.0, 9.0 if number > 74 else 10.1, 9.0 if number > 194 else 13.0]
        angles = [90.0, 90.0 if number > 15 else 104.0, 90.0]
        if number < 3:
            angles = [82.0, 104.0, 97.0]
        return np.array(Lattice.from_parameters(*lengths, *angles).matrix)
    return np.array([[9.0, 0, 0], [-4.5, 4.5 * 3**0.5, 0], [0, 0, 13.0]])


@pytest.mark.parametrize("number", range(1, 231))
def test_positions_are_those_of_spglib(number: int) -> None:
    """One crystal with an element on each position: as many letters, each with all its atoms."""
    group = space_group(number)
    centring = centring_vectors(gemmi.find_spacegroup_by_number(number).centring_type())
    x, kinds = [], []
    # Two orbits more on the general position: one alone may have a symmetry of its own.
    every = [*group.positions, group.positions[-1], group.positions[-1]]
    for kind, position in enumerate(every, start=1):
        orbit = position.orbit(GENERIC.random((1, position.freedom)))[0]
        points = (orbit[:, None] + centring).reshape(-1, 3)
        assert len(points) == position.multiplicity
        x.append(points)
        kinds += [kind] * len(points)
    lattice = generic_cell(number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = spglib.get_symmetry_dataset((lattice, np.concatenate(x), kinds), symprec=1e-5)
    assert dataset.number == number
    letters = {
        kind: {w for w, k in zip(dataset.wyckoffs, kinds, strict=True) if k == kind}
        for kind in range(1, len(group.positions) + 1)
    }
    assert all(len(each) == 1 for each in letters.values())
    # The general position of Pmmm, the 27th, alone has a capital letter.
    listed = (string.ascii_lowercase + "A")[: len(group.positions)]
    assert sorted(next(iter(each)) for each in letters.values()) == sorted(listed)
    # The points that an operation leaves in place are those of its site symmetry (gemmi's count).
    operations = list(gemmi.find_spacegroup_by_number(number).operations())
    for position in group.positions:
        place = position.orbit(GENERIC.random((1, position.freedom)))[0, 0]
        apart = [np.array(op.apply_to_xyz(place.tolist())) - place for op in operations]
        still = sum(bool((np.abs(each - np.rint(each)) < 1e-6).all()) for each in apart)
        assert still * position.multiplicity == len(operations)


@pytest.mark.parametrize("number", range(1, 231))
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


def test_edges_that_differ_are_not_exchanged() -> None:
    # Of Pmmm every choice of origin: the eight points are one, as are the lines along each axis.
    group = space_group(47)
    for place, kind in ((0, 0), (8, 1), (20, 2)):
        freedom = {group.positions[int(other)].freedom for other in group.alike[:, place]}
        assert freedom == {kind}
        along = {
            group.positions[int(other)].slopes[0].any(axis=1).tobytes()
            for other in group.alike[:, place]
        }
        assert len(along) == 1
    assert len(set(group.alike[:, 0].tolist())) == 8


def test_mirror_images_are_the_pairs_of_enantiomorphic_groups() -> None:
    # Their operations are those of the other one, inverted.
    pairs = [(76, 78), (91, 95), (92, 96), (144, 145), (151, 153), (152, 154), (169, 170)]
    pairs += [(171, 172), (178, 179), (180, 181), (212, 213)]
    assert sorted(second for _, second in pairs) == list(MIRROR_IMAGES)
    for first, second in pairs:
        one, other = space_group(first), space_group(second)
        assert {r.tobytes() for r in one.rotations} == {r.tobytes() for r in other.rotations}


POLAR = {1: 3, 3: 1, 4: 1, 5: 1, 6: 2, 7: 2, 8: 2, 9: 2}


@pytest.mark.parametrize("number", range(1, 231))
def test_origins_are_free_where_point_groups_are_polar(number: int) -> None:
    group = space_group(number)
    # International Tables A, table 3.2.1.5: 1, 2, m, mm2, 4, 4mm, 3, 3m, 6, 6mm.
    point_group = gemmi.find_spacegroup_by_number(number).point_group_hm()
    about_c = point_group in {"mm2", "4", "4mm", "3", "3m", "6", "6mm"}
    assert len(group.polar) == POLAR.get(number, int(about_c))
    if about_c:
        assert group.polar.tolist() == [[0, 0, 1]]
    for position in group.positions:
        # The last parameters are along these, so leaving them at zero fixes the origin.
        own = position.slopes[:, :, position.freedom - len(group.polar) :]
        np.testing.assert_array_equal(own, np.broadcast_to(group.polar.T, own.shape))


def test_there_are_230_groups() -> None:
    with pytest.raises(CrystalNetError, match="space group 231; want 1 to 230"):
        space_group(231)
