"""Atoms in wrong places find the right ones by the pattern."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.ranking import MeasuredPeaks
from crystalnet.solving.relocation import relocate_atoms

MATCHER = StructureMatcher()


def crystal(group: str, a: float, species: list[str], sites: list[list[float]]) -> Crystal:
    structure = Structure.from_spacegroup(group, Lattice.cubic(a), species, sites)
    return Crystal.from_structure(structure.get_primitive_structure())


FLUORITE = crystal("Fm-3m", 5.46, ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]])
PEROVSKITE = crystal("Pm-3m", 4.0, ["Ba", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]])


def measured(truth: Crystal) -> MeasuredPeaks:
    pattern = powder_pattern(truth, 1.54184, (10.0, 120.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, 1.54184, (10.0, 120.0))


@pytest.mark.parametrize("truth", [FLUORITE, PEROVSKITE])
def test_one_atom_anywhere_finds_its_place(truth: Crystal) -> None:
    generator = np.random.default_rng(5)
    for _ in range(4):
        x = truth.frac_coords.copy()
        x[generator.integers(len(x))] = generator.random(3)
        found = relocate_atoms(replace(truth, frac_coords=x), measured(truth))
        assert MATCHER.fit(found.to_structure(), truth.to_structure())


def test_two_atoms_in_one_place_come_apart() -> None:
    light = np.flatnonzero(FLUORITE.atomic_numbers == 9)
    x = FLUORITE.frac_coords.copy()
    x[light[1]] = x[light[0]] + 0.001
    found = relocate_atoms(replace(FLUORITE, frac_coords=x), measured(FLUORITE))
    assert MATCHER.fit(found.to_structure(), FLUORITE.to_structure())


def test_what_is_right_stays() -> None:
    found = relocate_atoms(PEROVSKITE, measured(PEROVSKITE))
    np.testing.assert_allclose(found.frac_coords, PEROVSKITE.frac_coords, atol=1e-9)
