"""Lattices from the positions of powder lines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import conventional_lattices, primitive_lattice
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.given import with_peaks
from crystalnet.solving.lattice.kinds import KINDS, kind_of
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.settings import USUAL

STRUCTURES = Path(__file__).parents[3] / "data" / "structures.parquet"
CU = 1.54184
LIMITS = (5.0, 90.0)
# Without those over the stronger lines alone.
ONE_PASS = replace(USUAL.lattices, trials=USUAL.lattices.trials[:1])


def lines_of(lattice, seed=0, error=0.01, limits=LIMITS, shift=0.0):
    """Every line of a primitive cell, with random intensities and errors of position."""
    generator = np.random.default_rng(seed)
    hkl = np.indices((41, 41, 41)).reshape(3, -1).T - 20
    q = ((hkl @ np.linalg.inv(lattice).T) ** 2).sum(axis=1)
    sine = CU * np.sqrt(q) / 2
    two_theta = np.degrees(2 * np.arcsin(sine[(sine > 0) & (sine < 1)]))
    two_theta = np.unique(np.round(two_theta, 6))
    two_theta = two_theta[np.diff(two_theta, prepend=-1.0) > 0.05]
    two_theta = two_theta[(two_theta > limits[0]) & (two_theta < limits[1] - 0.5)]
    two_theta = two_theta + shift + generator.normal(0, error, len(two_theta))
    return MeasuredPeaks(two_theta, generator.uniform(2, 100, len(two_theta)), CU, limits)


def same_lattice(one, other):
    reduced = [
        np.array(Lattice(x).get_niggli_reduced_lattice(1e-3).parameters) for x in (one, other)
    ]
    return np.allclose(reduced[0][:3], reduced[1][:3], rtol=3e-3) and np.allclose(
        reduced[0][3:], reduced[1][3:], atol=0.3
    )


@pytest.mark.parametrize("centring", ["F", "I", "P"])
@pytest.mark.parametrize("seed", range(3))
def test_random_cubic_lattices_are_found(centring, seed):
    a = np.random.default_rng(seed).uniform(5, 10)
    true = primitive_lattice("cubic", centring, a)
    best = find_lattices(lines_of(true, seed))[0]
    assert same_lattice(best.primitive, true)
    assert (best.system, best.centring) == ("cubic", centring)
    # Errors of 0.01 degrees at 20 to 60 lines: an edge within 1e-4 to 2e-4, M_20 above 100.
    assert best.a == pytest.approx(a, rel=2e-4)
    assert best.c is None
    assert best.m_n > 100


@pytest.mark.parametrize(("system", "centring"), [("trigonal", "R"), ("hexagonal", "P")])
@pytest.mark.parametrize("seed", range(3))
def test_random_lattices_on_hexagonal_axes_are_found(system, centring, seed):
    generator = np.random.default_rng(seed)
    a = generator.uniform(3.5, 7)
    c = a * generator.uniform(0.7, 3) * (2 if centring == "R" else 1)
    true = primitive_lattice(system, centring, a, c)
    best = find_lattices(lines_of(true, seed))[0]
    assert same_lattice(best.primitive, true)
    assert (best.system, best.centring) == (system, centring)
    assert best.a == pytest.approx(a, rel=3e-4)
    assert best.c == pytest.approx(c, rel=3e-4)


def test_zero_shift_and_impurity():
    true = primitive_lattice("hexagonal", "P", 4.91, 5.40)
    peaks = lines_of(true, shift=0.05)
    two_theta = np.append(peaks.two_theta, 33.3)
    peaks = MeasuredPeaks(two_theta, np.append(peaks.intensity, 3.0), CU, LIMITS)
    best = find_lattices(peaks)[0]
    assert best.unexplained == 1
    # Shift and edges trade: 0.007 degrees of it go into an edge.
    assert best.zero_shift == pytest.approx(0.05, abs=0.01)
    assert best.a == pytest.approx(4.91, rel=2e-4)


def test_most_limits_and_order_is_by_fit():
    peaks = lines_of(primitive_lattice("cubic", "F", 5.64))
    found = find_lattices(peaks, most=2)
    assert len(found) <= 2
    assert found[0].centring == "F"


LOW = {
    ("tetragonal", "P"): (4.6, 2.96),
    ("tetragonal", "I"): (3.78, 9.51),
    ("orthorhombic", "P"): (4.96, 7.97, 5.74),
    ("orthorhombic", "C"): (6.1, 9.3, 5.2),
    ("orthorhombic", "I"): (5.3, 7.1, 9.9),
    ("orthorhombic", "F"): (10.47, 12.87, 24.49),
    ("monoclinic", "P"): (5.15, 5.21, 5.317, 99.2),
    ("monoclinic", "C"): (9.75, 8.9, 5.25, 105.9),
    ("triclinic", "P"): (5.1, 6.3, 7.7, 81.0, 97.0, 106.0),
}


@pytest.mark.parametrize(("system", "centring"), LOW)
def test_lattices_of_low_symmetry_are_found_among_all(system, centring):
    true = primitive_lattice(system, centring, *LOW[system, centring])
    best = find_lattices(lines_of(true))[0]
    assert same_lattice(best.primitive, true)
    assert (best.system, best.centring) == (system, centring)
    kind = kind_of(system)
    assert best.edges == pytest.approx(kind.standard(centring, LOW[system, centring]), rel=2e-3)
    assert best.unexplained == 0


@pytest.mark.parametrize(
    ("system", "centring", "edges", "named"),
    [
        # Lattices of higher symmetry, in a cell of lower: the symmetry of the lattice is told.
        ("orthorhombic", "C", (5.0, 5.0 * 3**0.5, 4.1), ("hexagonal", "P")),
        ("monoclinic", "P", (5.0, 7.0, 6.0, 90.0), ("orthorhombic", "P")),
        ("trigonal", "R", (5.64 / 2**0.5, 5.64 * 3**0.5), ("cubic", "F")),
        ("triclinic", "P", (4.0, 4.0, 6.0, 90.0, 90.0, 90.0), ("tetragonal", "P")),
    ],
)
def test_the_highest_symmetry_is_told(system, centring, edges, named):
    true = primitive_lattice(system, centring, *edges)
    best = find_lattices(lines_of(true))[0]
    assert (best.system, best.centring) == named
    assert same_lattice(best.primitive, true)


def test_lines_anywhere_fit_nothing():
    places = np.sort(np.random.default_rng(3).uniform(10, 89, 40))
    with pytest.raises(
        CrystalNetError, match=r"no cubic or .* or triclinic lattice fits the 40 .* measure the low"
    ):
        find_lattices(MeasuredPeaks(places, np.ones(40), CU, LIMITS), settings=ONE_PASS)


def test_too_few_peaks():
    two = MeasuredPeaks(np.array([30.0, 40.0]), np.ones(2), CU, LIMITS)
    with pytest.raises(CrystalNetError, match="2 significant peaks; want at least 3"):
        find_lattices(two)
    four = MeasuredPeaks(np.array([30.0, 40.0, 50.0, 60.0]), np.ones(4), CU, LIMITS)
    with pytest.raises(CrystalNetError, match="want at least 5 for a tetragonal"):
        find_lattices(four, ("tetragonal",))
    with pytest.raises(CrystalNetError, match="tolerance"):
        Lines.of(four, 0.0, USUAL.lattices)


@pytest.mark.parametrize("centring", ["F", "I", "P"])
def test_absences_choose_the_cubic_centring(centring):
    peaks = lines_of(primitive_lattice("cubic", centring, 6.2))
    ordered = with_peaks(conventional_lattices("cubic", 6.21), peaks)
    assert ordered[0].centring == centring
    # P has every line; F and I leave out those of each other.
    assert {x.centring for x in ordered} == {centring, "P"}
    assert ordered[0].a == pytest.approx(6.2, rel=1e-3)


def test_absences_choose_between_rhombohedral_and_hexagonal():
    systems = ("trigonal", "hexagonal")
    given = [each for system in systems for each in conventional_lattices(system, 4.99, 17.06)]
    for system, centring in zip(systems, ("R", "P"), strict=True):
        peaks = lines_of(primitive_lattice(system, centring, 4.99, 17.06))
        assert with_peaks(given, peaks)[0].centring == centring


def test_wrong_edges_are_refused():
    peaks = lines_of(primitive_lattice("cubic", "F", 6.2))
    with pytest.raises(CrystalNetError, match=r"no lattice of a = 4\.7 A explains"):
        with_peaks(conventional_lattices("cubic", 4.7), peaks)


def test_edges_and_centrings_are_checked():
    with pytest.raises(CrystalNetError, match="never R-centred"):
        primitive_lattice("cubic", "R", 4.0)
    with pytest.raises(CrystalNetError, match="give a alone"):
        primitive_lattice("cubic", "P", 4.0, 5.0)
    with pytest.raises(CrystalNetError, match="give a and c"):
        conventional_lattices("trigonal", 4.0)
    with pytest.raises(CrystalNetError, match=r"-4\.0 A; want a positive"):
        primitive_lattice("cubic", "P", -4.0)
    with pytest.raises(CrystalNetError, match="no cell has the angles"):
        primitive_lattice("triclinic", "P", 4.0, 5.0, 6.0, 60.0, 60.0, 150.0)


def test_primitive_cells_are_those_of_the_stored_crystals():
    table = pd.read_parquet(STRUCTURES, columns=["crystal_system", "lattice", "nsites"])
    rows = table[table["nsites"] <= 8].sample(300, random_state=0)
    agree = []
    for row in rows.itertuples():
        stored = np.asarray(row.lattice, dtype=float).reshape(3, 3)
        # The lattice alone, so that its own metric says which it is.
        edges = np.linalg.norm(stored, axis=1)
        parameters = np.array(Lattice(stored).parameters)
        candidates = []
        if row.crystal_system == "cubic":
            for centring, factor in (("F", 2**0.5), ("I", 2 / 3**0.5), ("P", 1.0)):
                candidates.append(primitive_lattice("cubic", centring, edges.mean() * factor))
        else:
            a, c = edges[:2].mean(), edges[2]
            candidates.append(primitive_lattice("hexagonal", "P", a, c))
            alpha = np.radians(parameters[3:].mean())
            a, c = 2 * a * np.sin(alpha / 2), edges.mean() * (3 + 6 * np.cos(alpha)) ** 0.5
            candidates.append(primitive_lattice("trigonal", "R", a, c))
        agree.append(
            any(
                np.allclose(Lattice(cell).parameters, parameters, rtol=2e-3, atol=2e-3)
                for cell in candidates
            )
        )
    # Of the 13 others, 9 are rhombohedral with two edges in the layer and one between layers, one
    # cubic cell has other edges, and three are distorted by up to 3 %.
    assert sum(agree) == 287


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("system", "centring"), [(kind.system, c) for kind in KINDS.values() for c in kind.centrings]
)
def test_primitive_cells_are_pymatgens(system, centring):
    """spglib names the lattice, and its standard primitive cell is of the same one."""
    edges = {**LOW, ("cubic", centring): (5.0,)}.get((system, centring), (5.0, 12.9))
    lattice = primitive_lattice(system, centring, *edges)
    analyzer = SpacegroupAnalyzer(Structure(lattice, ["Na"], [[0.0, 0.0, 0.0]]))
    assert analyzer.get_space_group_symbol()[0] == centring
    standard = analyzer.get_primitive_standard_structure(international_monoclinic=False)
    if system in ("cubic", "hexagonal", "trigonal"):
        np.testing.assert_allclose(
            standard.lattice.parameters, Lattice(lattice).parameters, rtol=1e-6
        )
    assert same_lattice(standard.lattice.matrix, lattice)
    assert np.linalg.det(lattice) > 0


MINERALS = Path(__file__).parents[3] / "data" / "measured_patterns"


@pytest.mark.parametrize(
    ("name", "system", "centring", "edges"),
    [
        ("rutile", "tetragonal", "P", (4.594, 2.959)),
        ("celestine", "orthorhombic", "P", (5.36, 6.87, 8.38)),
        ("pyroxene_diopside", "monoclinic", "C", (9.75, 8.93, 5.25, 105.9)),
        ("fluorapatite", "hexagonal", "P", (9.37, 6.88)),
        ("siderite", "trigonal", "R", (4.68, 15.3)),
    ],
)
def test_measured_minerals_have_their_lattice(name, system, centring, edges):
    """Lattices of the literature (Handbook of Mineralogy); the minerals are natural."""
    pattern = read_pattern(MINERALS / f"rockjock_{name}.xy", None, radiation("CuKa"))
    best = find_lattices(find_peaks(pattern).peaks, list(KINDS))[0]
    assert (best.system, best.centring) == (system, centring)
    assert best.edges == pytest.approx(edges, rel=1e-2)
