"""Known structures as they are: those of the cell and the elements, the best first."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.retrieval.known import Known
from crystalnet.settings import CrystalSystem
from crystalnet.solving.budget import Budget
from crystalnet.solving.candidate import TEMPLATES
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.known_structures import known_structures
from crystalnet.solving.settings import USUAL

CU = 1.54056


def salt(first: str, second: str, a: float, group: str = "Fm-3m") -> Crystal:
    places = [[0.0] * 3, [0.5 if group != "F-43m" else 0.25] * 3]
    structure = Structure.from_spacegroup(group, Lattice.cubic(a), [first, second], places)
    primitive = Crystal.from_structure(structure.get_primitive_structure())
    centring = "P" if group == "Pm-3m" else "F"
    axes = lattice_of(a, centring).primitive
    return replace(primitive, material_id=f"{first}{second} {group} {a}", lattice=axes)


def lattice_of(a: float, centring: str = "F") -> IndexedLattice:
    every = conventional_lattices("cubic", a)
    return next(each for each in every if each.centring == centring)


@pytest.fixture(scope="module")
def known() -> Known:
    crystals = [
        salt("K", "Cl", 6.3),
        salt("Na", "Cl", 5.70),
        salt("Ag", "Cl", 5.55),
        salt("Zn", "Se", 5.67, "F-43m"),
        salt("Na", "Cl", 3.58, "Pm-3m"),
        salt("Na", "Br", 5.97),
    ]
    return Known("cubic", crystals, np.ones(119), ValenceGaussians.load(TEMPLATES))


def peaks(crystal: Crystal) -> MeasuredPeaks:
    pattern = powder_pattern(crystal, CU, (10.0, 100.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (10.0, 100.0))


TRUTH = salt("Na", "Cl", 5.64)
NOTHING = KnownComposition((), complete=False)


def test_with_nothing_known_the_cell_and_the_pattern_decide(known: Known) -> None:
    found = known_structures(peaks(TRUTH), NOTHING, lattice_of(5.64), known)
    assert found[0][1] == "NaCl Fm-3m 5.7"
    # Another centring, and edges that are further off, are of other crystals.
    assert {name for _, name in found} == {"NaCl Fm-3m 5.7", "AgCl Fm-3m 5.55", "ZnSe F-43m 5.67"}
    for crystal, _ in found:
        np.testing.assert_array_equal(crystal.lattice, lattice_of(5.64).primitive)


@pytest.mark.parametrize(
    ("composition", "names"),
    [
        (KnownComposition.from_elements(["Cl"], complete=False), {"NaCl", "AgCl"}),
        (KnownComposition.from_elements(["Cl"], complete=True), set()),
        (KnownComposition.from_elements(["Na", "Cl"]), {"NaCl"}),
        (KnownComposition.from_formula("AgCl"), {"AgCl"}),
        (KnownComposition.from_formula("AgCl2"), set()),
    ],
)
def test_what_is_known_of_the_composition_is_kept(
    composition: KnownComposition, names: set[str], known: Known
) -> None:
    found = known_structures(peaks(TRUTH), composition, lattice_of(5.64), known)
    assert {name.split()[0] for _, name in found} == names


def test_settings_decide_how_far_and_how_many(known: Known) -> None:
    near = replace(USUAL.analogues, known_edges=0.012)
    found = known_structures(peaks(TRUTH), NOTHING, lattice_of(5.64), known, settings=near)
    assert {name for _, name in found} == {"NaCl Fm-3m 5.7", "ZnSe F-43m 5.67"}
    one = replace(USUAL.analogues, most_known=1)
    assert len(known_structures(peaks(TRUTH), NOTHING, lattice_of(5.64), known, settings=one)) == 1


def test_rounding_and_the_order_of_lines_change_nothing(known: Known) -> None:
    measured = peaks(TRUTH)
    expected = known_structures(measured, NOTHING, lattice_of(5.64), known)
    generator = np.random.default_rng(0)
    for _ in range(3):
        order = generator.permutation(len(measured.two_theta))
        noise = 1 + 1e-12 * generator.standard_normal((2, len(order)))
        moved = replace(
            measured,
            two_theta=(measured.two_theta * noise[0])[order],
            intensity=(measured.intensity * noise[1])[order],
        )
        found = known_structures(moved, NOTHING, lattice_of(5.64), known)
        assert [name for _, name in found] == [name for _, name in expected]


def test_a_shift_of_the_zero_is_taken_off(known: Known) -> None:
    measured = peaks(TRUTH)
    shifted = replace(measured, two_theta=measured.two_theta + 0.4)
    lattice = replace(lattice_of(5.64), zero_shift=0.4)
    found = known_structures(shifted, NOTHING, lattice, known)
    assert found[0][1] == "NaCl Fm-3m 5.7"


def test_time_that_is_over_ends_the_comparison(known: Known) -> None:
    budget = Budget(1.0, clock=iter([0.0, 2.0, 2.0, 2.0, 2.0]).__next__)
    found = known_structures(peaks(TRUTH), NOTHING, lattice_of(5.64), known, budget)
    assert len(found) == 1
    assert budget.cut_short


BARITE = [
    ["Ba", 0.1845, 0.25, 0.1585], ["S", 0.4370, 0.75, 0.1910], ["O", 0.5870, 0.75, 0.1060],
    ["O", 0.3180, 0.75, 0.0500], ["O", 0.4190, 0.9700, 0.3120],
]  # fmt: skip
BADDELEYITE = [
    ["Zr", 0.2754, 0.0395, 0.2083], ["O", 0.0700, 0.3317, 0.3447], ["O", 0.4496, 0.7569, 0.4792],
]  # fmt: skip


@pytest.mark.parametrize(
    ("group", "cell", "sites", "system", "edges"),
    [
        # The edges of the lattice are in the order of their lengths, those of Pnma are not.
        ("Pnma", (8.884, 5.456, 7.157, 90, 90, 90), BARITE, "orthorhombic", (5.5, 7.1, 8.9)),
        # P2_1/c with the other choice of the cell, P2_1/n: a + c instead of c.
        ("P2_1/c", (5.150, 5.212, 5.317, 90, 99.23, 90), BADDELEYITE, "monoclinic",
         (5.150, 5.212, 6.781, 129.27)),
    ],
)  # fmt: skip
def test_axes_with_other_names_are_of_the_same_crystal(
    group: str,
    cell: tuple[float, ...],
    sites: list[list[object]],
    system: CrystalSystem,
    edges: tuple[float, ...],
) -> None:
    elements, places = [str(each[0]) for each in sites], [each[1:] for each in sites]
    structure = Structure.from_spacegroup(group, Lattice.from_parameters(*cell), elements, places)
    truth = replace(Crystal.from_structure(structure), material_id="truth")
    lattice = conventional_lattices(system, *edges)[-1]
    crystals = Known(system, [truth], np.ones(119), ValenceGaussians.load(TEMPLATES))
    found = known_structures(peaks(truth), NOTHING, lattice, crystals)
    assert [name for _, name in found] == ["truth"]
    np.testing.assert_array_equal(found[0][0].lattice, lattice.primitive)
    # Edges and angles differ by a little, the atoms do not.
    assert StructureMatcher(ltol=0.05).fit(found[0][0].to_structure(), structure)
