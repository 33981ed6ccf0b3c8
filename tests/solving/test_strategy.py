"""What comes first, and why; the one door that candidates come in by."""

import math
from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving import ranking, sources
from crystalnet.solving.agreement.profile import PatternMatch
from crystalnet.solving.candidate import TEMPLATES, Candidate
from crystalnet.solving.candidate import Structure as SolvedStructure
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.symmetric_search import search
from crystalnet.solving.settings import USUAL, SolveSettings, StrategySettings
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.symmetry.symmetrise import Symmetry, symmetry_of

CU = 1.54184
FLUORITE = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.46), ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]]
)
PYRITE = Structure.from_spacegroup(
    "Pa-3", Lattice.cubic(5.42), ["Fe", "S"], [[0, 0, 0], [0.385, 0.385, 0.385]]
)
WURTZITE = Structure.from_spacegroup(
    "P6_3mc",
    Lattice.hexagonal(3.25, 5.207),
    ["Zn", "O"],
    [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
)
CASES = [
    (FLUORITE, "CaF2", "F", (5.46,), 225),
    (PYRITE, "FeS2", "P", (5.42,), 205),
    (WURTZITE, "ZnO", "P", (3.25, 5.207), 186),
]


@pytest.fixture(scope="module")
def gaussians() -> ValenceGaussians:
    return ValenceGaussians.load(TEMPLATES)


def peaks_of(structure: Structure) -> MeasuredPeaks:
    crystal = Crystal.from_structure(structure.get_primitive_structure())
    pattern = powder_pattern(crystal, CU, (10.0, 90.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (10.0, 90.0))


def lattice_of(centring: str, edges: tuple[float, ...]) -> IndexedLattice:
    system = {1: "cubic", 2: "trigonal" if centring == "R" else "hexagonal"}[len(edges)]
    found = conventional_lattices(system, *edges)
    return next(each for each in found if each.centring == centring)


def solved(
    peaks: MeasuredPeaks, formula: str, lattice: IndexedLattice, gaussians: ValenceGaussians,
    seed: int = 0,
) -> list[Candidate]:  # fmt: skip
    known = KnownComposition.from_formula(formula)
    return solve_peaks(peaks, known, [lattice], gaussians, seed=seed, effort=0.2)


@pytest.mark.parametrize(("truth", "formula", "centring", "edges", "group"), CASES)
def test_rounding_order_and_seed_change_no_rank(
    truth: Structure,
    formula: str,
    centring: str,
    edges: tuple[float, ...],
    group: int,
    gaussians: ValenceGaussians,
) -> None:
    peaks, lattice = peaks_of(truth), lattice_of(centring, edges)
    expected = solved(peaks, formula, lattice, gaussians)
    assert StructureMatcher().fit(expected[0].crystal.to_structure(), truth)
    assert expected[0].space_group == group
    assert expected[0].match.rwp < 0.03
    for seed in range(3):
        generator = np.random.default_rng(seed)
        order = generator.permutation(len(peaks.two_theta))
        noise = 1 + 1e-12 * generator.standard_normal((2, len(order)))
        moved = replace(
            peaks,
            two_theta=(peaks.two_theta * noise[0])[order],
            intensity=(peaks.intensity * noise[1])[order],
        )
        found = solved(moved, formula, lattice, gaussians)
        assert [(c.formula, c.space_group) for c in found] == [
            (c.formula, c.space_group) for c in expected
        ]
        best = solved(peaks, formula, lattice, gaussians, seed=seed)[0]
        assert best.space_group == group
        assert StructureMatcher().fit(best.crystal.to_structure(), truth)


def ranked(
    structure: Structure,
    rwp: float,
    peaks: int,
    monkeypatch: pytest.MonkeyPatch,
) -> ranking.Ranked:
    crystal = Crystal.from_structure(structure)
    monkeypatch.setattr(ranking, "match_pattern", lambda *_: PatternMatch(rwp, 0.9, 0.0))
    measured = MeasuredPeaks(np.linspace(20, 80, peaks), np.ones(peaks), CU, (10.0, 90.0))
    lattice = conventional_lattices("cubic", 5.0)[0]
    return ranking.Ranked.of(SolvedStructure(crystal, lattice), measured)


def test_free_coordinates_cost_degrees_of_freedom(monkeypatch: pytest.MonkeyPatch) -> None:
    wurtzite = WURTZITE.get_primitive_structure()
    assert symmetry_of(Crystal.from_structure(wurtzite)) == Symmetry(12, 1)
    found = ranked(wurtzite, 0.1, 5, monkeypatch)
    worth = USUAL.ranking.symmetry * math.log(12) / math.log(48)
    assert found.merit == pytest.approx(0.1 * math.sqrt(5 / 4) - worth, abs=1e-12)
    # As many coordinates as peaks leave one degree of freedom, not none.
    low = Structure(Lattice([[4, 0.1, 0], [0, 5, 0.2], [0.3, 0, 6]]), ["O"] * 3,
                    [[0, 0, 0], [0.3, 0.1, 0.7], [0.6, 0.5, 0.2]])  # fmt: skip
    assert ranked(low, 0.1, 4, monkeypatch).merit == pytest.approx(0.1 * 2, abs=1e-12)


def test_a_simpler_structure_outranks_one_that_agrees_a_little_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert USUAL.ranking.symmetry == 0.03
    fluorite = FLUORITE.get_primitive_structure()
    wurtzite = WURTZITE.get_primitive_structure()
    simple = ranked(fluorite, 0.100, 50, monkeypatch)
    free = ranked(wurtzite, 0.095, 50, monkeypatch)
    assert simple.merit == pytest.approx(0.100 - USUAL.ranking.symmetry, abs=1e-12)
    assert ranking.in_rank_order([free, simple]) == [simple, free]
    # What agrees much better is the truth all the same.
    best = ranked(wurtzite, 0.05, 50, monkeypatch)
    assert ranking.in_rank_order([simple, best]) == [best, simple]


@pytest.mark.parametrize("rwp", [0.0305, 0.03, 0.1005, 0.0995])
def test_of_one_merit_the_simpler_structure_comes_first(
    rwp: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    fluorite = FLUORITE.get_primitive_structure()
    for noise in (-1e-12, 0.0, 1e-12):
        few = ranked(fluorite, rwp + noise, 50, monkeypatch)
        large = ranked(FLUORITE, rwp, 50, monkeypatch)
        expected = [few, large]
        assert ranking.in_rank_order(expected) == expected
        assert ranking.in_rank_order(expected[::-1]) == expected


def test_each_reason_of_an_order_counts_where_those_before_it_are_equal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fluorite = FLUORITE.get_primitive_structure()
    sodium, wide = fluorite.copy(), fluorite.copy()
    sodium.replace_species({"Ca": "Na"})
    wide.translate_sites([2], [0.01] * 3)
    made = [
        (fluorite, Symmetry(12, 1)),
        (FLUORITE, Symmetry(48, 2)),
        (fluorite, Symmetry(12, 2)),
        (FLUORITE, Symmetry(12, 2)),
    ]
    expected = [
        replace(ranked(each, 0.1, 50, monkeypatch), symmetry=symmetry, merit=0.1)
        for each, symmetry in made
    ]
    assert ranking.in_rank_order(expected) == expected
    assert ranking.in_rank_order(expected[::-1]) == expected
    # At last the elements, and then the places.
    for one, other in ((sodium, fluorite), (fluorite, wide)):
        pair = [
            replace(ranked(each, 0.1, 50, monkeypatch), symmetry=Symmetry(1, 0), merit=0.1)
            for each in (one, other)
        ]
        assert ranking.in_rank_order(pair) == ranking.in_rank_order(pair[::-1]) == pair


def test_of_equal_structures_the_first_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = FLUORITE.get_primitive_structure().copy()
    moved.translate_sites(range(len(moved)), [0.1, 0.2, 0.3])
    first = ranked(FLUORITE.get_primitive_structure(), 0.10, 50, monkeypatch)
    again = ranked(moved, 0.12, 50, monkeypatch)
    supercell = ranked(FLUORITE, 0.12, 50, monkeypatch)
    other = ranked(PYRITE, 0.12, 50, monkeypatch)
    # Of another pattern it is another one, whatever a matcher says.
    unlike = ranked(moved, 0.14, 50, monkeypatch)
    found = ranking.different([first, again, other, supercell, unlike], 9)
    assert found == [first, other, unlike]
    assert ranking.different([first, again, other, unlike], 2) == [first, other]


def test_what_is_hopeless_is_left_out_where_there_is_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    poor = [ranked(each, 0.91, 50, monkeypatch) for each in (FLUORITE, PYRITE)]
    fair = ranked(PYRITE, 0.89, 50, monkeypatch)
    assert ranking.different(poor, 9) == poor[:1]
    assert ranking.different([poor[0], fair], 9) == [poor[0], fair]


def test_a_shift_of_the_zero_is_taken_off_the_peaks(gaussians: ValenceGaussians) -> None:
    peaks, lattice = peaks_of(PYRITE), lattice_of("P", (5.42,))
    shifted = replace(peaks, two_theta=peaks.two_theta + 0.3)
    expected = solved(peaks, "FeS2", lattice, gaussians)[0]
    found = solved(shifted, "FeS2", replace(lattice, zero_shift=0.3), gaussians)[0]
    assert found.match.rwp == pytest.approx(expected.match.rwp, abs=1e-3)
    assert expected.match.rwp < 0.03
    assert found.space_group == expected.space_group == 205


def test_what_is_explained_takes_one_of_the_best_three(
    gaussians: ValenceGaussians,
) -> None:
    peaks, lattice = peaks_of(FLUORITE), lattice_of("F", (5.46,))
    known = KnownComposition.from_formula("CaF2")
    told: list[str] = []
    solve_peaks(peaks, known, [lattice, lattice], gaussians, effort=0.2, progress=told.append)
    assert len(told) == 1, "the second lattice is left alone"
    never = SolveSettings(strategy=StrategySettings(explained=0.0))
    solve_peaks(
        peaks, known, [lattice, lattice], gaussians, effort=0.2, progress=told.append,
        settings=never,
    )  # fmt: skip
    assert len(told) > 2


@pytest.mark.parametrize("apart", [0.0, 1e-9, 0.05])
def test_no_candidate_holds_atoms_that_are_too_near(
    apart: float, gaussians: ValenceGaussians, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks, lattice = peaks_of(FLUORITE), lattice_of("F", (5.46,))
    numbers = np.array([20, 9, 9])
    sound = Crystal("x", lattice.primitive, numbers, np.array([[0.0] * 3, [0.25] * 3, [0.75] * 3]))
    crowded = replace(sound, frac_coords=np.array([[0.0] * 3, [0.25] * 3, [0.25 + apart] * 3]))
    known = KnownComposition.from_formula("CaF2")
    monkeypatch.setattr(sources, "search", lambda *_, **__: [crowded, sound])
    found = solve_peaks(peaks, known, [lattice], gaussians)
    assert [c.crystal for c in found] == [sound]
    monkeypatch.setattr(sources, "search", lambda *_, **__: [crowded])
    with pytest.raises(CrystalNetError, match=r"F and F are 0\.\d\d A apart"):
        solve_peaks(peaks, known, [lattice], gaussians, flipping=False, analogy=False)


def test_known_structures_are_tried_where_symmetry_explains_nothing(
    gaussians: ValenceGaussians, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks, lattice = peaks_of(FLUORITE), lattice_of("F", (5.46,))
    known = KnownComposition.from_formula("CaF2")
    by_symmetry = solve_peaks(peaks, known, [lattice], gaussians, effort=0.2)
    assert {each.analogue_of for each in by_symmetry} == {None}
    monkeypatch.setattr(sources, "search", lambda *_, **__: [])
    best = solve_peaks(peaks, known, [lattice], gaussians, flipping=False)[0]
    assert best.analogue_of is not None
    assert best.analogue_of.startswith("mp-")
    assert StructureMatcher().fit(best.crystal.to_structure(), FLUORITE)
    with pytest.raises(CrystalNetError, match="nothing gives a structure"):
        solve_peaks(peaks, known, [lattice], gaussians, flipping=False, analogy=False)
    for elements, complete in ((["Ca", "F"], True), (["Ca"], False), ([], False)):
        part = KnownComposition.from_elements(elements, complete=complete)
        found = solve_peaks(peaks, part, [lattice], gaussians, flipping=False)
        assert StructureMatcher().fit(found[0].crystal.to_structure(), FLUORITE), elements
        assert found[0].analogue_of is not None
        for each in found:
            assert set(part.elements) <= set(each.crystal.atomic_numbers.tolist())
    nowhere = KnownComposition.from_elements(["Xe", "Rn"], complete=False)
    with pytest.raises(CrystalNetError, match="nothing gives a structure"):
        solve_peaks(peaks, nowhere, [lattice], gaussians)


def test_flipping_finds_what_symmetry_was_not_asked_for(gaussians: ValenceGaussians) -> None:
    peaks, lattice = peaks_of(FLUORITE), lattice_of("F", (5.46,))
    known = KnownComposition.from_formula("CaF2")
    found = solve_peaks(peaks, known, [lattice], gaussians, symmetry=False, analogy=False)
    assert StructureMatcher().fit(found[0].crystal.to_structure(), FLUORITE)
    with pytest.raises(CrystalNetError, match="nothing gives a structure"):
        solve_peaks(peaks, known, [lattice], gaussians, symmetry=False, analogy=False, effort=0.0)


def test_where_the_elements_alone_are_known_the_likeliest_formulas_are_tried(
    gaussians: ValenceGaussians, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crystal that is known with other elements only."""
    strange = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.8), ["Ra", "O"], [[0, 0, 0], [0.5] * 3]
    )
    peaks, lattice = peaks_of(strange), lattice_of("F", (5.8,))
    known = KnownComposition.from_elements(["Ra", "O"])
    monkeypatch.setattr(sources, "search", lambda *_, **__: [])
    monkeypatch.setattr(sources, "known_structures", lambda *_: [])
    best = solve_peaks(peaks, known, [lattice], gaussians, flipping=False)[0]
    assert best.formula == "RaO"
    assert StructureMatcher().fit(best.crystal.to_structure(), strange)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_search_finds_the_simplest_of_equals_first(seed: int) -> None:
    found = search(
        peaks_of(FLUORITE), [{20: 1, 9: 2}], lattice_of("F", (5.46,)), work=10**7, seed=seed
    )
    assert symmetry_of(found[0]) == Symmetry(48, 0)
