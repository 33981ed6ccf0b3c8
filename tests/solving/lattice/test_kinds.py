"""A crystal system is one file and one line: tetragonal lattices, from peaks to structures."""

import argparse

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet import cli
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.lattice.find import find_lattices, given_lattices, index_lattice
from crystalnet.solving.lattice.kinds import KINDS, kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import LatticeKind
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.question import Question
from crystalnet.solving.search.symmetric_search import search
from tests.solving.lattice.tetragonal import Tetragonal

CU = 1.54184
RUTILE = Structure.from_spacegroup(
    "P4_2/mnm", Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
)


@pytest.fixture
def tetragonal(monkeypatch: pytest.MonkeyPatch) -> Tetragonal:
    """The one line of a new system."""
    kind = Tetragonal()
    monkeypatch.setitem(KINDS, kind.system, kind)
    return kind


@pytest.fixture(scope="module")
def peaks() -> MeasuredPeaks:
    pattern = powder_pattern(Crystal.from_structure(RUTILE), CU, (15.0, 90.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (15.0, 90.0))


@pytest.mark.usefixtures("tetragonal")
def test_a_new_system_is_indexed_and_solved(peaks: MeasuredPeaks) -> None:
    best = find_lattices(peaks, ("tetragonal",))[0]
    assert best.edges == pytest.approx((4.594, 2.959), abs=2e-3)
    assert (best.a, best.c) == best.edges
    assert best.told().startswith("a = 4.59")
    again = index_lattice(peaks.two_theta, CU, peaks.intensity, ["cubic", "tetragonal"])[0]
    assert again.system == "tetragonal"
    found = search(peaks, [{22: 2, 8: 4}], best, work=30_000_000)
    assert RUTILE.matches(found[0].to_structure())


@pytest.mark.usefixtures("tetragonal")
def test_given_edges_are_tried_in_every_system_that_has_as_many(peaks: MeasuredPeaks) -> None:
    found = given_lattices(["trigonal", "tetragonal"], (4.6, 2.96), peaks)
    assert found[0].system == "tetragonal"
    Question(system="tetragonal", lattice=(4.6, 2.96))
    with pytest.raises(CrystalNetError, match="a and c of a tetragonal one"):
        Question(lattice=(4.0, 5.0, 6.0))
    assert cli._system("tetragonal") == "tetragonal"


def test_a_system_that_is_not_there_is_said() -> None:
    with pytest.raises(CrystalNetError, match="the crystal system 'tetragonal'; want cubic or"):
        conventional_lattices("tetragonal", 4.0, 5.0)
    with pytest.raises(CrystalNetError, match="want cubic or trigonal"):
        kind_of("tetragonal")
    with pytest.raises(argparse.ArgumentTypeError, match="invalid choice"):
        cli._system("tetragonal")


@pytest.mark.parametrize("kind", [*KINDS.values(), Tetragonal()], ids=lambda kind: kind.system)
def test_what_a_kind_says_agrees_with_itself(kind: LatticeKind) -> None:
    edges = (5.1, 3.7)[: len(kind.edges)]
    parameters = kind.parameters_of(edges)
    assert [float(edge) for edge in kind.edges_of(*parameters)] == pytest.approx(edges)
    for centring in kind.centrings:
        primitive = kind.primitive(centring, edges)
        conventional = kind.conventional(centring, edges, primitive)
        volume = float(kind.volume_of(*map(np.float64, edges)))
        assert np.linalg.det(conventional) == pytest.approx(volume)
        points = {"P": 1, "I": 2, "F": 4, "R": 3}[centring]
        assert np.linalg.det(primitive) * points == pytest.approx(volume)
        # Every line of the table is that of a lattice vector of the reciprocal primitive cell.
        hkl = np.indices((13, 13, 13)).reshape(3, -1).T - 6
        q = ((hkl @ np.linalg.inv(primitive).T) ** 2).sum(axis=1)
        lines = np.sort(kind.line_table(centring).terms @ parameters)[:8]
        np.testing.assert_allclose(np.unique(q.round(9))[1:9], np.unique(lines.round(9)), rtol=1e-6)
    assert len(set(KINDS)) == len(KINDS)
