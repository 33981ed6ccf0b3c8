"""Elements on each other's sites are exchanged where the pattern says so."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.exchange import exchanged

CU = 1.5406
EDGES = (4.02, 4.21)
PLACES = [[0, 0, 0], [0.5, 0.5, 0.52], [0.5, 0.5, 0.03], [0.5, 0, 0.48]]


def tetragonal(first: str, second: str) -> Structure:
    """A polar perovskite."""
    cell = Lattice.tetragonal(*EDGES)
    return Structure.from_spacegroup("P4mm", cell, [first, second, "O", "O"], PLACES)


def peaks_of(structure: Structure) -> MeasuredPeaks:
    pattern = powder_pattern(Crystal.from_structure(structure), CU, (5.0, 120.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (5.0, 120.0))


@pytest.mark.parametrize(("first", "second"), [("Pb", "Bi"), ("Fe", "Mn"), ("Sr", "Ti")])
def test_near_elements_change_places_and_true_ones_stay(first: str, second: str) -> None:
    truth, wrong = tetragonal(first, second), tetragonal(second, first)
    lattice = conventional_lattices("tetragonal", *EDGES)[-1]
    found = exchanged(Crystal.from_structure(wrong), peaks_of(truth), lattice)
    assert found is not None
    assert StructureMatcher().fit(found.to_structure(), truth)
    assert not StructureMatcher().fit(found.to_structure(), wrong)
    np.testing.assert_allclose(abs(np.linalg.det(found.lattice)), truth.volume)
    assert exchanged(Crystal.from_structure(truth), peaks_of(truth), lattice) is None


def test_a_crystal_of_another_lattice_stays_as_it_is() -> None:
    lattice = conventional_lattices("tetragonal", 4.5, 4.21)[-1]
    wrong = tetragonal("Bi", "Pb")
    assert exchanged(Crystal.from_structure(wrong), peaks_of(wrong), lattice) is None
