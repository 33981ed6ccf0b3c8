import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.rotations import rotation_matrices, rotation_set
from crystalnet.errors import CrystalNetError

EDGE = 4.2
LATTICES: dict[str, Float[ndarray, "3 3"]] = {
    "simple cubic": EDGE * np.eye(3),
    "fcc": EDGE / 2 * (1 - np.eye(3)),
    "bcc": EDGE / 2 * (1 - 2 * np.eye(3)),
    "hexagonal": np.array([[EDGE, 0, 0], [-EDGE / 2, EDGE * 3**0.5 / 2, 0], [0, 0, 6.7]]),
    "rhombohedral": EDGE * np.eye(3) + 0.6,
    "tetragonal": np.diag([EDGE, EDGE, 6.7]),
    "body-centred tetragonal": (1 - 2 * np.eye(3)) @ np.diag([EDGE, EDGE, 6.7]) / 2,
    "orthorhombic": np.diag([EDGE, 5.3, 6.7]),
    "base-centred orthorhombic": np.array([[EDGE, 5.3, 0], [-EDGE, 5.3, 0], [0, 0, 9.0]]) / 2,
    "face-centred orthorhombic": (1 - np.eye(3)) @ np.diag([EDGE, 5.3, 6.7]) / 2,
    "monoclinic": np.array([[EDGE, 0, 0], [0, 5.3, 0], [-1.4, 0, 6.7]]),
    "base-centred monoclinic": np.array([[4.0, 5.3, 0], [-4.0, 5.3, 0], [-2.8, 0, 13.4]]) / 2,
    "triclinic": np.array([[4.0, 0.3, 0.1], [1.1, 5.0, 0.4], [0.7, 1.3, 6.0]]),
}
COUNTS = {
    "simple cubic": 24,
    "fcc": 24,
    "bcc": 24,
    "hexagonal": 12,
    "rhombohedral": 6,
    "tetragonal": 8,
    "body-centred tetragonal": 8,
    "orthorhombic": 4,
    "base-centred orthorhombic": 4,
    "face-centred orthorhombic": 4,
    "monoclinic": 2,
    "base-centred monoclinic": 2,
    "triclinic": 1,
}


def assert_is_group(matrices: Int[ndarray, "rotations 3 3"]) -> None:
    members = {m.tobytes() for m in matrices}
    assert len(members) == len(matrices)
    assert all((a @ b).tobytes() in members for a in matrices for b in matrices)
    np.testing.assert_array_equal(matrices[0], np.eye(3))
    np.testing.assert_allclose(np.linalg.det(matrices), 1)


@pytest.mark.parametrize("kind", LATTICES)
def test_lattice_rotations_are_the_proper_half_of_what_spglib_finds(kind):
    lattice = LATTICES[kind]
    matrices = rotation_matrices("lattice", lattice)
    assert len(matrices) == COUNTS[kind]
    assert_is_group(matrices)
    # A lattice holds the inversion, so its point group is the rotations and their negatives.
    cell = (lattice, [[0.0, 0.0, 0.0]], [1])
    with pytest.warns(DeprecationWarning, match="OLD_ERROR_HANDLING"):
        whole = spglib.get_symmetry(cell, symprec=1e-5)["rotations"]
    both = np.concatenate([matrices, -matrices])
    assert {m.tobytes() for m in whole.astype(np.int64)} == {m.tobytes() for m in both}


@pytest.mark.parametrize("kind", LATTICES)
def test_lattice_rotations_keep_lengths_and_angles(kind):
    lattice = LATTICES[kind]
    metric = lattice @ lattice.T
    for matrix in rotation_matrices("lattice", lattice):
        np.testing.assert_allclose(matrix.T @ metric @ matrix, metric, atol=1e-9)


@pytest.mark.parametrize(("kind", "shared"), [("fcc", 6), ("bcc", 6), ("rhombohedral", 6)])
def test_few_rotations_of_the_cube_are_rotations_of_a_primitive_cell(kind, shared):
    cube = {m.tobytes() for m in rotation_matrices("cube")}
    own = {m.tobytes() for m in rotation_matrices("lattice", LATTICES[kind])}
    assert len(cube & own) == shared


def test_rotations_of_the_cube_are_those_of_a_simple_cubic_lattice():
    cube = rotation_matrices("cube")
    assert len(cube) == 24
    np.testing.assert_array_equal(cube, rotation_matrices("lattice", LATTICES["simple cubic"]))
    np.testing.assert_array_equal(cube, rotation_matrices("array"))


def test_a_lattice_within_the_tolerance_of_the_space_groups_counts_as_symmetric():
    strained = LATTICES["fcc"] * np.array([[1.0], [1.002], [0.998]])
    assert len(rotation_matrices("lattice", strained)) == 24


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(["array", "cube", *LATTICES]),
    grid=st.integers(2, 9),
    pick=st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_index_maps_form_a_group_of_permutations(kind, grid, pick):
    index = (
        rotation_set("lattice", grid, LATTICES[kind])
        if kind in LATTICES
        else rotation_set(kind, grid)
    )
    np.testing.assert_array_equal(index[0], np.arange(grid**3))
    np.testing.assert_array_equal(np.sort(index, axis=1), np.tile(index[0], (len(index), 1)))
    first, second = (index[i % len(index)] for i in pick)
    assert any((first[second] == member).all() for member in index)


def test_array_rotations_are_those_of_numpy():
    density = np.random.default_rng(1).random((5, 5, 5))
    found = {density.ravel()[row].tobytes() for row in rotation_set("array", 5)}
    turns = [((0, 1), a) for a in range(4)]
    expected = set()
    for axes in ((0, 1), (0, 2), (1, 2)):
        for quarter in range(4):
            once = np.rot90(density, quarter, axes)
            for plane, more in turns:
                twice = np.rot90(once, more, plane)
                expected |= {np.rot90(twice, last, (1, 2)).tobytes() for last in range(4)}
    assert len(expected) == 24
    assert found == expected


def test_cube_rotations_turn_about_voxel_zero_with_periodic_images():
    grid = 6
    index = rotation_set("cube", grid)
    voxels = np.stack(np.unravel_index(index, (grid,) * 3), axis=1)
    here = np.indices((grid,) * 3).reshape(3, -1)
    for matrix, place in zip(rotation_matrices("cube"), voxels, strict=True):
        np.testing.assert_array_equal(place, (matrix @ here) % grid)


@pytest.mark.parametrize("kind", ["fcc", "bcc", "hexagonal", "rhombohedral"])
def test_an_atom_at_the_origin_looks_the_same_after_every_lattice_rotation(kind):
    grid, lattice = 12, LATTICES[kind]
    points = np.stack(np.meshgrid(*[np.arange(grid) / grid] * 3, indexing="ij"), axis=-1)
    images = np.stack(np.meshgrid(*[np.arange(-2, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    distance = np.linalg.norm((points[..., None, :] + images) @ lattice, axis=-1)
    density = np.exp(-2 * distance**2).sum(axis=-1)
    turned = density.ravel()[rotation_set("lattice", grid, lattice)]
    np.testing.assert_allclose(turned, np.tile(density.ravel(), (len(turned), 1)), atol=1e-4)
    anisotropic = np.exp(np.sin(2 * np.pi * points[..., 0]) + points[..., 1])
    changed = anisotropic.ravel()[rotation_set("lattice", grid, lattice)]
    assert (np.abs(changed[1:] - changed[0]).max(axis=1) > 0.1).all()


def test_no_rotation_is_the_identity():
    np.testing.assert_array_equal(rotation_set("none", 4), np.arange(64)[None])


def test_index_maps_are_computed_once_and_cannot_be_changed():
    index = rotation_set("cube", 7)
    assert rotation_set("cube", 7) is index
    with pytest.raises(ValueError, match="read-only"):
        index[0, 0] = 1


def test_lattice_rotations_need_a_lattice():
    with pytest.raises(CrystalNetError, match="needs the lattice"):
        rotation_set("lattice", 8)


def test_a_flat_lattice_is_refused():
    with pytest.raises(CrystalNetError, match="three independent rows"):
        rotation_matrices("lattice", np.ones((3, 3)))
