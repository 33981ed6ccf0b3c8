"""Structures from Wyckoff positions: intensities against pymatgen, and known crystals found."""

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.lattice.cells import (
    IndexedLattice,
    conventional_cell,
    conventional_lattices,
)
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search import symmetric_search
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.cell_contents import cell_contents
from crystalnet.solving.search.group_search import GroupSearch
from crystalnet.solving.search.occupations import Occupation, occupations
from crystalnet.solving.search.symmetric_search import search
from crystalnet.solving.symmetry.conventional import space_group_of
from crystalnet.solving.symmetry.frames import Frame, frames_of
from crystalnet.solving.symmetry.orbit_distances import Distances
from crystalnet.solving.symmetry.wyckoff import space_group

CU = 1.5406
SPINEL = Structure.from_spacegroup(
    "Fd-3m:2",
    Lattice.cubic(8.08),
    ["Mg", "Al", "O"],
    [[1 / 8] * 3, [0.5] * 3, [0.2624] * 3],
)
QUARTZ = Structure.from_spacegroup(
    "P3_121",
    Lattice.hexagonal(4.913, 5.405),
    ["Si", "O"],
    [[0.4697, 0, 1 / 3], [0.4135, 0.2669, 0.7858 - 1 / 3]],
)
CORUNDUM = Structure.from_spacegroup(
    "R-3c", Lattice.hexagonal(4.76, 12.99), ["Al", "O"], [[0, 0, 0.3522], [0.3063, 0, 0.25]]
)
WURTZITE = Structure.from_spacegroup(
    "P6_3mc",
    Lattice.hexagonal(3.25, 5.207),
    ["Zn", "O"],
    [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
)


def peaks_of(structure: Structure, last: float = 90.0) -> MeasuredPeaks:
    pattern = XRDCalculator(CU).get_pattern(structure, two_theta_range=(5, last))
    return MeasuredPeaks(pattern.x, pattern.y, CU, (5.0, last))


def lattice_of(structure: Structure, centring: str) -> IndexedLattice:
    lattice = structure.lattice
    cubic = np.allclose(lattice.angles, 90)
    edges = (lattice.a,) if cubic else (lattice.a, lattice.c)
    system = "cubic" if cubic else "trigonal" if centring == "R" else "hexagonal"
    found = conventional_lattices(system, *edges)
    return next(each for each in found if each.centring == centring)


def frame_of(lattice: IndexedLattice, number: int) -> Frame:
    return frames_of(lattice, number)[0]


def counts_of(structure: Structure, images: int) -> dict[int, int]:
    return {e.Z: round(n / images) for e, n in structure.composition.items()}


def matches(found: object, truth: Structure) -> bool:
    return bool(StructureMatcher().fit(found.to_structure(), truth))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("truth", "centring", "images"),
    [(SPINEL, "F", 4), (QUARTZ, "P", 1), (CORUNDUM, "R", 3), (WURTZITE, "P", 1)],
    ids=["spinel", "quartz", "corundum", "wurtzite"],
)
def test_known_crystals_are_found(truth: Structure, centring: str, images: int) -> None:
    peaks, lattice = peaks_of(truth), lattice_of(truth, centring)
    found = search(peaks, [counts_of(truth, images)], lattice)
    assert matches(found[0], truth)
    again = search(peaks, [counts_of(truth, images)], lattice)
    np.testing.assert_array_equal(found[0].frac_coords, again[0].frac_coords)


def test_coordinates_are_refined() -> None:
    found = search(peaks_of(SPINEL), [counts_of(SPINEL, 4)], lattice_of(SPINEL, "F"))[0]
    crystal = found.to_structure()
    # The oxygen of spinel by its distance from magnesium, along the body diagonal.
    magnesium = [i for i in range(len(crystal)) if crystal[i].specie.Z == 12]
    oxygen = [i for i in range(len(crystal)) if crystal[i].specie.Z == 8]
    near = min(crystal.get_distance(m, o) for m in magnesium for o in oxygen)
    assert near == pytest.approx(8.08 * 3**0.5 * (0.2624 - 0.125), abs=0.003)


def test_wrong_contents_explain_nothing() -> None:
    assert not any(
        matches(each, CORUNDUM)
        for each in search(
            peaks_of(CORUNDUM), [{13: 6, 8: 4}], lattice_of(CORUNDUM, "R"), work=20_000_000
        )
    )


def test_symmetry_is_worth_a_little_residual(monkeypatch: pytest.MonkeyPatch) -> None:
    salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0] * 3, [0.5] * 3])
    residuals: dict[int, float] = {}

    def arrangements(
        searches: list[GroupSearch], *_: object
    ) -> list[tuple[GroupSearch, Arrangement]]:
        return [
            (one, Arrangement(way, (np.empty(0),) * 2, residuals[one.group.number]))
            for one in searches
            if one.group.number in residuals
            # Rock salt in Fm-3m, zinc blende in F-43m.
            for way in list(occupations(one.group, {12: 4, 8: 4}, 0))[-1:]
        ]

    monkeypatch.setattr(symmetric_search, "_of_complexity", arrangements)
    places = []
    # Fm-3m has 48 operations beside the centring, F-43m 24: that is worth 0.03 log 2 / log 48.
    for high, low in ((0.014, 0.010), (0.018, 0.010)):
        residuals.update({225: high, 216: low})
        found = search(peaks_of(salt), [{12: 1, 8: 1}], lattice_of(salt, "F"))
        places.append([space_group_of(each)[0] for each in found])
    assert places == [[225, 216], [216, 225]]


def test_intensities_are_those_of_pymatgen() -> None:
    peaks, lattice = peaks_of(SPINEL), lattice_of(SPINEL, "F")
    lines = LineIntensities(peaks, lattice, frame_of(lattice, 227), 1.1)
    assert lines.possible
    x = np.linspace(0, 1, 5001)[:, None]
    residuals = [
        lines.residual(
            sum(
                lines.orbit_waves(p, x[:, : p.freedom]) * lines.form(z)
                for p, z in zip(way.positions, way.numbers, strict=True)
            ),
            0.0,
        ).min()
        for way in spinel_ways()
    ]
    assert min(residuals) < 2e-3


def spinel_ways() -> list[Occupation]:
    """Aluminium on 16 points, magnesium on 8 and oxygen on 32 that are free along a diagonal."""
    return [
        way
        for way in occupations(space_group(227), {12: 8, 13: 16, 8: 32}, 1)
        if [p.multiplicity for p in way.positions] == [16, 8, 32]
    ]


def test_a_group_whose_absences_the_pattern_breaks_is_impossible() -> None:
    peaks = peaks_of(WURTZITE)
    lattice = lattice_of(WURTZITE, "P")
    assert LineIntensities(peaks, lattice, frame_of(lattice, 186), 1.0).possible
    # P6_3/mcm lacks h0l of odd l, among them the strong 101.
    assert not LineIntensities(peaks, lattice, frame_of(lattice, 193), 1.0).possible


def test_spinel_is_one_of_the_ways_and_none_comes_twice() -> None:
    group = space_group(227)
    ways = list(occupations(group, {12: 8, 13: 16, 8: 32}, 1))
    names = {tuple(sorted(way.places)) for way in ways}
    assert len(names) == len(ways)
    assert {way.places for way in spinel_ways()} <= {way.places for way in ways}
    assert spinel_ways()
    for complexity in range(5):
        for way in occupations(group, {12: 8, 13: 16, 8: 32}, complexity):
            held: dict[int, int] = {}
            for position, number in zip(way.positions, way.numbers, strict=True):
                held[number] = held.get(number, 0) + position.multiplicity
            assert held == {12: 8, 13: 16, 8: 32}
            extra = len(way.places) - 3
            assert sum(p.freedom for p in way.positions) + extra == complexity


def test_a_point_is_taken_once() -> None:
    # Two atoms of 1a, 1b or 3c and so on of Pm-3m; 1a twice would be two atoms in one place.
    ways = list(occupations(space_group(221), {26: 2}, 1))
    assert [sorted(place for place, _ in way.places) for way in ways] == [[0, 1]]


@pytest.mark.parametrize(("truth", "centring"), [(SPINEL, "F"), (QUARTZ, "P"), (CORUNDUM, "R")])
def test_distances_are_those_of_pymatgen(truth: Structure, centring: str) -> None:
    lattice = lattice_of(truth, centring)
    x = np.random.default_rng(3).random((50, 2, 3))
    found = Distances(conventional_cell(lattice), lattice.primitive).nearest(
        x[:, 0], x[:, 1:], same=False
    )
    primitive = Lattice(lattice.primitive)
    cartesian = x @ conventional_cell(lattice)
    for (one, other), near in zip(cartesian, found, strict=True):
        start, end = (primitive.get_fractional_coords(point) for point in (one, other))
        expected = primitive.get_all_distances(start, end)[0, 0]
        assert near == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("truth", "centring"), [(SPINEL, "F"), (QUARTZ, "P"), (CORUNDUM, "R")])
def test_orbits_keep_their_distance_where_pymatgen_says_so(truth: Structure, centring: str) -> None:
    lattice = lattice_of(truth, centring)
    generator = np.random.default_rng(4)
    own, other = generator.random((60, 3, 3)), generator.random((60, 2, 3))
    limits = [1.0, 1.2]
    found = Distances(conventional_cell(lattice), lattice.primitive).keeps([own, other], limits)
    primitive = Lattice(lattice.primitive)
    for orbits, kept in zip(zip(own, other, strict=True), found, strict=True):
        inside = primitive.get_fractional_coords(
            np.concatenate(orbits) @ conventional_cell(lattice)
        )
        distances = primitive.get_all_distances(inside[:1], inside)[0]
        # The first point is as far from its own images as the lattice is wide.
        distances[0] = np.linalg.norm(primitive.get_lll_reduced_lattice().matrix, axis=1).min()
        assert kept == (distances > np.repeat(limits, [3, 2])).all()
    assert 0 < found.sum() < len(found)


def test_atoms_too_near_are_no_arrangement() -> None:
    lattice = lattice_of(SPINEL, "F")
    searching = GroupSearch(peaks_of(SPINEL), lattice, frame_of(lattice, 227), 1.2)
    sampled = [searching.sample(way, np.random.default_rng(0)) for way in spinel_ways()]
    assert all(draft is None for _, draft in sampled), "one free orbit is sampled at once"
    refined = [searching.refine(each) for arrangements, _ in sampled for each in arrangements]
    best = min((r for r in refined if r is not None), key=lambda each: each.residual)
    assert best.residual < 0.01
    crystal = searching.crystal(best).to_structure()
    distances = crystal.distance_matrix + 9 * np.eye(len(crystal))
    assert distances.min() > 1.5
    # Oxygen that starts on a metal stays there by symmetry, and that is no arrangement.
    collapsed = Arrangement(best.occupation, tuple(np.zeros_like(p) for p in best.parameters), 1.0)
    assert searching.refine(collapsed) is None


def test_fewer_areas_than_numbers_can_be_refined_too() -> None:
    few = peaks_of(QUARTZ, 28.0)
    group = space_group(152)
    lattice = lattice_of(QUARTZ, "P")
    searching = GroupSearch(few, lattice, frame_of(lattice, 152))
    # For the scale, a displacement parameter and four coordinates.
    assert len(searching.lines.target) < 6
    way = next(
        way
        for way in occupations(group, {14: 3, 8: 6}, 4)
        if [p.multiplicity for p in way.positions] == [3, 6]
    )
    near = Arrangement(way, (np.array([0.46]), np.array([0.26, 0.41, 0.78])), 1.0)
    refined = searching.refine(near)
    assert refined is not None
    assert refined.residual < 0.01


def test_contents_of_cells() -> None:
    quartz = KnownComposition.from_formula("SiO2")
    assert {8: 6, 14: 3} in cell_contents(quartz, 113.0)
    pyrochlore = KnownComposition.from_formula("Gd2Hf2O7")
    # One formula unit would leave the cell half empty: that comes last.
    assert cell_contents(pyrochlore, 10.5**3 / 4) == [
        {8: 14, 64: 4, 72: 4},
        {8: 7, 64: 2, 72: 2},
    ]
    # Of elements alone balanced charges come first, and each element is there.
    found = cell_contents(KnownComposition.from_elements(["Si", "O"]), 113.0)
    assert {8: 6, 14: 3} in found[:2]
    assert all(set(each) == {8, 14} and min(each.values()) > 0 for each in found)
    assert cell_contents(KnownComposition.from_elements(["Si"], complete=False), 113.0) == []
    # A cell too small for any number of formula units holds one all the same.
    assert cell_contents(pyrochlore, 30.0) == [{8: 7, 64: 2, 72: 2}]
