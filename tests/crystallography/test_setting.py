"""Canonical settings: the same crystal, whatever the cell and the origin it came in."""

import numpy as np
import pytest
from numpy.random import default_rng
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.setting import canonical_setting
from crystalnet.errors import CrystalNetError

GAUSSIANS = ValenceGaussians.load("data/valence_gaussians.json")
# As weights, atomic numbers: the rule does not hang on which ones.
WEIGHTS = np.arange(119.0)

FCC = 4.0 * (1 - np.eye(3))


def orbit(group: str, lattice: Lattice, species: list[str], places: list[list[float]]) -> tuple:
    """The primitive cell of a structure that is given by its space group."""
    structure = Structure.from_spacegroup(group, lattice, species, places)
    primitive = structure.get_primitive_structure()
    return primitive.lattice.matrix, primitive.atomic_numbers, primitive.frac_coords


STRUCTURES = {
    "half-Heusler": (FCC * 0.75, [28, 22, 50], [[0, 0, 0], [0.25] * 3, [0.5] * 3]),
    "perovskite": (
        3.9 * np.eye(3),
        [38, 22, 8, 8, 8],
        [[0.5] * 3, [0] * 3, [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]],
    ),
    "bcc": (1.6 * (np.ones((3, 3)) - 2 * np.eye(3)), [74], [[0.3, 0.1, 0.2]]),
    "CdI2": (
        Lattice.hexagonal(4.24, 6.84).matrix,
        [48, 53, 53],
        [[0, 0, 0.2], [1 / 3, 2 / 3, 0.45], [2 / 3, 1 / 3, 0.95]],
    ),
    "calcite": (
        Lattice.rhombohedral(6.37, 46.1).matrix,
        [20, 20, 6, 6, 8, 8, 8, 8, 8, 8],
        [
            [0, 0, 0],
            [0.5] * 3,
            [0.25] * 3,
            [0.75] * 3,
            [0.507, 0.993, 0.25],
            [0.993, 0.25, 0.507],
            [0.25, 0.507, 0.993],
            [0.493, 0.007, 0.75],
            [0.007, 0.75, 0.493],
            [0.75, 0.493, 0.007],
        ],
    ),
    # Polar: its origin is free along the axis.
    "LiNbO3": (
        Lattice.rhombohedral(5.49, 55.9).matrix,
        [3, 3, 41, 41, 8, 8, 8, 8, 8, 8],
        [
            [0.28] * 3,
            [0.78] * 3,
            [0, 0, 0],
            [0.5] * 3,
            [0.11, 0.35, 0.73],
            [0.35, 0.73, 0.11],
            [0.73, 0.11, 0.35],
            [0.85, 0.61, 0.23],
            [0.61, 0.23, 0.85],
            [0.23, 0.85, 0.61],
        ],
    ),
    "rutile": orbit(
        "P4_2/mnm", Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0] * 3, [0.305, 0.305, 0]]
    ),
    "anatase": orbit(
        "I4_1/amd",
        Lattice.tetragonal(3.78, 9.51),
        ["Ti", "O"],
        [[0] * 3, [0, 0, 0.208]],
    ),
    # Polar along the hexagonal axis.
    "wurtzite": orbit(
        "P6_3mc",
        Lattice.hexagonal(3.82, 6.26),
        ["Zn", "S"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.375]],
    ),
    "aragonite": orbit(
        "Pnma",
        Lattice.orthorhombic(5.74, 4.96, 7.97),
        ["Ca", "C", "O", "O"],
        [[0.24, 0.25, 0.415], [0.085, 0.25, 0.762], [0.095, 0.25, 0.922], [0.087, 0.474, 0.681]],
    ),
    "CrB": orbit(
        "Cmcm",
        Lattice.orthorhombic(2.98, 7.87, 2.93),
        ["Cr", "B"],
        [[0, 0.146, 0.25], [0, 0.44, 0.25]],
    ),
    # Polar along c, centred on A.
    "KNbO3": orbit(
        "Amm2",
        Lattice.orthorhombic(3.97, 5.69, 5.72),
        ["K", "Nb", "O", "O"],
        [[0, 0, 0.02], [0.5, 0, 0.5], [0, 0, 0.52], [0.5, 0.25, 0.28]],
    ),
    "baddeleyite": orbit(
        "P2_1/c",
        Lattice.monoclinic(5.15, 5.21, 5.31, 99.2),
        ["Zr", "O", "O"],
        [[0.276, 0.041, 0.208], [0.07, 0.332, 0.345], [0.449, 0.758, 0.479]],
    ),
    # Polar along the unique axis.
    "P2_1": orbit(
        "P2_1",
        Lattice.monoclinic(5.1, 6.2, 7.3, 103),
        ["K", "Cl", "O"],
        [[0.1, 0.2, 0.3], [0.62, 0.01, 0.81], [0.4, 0.55, 0.17]],
    ),
    # The origin is free in a plane, in a centred cell.
    "Cm": orbit(
        "Cm",
        Lattice.monoclinic(7.1, 6.2, 5.3, 103),
        ["K", "Cl", "O"],
        [[0.1, 0, 0.3], [0.62, 0, 0.81], [0.4, 0.2, 0.17]],
    ),
    "P-1": orbit(
        "P-1",
        Lattice.from_parameters(5.1, 6.2, 7.3, 83, 99, 105),
        ["K", "Cl", "O"],
        [[0.1, 0.2, 0.3], [0.62, 0.01, 0.81], [0.4, 0.55, 0.17]],
    ),
    # The origin is free.
    "P1": orbit(
        "P1",
        Lattice.from_parameters(5.1, 6.2, 7.3, 83, 99, 105),
        ["K", "Cl", "O"],
        [[0.1, 0.2, 0.3], [0.62, 0.01, 0.81], [0.4, 0.55, 0.17]],
    ),
}


def crystal_of(name: str) -> Crystal:
    lattice, numbers, places = STRUCTURES[name]
    return Crystal(name, np.array(lattice, float), np.array(numbers), np.array(places, float))


def described_anew(crystal: Crystal, seed: int) -> Crystal:
    """The same crystal by other lattice vectors, another origin and another order of atoms."""
    rng = default_rng(seed)
    cell = np.eye(3, dtype=int)[rng.permutation(3)] * rng.choice([-1, 1], 3)[:, None]
    cell[0] += cell[1]
    order = rng.permutation(len(crystal.atomic_numbers))
    places = (crystal.frac_coords + rng.uniform(size=3)) @ np.linalg.inv(cell)
    return Crystal(
        crystal.material_id,
        cell @ crystal.lattice,
        crystal.atomic_numbers[order],
        places[order] % 1,
    )


@pytest.mark.parametrize("name", STRUCTURES)
def test_another_description_gives_the_same_density(name: str) -> None:
    crystal = crystal_of(name)
    settings = [canonical_setting(crystal, WEIGHTS)]
    settings += [canonical_setting(described_anew(crystal, seed), WEIGHTS) for seed in range(3)]
    first, *others = iam_density([each.crystal for each in settings], 16, GAUSSIANS).numpy()
    for other in others:
        np.testing.assert_allclose(other, first, atol=2e-3 * first.max())


@pytest.mark.parametrize("name", STRUCTURES)
def test_it_is_the_same_crystal_moved_as_it_says(name: str) -> None:
    crystal = described_anew(crystal_of(name), seed=5)
    setting = canonical_setting(crystal, WEIGHTS)
    moved = crystal.frac_coords @ setting.matrix.T + setting.shift
    difference = moved - setting.crystal.frac_coords
    np.testing.assert_allclose(difference, np.rint(difference), atol=1e-9)
    np.testing.assert_allclose(
        setting.matrix.T @ setting.crystal.lattice, crystal.lattice, atol=1e-9
    )
    same = StructureMatcher(primitive_cell=False, scale=False, stol=0.01, ltol=1e-4, angle_tol=0.01)
    assert same.fit(crystal.to_structure(), setting.crystal.to_structure())


def test_a_cell_that_is_not_primitive_is_refused() -> None:
    structure = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.6), ["Na", "Cl"], [[0] * 3, [0.5] * 3]
    )
    with pytest.raises(CrystalNetError, match="not primitive"):
        canonical_setting(Crystal.from_structure(structure), WEIGHTS)


def test_atoms_on_each_other_are_refused() -> None:
    crystal = Crystal("twice", 3 * np.eye(3), np.array([26, 26]), np.array([[0.0] * 3, [1e-3] * 3]))
    with pytest.raises(CrystalNetError, match="twice: no space group is found"):
        canonical_setting(crystal, WEIGHTS)
