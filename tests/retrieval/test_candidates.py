"""Known structures with other elements, from patterns of compounds that are not in the library."""

import numpy as np
import pytest
from numpy import ndarray
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Element, Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.setting import canonical_setting
from crystalnet.errors import CrystalNetError
from crystalnet.retrieval.candidates import Candidate, candidates
from crystalnet.retrieval.chemistry import element_distances
from crystalnet.retrieval.lattices import lattices
from crystalnet.retrieval.prototypes import PrototypeLibrary
from crystalnet.settings import CrystalSystem

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


def rutile(a: float, c: float, u: float, metal: str, other: str) -> Crystal:
    places = [[0] * 3, [u, u, 0]]
    return crystal("P4_2/mnm", Lattice.tetragonal(a, c), [metal, other], places)


def anatase(a: float, c: float, metal: str, other: str) -> Crystal:
    places = [[0] * 3, [0, 0, 0.208]]
    return crystal("I4_1/amd", Lattice.tetragonal(a, c), [metal, other], places)


def wurtzite(a: float, c: float, metal: str, other: str) -> Crystal:
    places = [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.375]]
    return crystal("P6_3mc", Lattice.hexagonal(a, c), [metal, other], places)


def nickeline(a: float, c: float, metal: str, other: str) -> Crystal:
    places = [[0, 0, 0], [1 / 3, 2 / 3, 0.25]]
    return crystal("P6_3/mmc", Lattice.hexagonal(a, c), [metal, other], places)


def perovskite_of_tilted_octahedra(a: float, b: float, c: float, *species: str) -> Crystal:
    places = [[0.05, 0.25, 0.99], [0, 0, 0.5], [0.48, 0.25, 0.08], [0.28, 0.04, 0.71]]
    lattice = Lattice.orthorhombic(a, b, c)
    return crystal("Pnma", lattice, [*species, species[-1]], places)


def baddeleyite(a: float, b: float, c: float, beta: float, metal: str, other: str) -> Crystal:
    places = [[0.276, 0.041, 0.208], [0.07, 0.332, 0.345], [0.449, 0.758, 0.479]]
    lattice = Lattice.monoclinic(a, b, c, beta)
    return crystal("P2_1/c", lattice, [metal, other, other], places)


def triclinic(a: float, b: float, c: float, *species: str) -> Crystal:
    places = [[0.1, 0.2, 0.3], [0.62, 0.01, 0.81], [0.4, 0.55, 0.17]]
    return crystal("P-1", Lattice.from_parameters(a, b, c, 83, 99, 105), list(species), places)


TETRAGONAL = [rutile(4.59, 2.96, 0.305, "Ti", "O"), anatase(3.78, 9.51, "Ti", "O")]
HEXAGONAL = [wurtzite(3.82, 6.26, "Zn", "S"), nickeline(3.62, 5.03, "Ni", "As")]
ORTHORHOMBIC = [perovskite_of_tilted_octahedra(5.44, 7.64, 5.38, "Ca", "Ti", "O")]
MONOCLINIC = [baddeleyite(5.15, 5.21, 5.31, 99.2, "Zr", "O")]
TRICLINIC = [triclinic(4.1, 4.9, 5.8, "K", "Cl", "O")]


def same(one: Crystal, other: Crystal) -> bool:
    matcher = StructureMatcher(
        primitive_cell=False, scale=False, ltol=0.01, stol=0.05, angle_tol=0.5
    )
    return bool(matcher.fit(one.to_structure(), other.to_structure()))


def found_for(
    system: CrystalSystem,
    known: list[Crystal],
    wanted: Crystal,
    lattice: ndarray | None = None,
) -> list[Candidate]:
    pattern = powder_pattern(wanted)
    elements, amounts = np.unique(wanted.atomic_numbers, return_counts=True)
    formula = dict(zip(elements.tolist(), amounts.tolist(), strict=True))
    library = PrototypeLibrary(system, known)
    assert library.left_out == []
    q, intensity = 1 / pattern.d_spacing, pattern.intensity
    return candidates(library, q, intensity, formula, VOLUMES, lattice=lattice)


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
        ("tetragonal", TETRAGONAL, rutile(4.74, 3.19, 0.306, "Sn", "O")),
        ("tetragonal", TETRAGONAL, anatase(3.9, 9.9, "Sn", "O")),
        ("hexagonal", HEXAGONAL, wurtzite(3.25, 5.21, "Zn", "O")),
        ("hexagonal", HEXAGONAL, nickeline(3.44, 5.1, "Fe", "S")),
    ],
)
def test_the_first_candidate_is_the_structure_that_made_the_pattern(
    system: CrystalSystem, known: list[Crystal], wanted: Crystal
) -> None:
    best = found_for(system, known, wanted)[0]
    assert best.agreement > 0.995
    assert same(best.crystal, wanted)
    assert best.crystal.volume == pytest.approx(wanted.volume, rel=5e-3)


# Their lattices have three, four and six numbers, which are fitted or given.
LOWER = [
    ("orthorhombic", ORTHORHOMBIC, perovskite_of_tilted_octahedra(5.7, 8.0, 5.6, "Sr", "Zr", "O")),
    ("monoclinic", MONOCLINIC, baddeleyite(5.3, 5.3, 5.5, 99.9, "Hf", "S")),
    ("triclinic", TRICLINIC, triclinic(4.2, 5.0, 5.95, "Rb", "Br", "S")),
]


@pytest.mark.parametrize(("system", "known", "wanted"), LOWER)
def test_lattices_of_more_numbers_are_fitted(
    system: CrystalSystem, known: list[Crystal], wanted: Crystal
) -> None:
    best = found_for(system, known, wanted)[0]
    assert best.agreement > 0.99
    assert same(best.crystal, wanted)


@pytest.mark.parametrize(("system", "known", "wanted"), LOWER)
def test_a_given_lattice_may_be_described_by_other_vectors(
    system: CrystalSystem, known: list[Crystal], wanted: Crystal
) -> None:
    other = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]) @ wanted.lattice
    best = found_for(system, known, wanted, other)[0]
    assert best.agreement > 0.99
    assert best.crystal.volume == pytest.approx(wanted.volume, rel=1e-3)


def test_a_given_lattice_of_another_system_is_refused() -> None:
    with pytest.raises(CrystalNetError, match="is not tetragonal"):
        found_for("tetragonal", TETRAGONAL, TETRAGONAL[0], np.diag([3.0, 4.0, 5.0]))


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
