"""Known structures with other elements, from patterns of compounds that are not in the library."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Element, Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.setting import canonical_setting
from crystalnet.retrieval.candidates import Candidate, candidates, element_distances
from crystalnet.retrieval.lattices import System, lattices
from crystalnet.retrieval.prototypes import PrototypeLibrary

VOLUMES = np.full(119, 16.0)


def crystal(group: str, lattice: Lattice, species: list[str], places: list[list[float]]) -> Crystal:
    structure = Structure.from_spacegroup(group, lattice, species, places)
    primitive = Crystal.from_structure(structure.get_primitive_structure())
    return canonical_setting(primitive, np.arange(119.0)).crystal


def rock_salt(a: float, *species: str) -> Crystal:
    return crystal("Fm-3m", Lattice.cubic(a), list(species), [[0] * 3, [0.5] * 3])


def zinc_blende(a: float, *species: str) -> Crystal:
    return crystal("F-43m", Lattice.cubic(a), list(species), [[0] * 3, [0.25] * 3])


def caesium_chloride(a: float, *species: str) -> Crystal:
    return crystal("Pm-3m", Lattice.cubic(a), list(species), [[0] * 3, [0.5] * 3])


def perovskite(a: float, *species: str) -> Crystal:
    places = [[0.5] * 3, [0.0] * 3, [0.5, 0, 0]]
    return crystal("Pm-3m", Lattice.cubic(a), list(species), places)


def layered(a: float, c: float, metal: str, other: str) -> Crystal:
    places = [[0, 0, 0], [1 / 3, 2 / 3, 0.25]]
    return crystal("P-3m1", Lattice.hexagonal(a, c), [metal, other], places)


def corundum(a: float, c: float, metal: str, other: str) -> Crystal:
    places = [[0, 0, 0.352], [0.306, 0, 0.25]]
    return crystal("R-3c", Lattice.hexagonal(a, c), [metal, other], places)


CUBIC = [
    rock_salt(5.64, "Na", "Cl"),
    zinc_blende(5.41, "Zn", "S"),
    caesium_chloride(4.12, "Cs", "Cl"),
    perovskite(3.9, "Sr", "Ti", "O"),
]
TRIGONAL = [layered(4.24, 6.84, "Cd", "I"), corundum(4.76, 12.99, "Al", "O")]


def found_for(system: System, known: list[Crystal], wanted: Crystal) -> list[Candidate]:
    pattern = powder_pattern(wanted)
    elements, amounts = np.unique(wanted.atomic_numbers, return_counts=True)
    formula = dict(zip(elements.tolist(), amounts.tolist(), strict=True))
    library = PrototypeLibrary(system, known)
    assert library.left_out == []
    return candidates(library, 1 / pattern.d_spacing, pattern.intensity, formula, VOLUMES)


@pytest.mark.parametrize(
    ("system", "known", "wanted"),
    [
        ("cubic", CUBIC, rock_salt(4.21, "Mg", "O")),
        ("cubic", CUBIC, zinc_blende(6.05, "Hg", "Se")),
        ("cubic", CUBIC, caesium_chloride(3.8, "Tl", "Br")),
        ("cubic", CUBIC, perovskite(4.0, "Ba", "Sn", "O")),
        ("cubic", CUBIC, perovskite(4.0, "O", "Ba", "Sn")),
        ("trigonal", TRIGONAL, layered(3.36, 5.9, "Zr", "Se")),
        ("trigonal", TRIGONAL, corundum(5.04, 13.75, "Fe", "O")),
    ],
)
def test_the_first_candidate_is_the_structure_that_made_the_pattern(
    system: System, known: list[Crystal], wanted: Crystal
) -> None:
    best = found_for(system, known, wanted)[0]
    assert best.agreement > 0.995
    match = StructureMatcher(primitive_cell=False, scale=False, ltol=0.01, stol=0.05, angle_tol=0.5)
    assert match.fit(best.crystal.to_structure(), wanted.to_structure())
    assert best.crystal.volume == pytest.approx(wanted.volume, rel=5e-3)


def test_which_element_stands_where_is_told_by_the_pattern() -> None:
    wanted = perovskite(4.0, "Ba", "Sn", "O")
    first, *others = found_for("cubic", CUBIC, wanted)
    heavy = {first.crystal.atomic_numbers.tolist().count(z) for z in (50, 56)}
    assert heavy == {1}
    assert first.agreement > max(other.agreement for other in others)


def test_a_formula_without_a_prototype_has_no_candidate() -> None:
    fluorite = crystal("Fm-3m", Lattice.cubic(5.46), ["Ca", "F"], [[0] * 3, [0.25] * 3])
    assert found_for("cubic", CUBIC, fluorite) == []


def test_the_lattice_of_a_trigonal_pattern_is_among_those_found() -> None:
    pattern = powder_pattern(corundum(4.76, 12.99, "Al", "O"))
    found = lattices("trigonal", 1 / pattern.d_spacing, 5 * 16.0)
    wanted = np.array([4 / 3 / 4.76**2, 1 / 12.99**2])
    assert (np.abs(found / wanted - 1).max(axis=1) < 5e-3).any()


def test_a_lattice_of_another_system_is_left_out() -> None:
    cell = Lattice.tetragonal(4.0, 4.4).matrix
    tetragonal = Crystal("tetragonal", cell, np.array([55, 17]), np.array([[0.0] * 3, [0.5] * 3]))
    library = PrototypeLibrary("cubic", [tetragonal, *CUBIC])
    assert library.left_out == [tetragonal.material_id]
    assert len(library) == len(CUBIC)


def test_elements_of_one_group_are_nearer_than_others() -> None:
    far = element_distances()
    sodium, potassium, chlorine = (Element(each).Z for each in ("Na", "K", "Cl"))
    assert far[sodium, sodium] == 0
    assert far[sodium, potassium] < far[sodium, chlorine]
    np.testing.assert_array_equal(far, far.T)
