"""Kinds of lattice: all seven agree with themselves; one more is one file and one line."""

import argparse

import numpy as np
import pytest
from pymatgen.core import Lattice

from crystalnet.cli import types as option_types
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import conventional_lattices, lattice_lines
from crystalnet.solving.lattice.find import find_lattices, index_lattice
from crystalnet.solving.lattice.given import given_lattices
from crystalnet.solving.lattice.kinds import KINDS, crystal_systems_of, kind_of, lattices_of
from crystalnet.solving.lattice.kinds.lattice_kind import POINTS, LatticeKind
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.question import Question
from tests.solving.lattice.rhombohedral import OwnAxes

CU = 1.54184
BISMUTH = Lattice.rhombohedral(4.746, 57.2)
CELLS = {
    "cubic": (5.1,),
    "hexagonal": (5.1, 3.7),
    "trigonal": (5.1, 13.7),
    "tetragonal": (5.1, 3.7),
    "orthorhombic": (5.1, 6.3, 8.2),
    "monoclinic": (5.1, 6.3, 8.2, 104.0),
    "triclinic": (5.1, 6.3, 8.2, 80.0, 104.0, 97.0),
    "rhombohedral": (4.7, 57.0),
}


@pytest.fixture
def own_axes(monkeypatch: pytest.MonkeyPatch) -> OwnAxes:
    """The one line of a new kind."""
    kind = OwnAxes()
    monkeypatch.setitem(KINDS, kind.system, kind)
    return kind


@pytest.fixture(scope="module")
def peaks() -> MeasuredPeaks:
    bismuth = Crystal(
        "Bi", BISMUTH.matrix, np.array([83, 83]), np.outer([0.234, 0.766], np.ones(3))
    )
    pattern = powder_pattern(bismuth, CU, (15.0, 90.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (15.0, 90.0))


@pytest.mark.usefixtures("own_axes")
def test_a_new_kind_is_found_from_peaks_and_told(peaks: MeasuredPeaks) -> None:
    best = find_lattices(peaks, ("rhombohedral",))[0]
    assert best.edges == pytest.approx((4.746, 57.2), abs=5e-3)
    assert best.told().startswith("a = 4.74")
    assert best.told().endswith(" degrees")
    again = index_lattice(peaks.two_theta, CU, peaks.intensity, ["cubic", "rhombohedral"])[0]
    assert again.system == "rhombohedral"
    assert np.linalg.det(best.primitive) == pytest.approx(BISMUTH.volume, rel=2e-3)
    found = given_lattices(["tetragonal", "rhombohedral"], (4.75, 57.2), peaks)
    assert found[0].system == "rhombohedral"
    Question(system="rhombohedral", lattice=(4.75, 57.2))
    assert option_types.system("rhombohedral") == "rhombohedral"


def test_a_system_that_is_not_there_is_said() -> None:
    with pytest.raises(CrystalNetError, match="the crystal system 'rhombohedral'; want cubic or"):
        conventional_lattices("rhombohedral", 4.0, 57.0)
    with pytest.raises(argparse.ArgumentTypeError, match="invalid choice"):
        option_types.system("rhombohedral")


def test_trigonal_crystals_have_two_kinds_of_lattice() -> None:
    assert lattices_of("trigonal") == ("trigonal", "hexagonal")
    assert lattices_of("hexagonal") == ("hexagonal",)
    assert crystal_systems_of("hexagonal") == ("hexagonal", "trigonal")
    assert crystal_systems_of("trigonal") == ("trigonal",)
    numbers = sorted(number for kind in KINDS.values() for number in kind.groups)
    assert numbers == list(range(1, 231))


@pytest.mark.parametrize("kind", [*KINDS.values(), OwnAxes()], ids=lambda kind: kind.system)
def test_what_a_kind_says_agrees_with_itself(kind: LatticeKind) -> None:
    edges = CELLS[kind.system]
    parameters = kind.parameters_of(edges)
    assert kind.edges_of(parameters) == pytest.approx(edges)
    assert kind.volume_of(edges) == pytest.approx(Lattice.from_parameters(*kind.cell(edges)).volume)
    for centring in kind.centrings:
        primitive = kind.primitive(centring, edges)
        conventional = kind.conventional(centring, edges, primitive)
        assert np.linalg.det(conventional) == pytest.approx(kind.volume_of(edges))
        assert np.linalg.det(primitive) * POINTS[centring] == pytest.approx(kind.volume_of(edges))
        np.testing.assert_allclose(Lattice(conventional).parameters, kind.cell(edges), rtol=1e-9)
        ways = kind.families(centring, np.array([[1, 1, 1], [2, 0, 0]]))
        assert len(kind.often_unseen(centring)) == len(ways)


@pytest.mark.parametrize("kind", [*KINDS.values(), OwnAxes()], ids=lambda kind: kind.system)
def test_lines_are_those_of_the_primitive_cell(kind: LatticeKind, own_axes: OwnAxes) -> None:
    """All reflections of the primitive cell, by brute force, are lines, and the other way round."""
    edges = CELLS[kind.system]
    for centring in kind.centrings:
        hkl = np.indices((31, 31, 31)).reshape(3, -1).T - 15
        q = ((hkl @ np.linalg.inv(kind.primitive(centring, edges)).T) ** 2).sum(axis=1)
        indices, lines = lattice_lines(kind.system, centring, kind.parameters_of(edges), 0.6)
        np.testing.assert_allclose(
            np.unique(lines.round(7)), np.unique(q[(q > 1e-9) & (q < 0.6)].round(7)), atol=2e-7
        )
        np.testing.assert_allclose(kind.terms(indices) @ kind.parameters_of(edges), lines)


@pytest.mark.parametrize(
    ("system", "centring", "cell", "wanted"),
    [
        # a turned about b, and c about it: the same lattice, its shortest edges.
        ("monoclinic", "P", (8.2, 6.3, 5.1, 104.0), (5.1, 6.3, 8.2, 104.0)),
        ("monoclinic", "P", (5.1, 6.3, 9.0, 70.0), None),
        ("monoclinic", "C", (9.0, 6.3, 5.1, 130.0), None),
        ("orthorhombic", "P", (8.2, 5.1, 6.3), (5.1, 6.3, 8.2)),
        ("orthorhombic", "C", (8.2, 6.3, 5.1), (6.3, 8.2, 5.1)),
        ("triclinic", "P", (8.2, 5.1, 9.0, 70.0, 60.0, 50.0), None),
    ],
)
def test_standard_cells_are_of_the_same_lattice(system, centring, cell, wanted) -> None:
    kind = kind_of(system)
    standard = kind.standard(centring, cell)
    if wanted is not None:
        assert standard == pytest.approx(wanted)
    one, other = (
        Lattice(kind.primitive(centring, each)).get_niggli_reduced_lattice(1e-5).parameters
        for each in (cell, standard)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)
    if system == "monoclinic":
        a, _, c, beta = standard
        assert beta >= 90
        # Neither is shorter by adding the other (twice c to a of a C lattice).
        assert -a * c * np.cos(np.radians(beta)) <= a**2 / 2 + 1e-9
        step = 2 if centring == "C" else 1
        assert -a * c * np.cos(np.radians(beta)) <= step * c**2 / 2 + 1e-9


def test_a_lattice_may_be_given_in_part_or_whole() -> None:
    assert kind_of("tetragonal").free((4.6, 2.96)) == (4.6, 2.96)
    assert kind_of("tetragonal").free((4.6, 4.6, 2.96)) == (4.6, 2.96)
    assert kind_of("tetragonal").free((4.6, 4.9, 2.96)) is None
    assert kind_of("cubic").free((5.64, 5.64, 5.64, 90.0, 90.0, 90.0)) == (5.64,)
    assert kind_of("hexagonal").free((4.6, 4.6, 2.96, 90.0, 90.0, 120.0)) == (4.6, 2.96)
    assert kind_of("tetragonal").free((4.6, 4.6, 2.96, 90.0, 90.0, 120.0)) is None
    assert kind_of("monoclinic").free((5.0, 6.0, 7.0, 100.0)) == (5, 6, 7, 100)
    assert kind_of("monoclinic").free((5.0, 6.0, 7.0, 5.0)) is None
    assert kind_of("orthorhombic").free((5.0, 6.0, 7.0)) == (5, 6, 7)
    with pytest.raises(CrystalNetError, match=r"want a \(cubic\); a, c \(hexagonal, trigonal, tet"):
        Question(lattice=(4.0, 5.0, 6.0, 7.0))
    with pytest.raises(CrystalNetError, match="want lengths"):
        Question(lattice=(400.0,))
