"""Lattices and their order do not hang on the order of peaks or on the last bits of angles."""

import numpy as np
import pytest

from crystalnet.solving.lattice.cells import (
    IndexedLattice,
    conventional_lattices,
    primitive_lattice,
)
from crystalnet.solving.lattice.distinct import in_score_order
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.given import with_peaks
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import LatticeFit
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL

CU, LIMITS = 1.540562, (8.0, 90.0)
# Without errors of position, where lines of wrong lattices coincide exactly too: a cube is a
# rhombohedron of 90 degrees.
CELLS = {
    "cubic P": ("cubic", "P", 4.1),
    "trigonal R": ("trigonal", "R", 4.76, 12.99),
    "hexagonal P of c = a": ("hexagonal", "P", 4.9, 4.9),
    "monoclinic C": ("monoclinic", "C", 9.75, 8.9, 5.25, 105.9),
}


def exact(name: str) -> MeasuredPeaks:
    system, centring, *edges = CELLS[name]
    reciprocal = np.linalg.inv(primitive_lattice(system, centring, *edges)).T
    hkl = np.indices((25, 25, 25)).reshape(3, -1).T - 12
    q = np.unique(np.round(((hkl @ reciprocal) ** 2).sum(axis=1), 9))
    sine = CU * np.sqrt(q) / 2
    angle = np.degrees(2 * np.arcsin(sine[sine < 1]))
    angle = angle[(angle > LIMITS[0]) & (angle < LIMITS[1])]
    return MeasuredPeaks(angle, np.random.default_rng(0).uniform(5, 9, len(angle)), CU, LIMITS)


def disturbed(peaks: MeasuredPeaks, seed: int) -> MeasuredPeaks:
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(peaks.two_theta))
    noise = 1e-12 * generator.standard_normal(len(order))
    return MeasuredPeaks(
        (peaks.two_theta + noise)[order], peaks.intensity[order], CU, peaks.two_theta_range
    )


def named(found: list[IndexedLattice]) -> list[tuple[object, ...]]:
    return [
        (x.system, x.centring, *(round(each, 4) for each in x.edges), x.unexplained) for x in found
    ]


@pytest.mark.parametrize("name", CELLS)
def test_the_same_lattices_in_the_same_order(name: str) -> None:
    peaks = exact(name)
    found = named(find_lattices(peaks))
    assert found[0][:2] == CELLS[name][:2]
    assert named(find_lattices(disturbed(peaks, 1))) == found


def test_given_lattices_keep_their_order() -> None:
    peaks = exact("trigonal R")
    given = [
        each
        for system in ("trigonal", "hexagonal")
        for each in conventional_lattices(system, 4.76, 12.99)
    ]
    assert [x.centring for x in with_peaks(given, disturbed(peaks, 1))] == ["R", "P"]
    assert [x.centring for x in with_peaks(given[::-1], peaks)] == ["R", "P"]


@pytest.mark.parametrize("noise", [0.0, 1e-12, -1e-12])
def test_of_equal_scores_the_smaller_cell_comes_first(noise: float) -> None:
    def fit(a: float, score: float) -> LatticeFit:
        return LatticeFit(
            "cubic", "P", np.array([a**-2]), 0.0, score, 0.02, 1.0, 1.0, np.ones(3, dtype=bool)
        )

    fits = [fit(8.0, 5 + noise), fit(4.0, 5.0), fit(6.0, 5 - noise), fit(9.0, 5.1)]
    assert [round(x.lattice().a) for x in in_score_order(fits)] == [9, 4, 6, 8]
    assert [round(x.lattice().a) for x in in_score_order(fits[::-1])] == [9, 4, 6, 8]


def test_of_peaks_at_one_place_the_stronger_comes_first() -> None:
    for angle in ([30.0, 40.0, 40.0 + 1e-13], [30.0, 40.0, 40.0 - 1e-13]):
        for strength in ([3.0, 1, 2], [3.0, 2, 1]):
            peaks = MeasuredPeaks(np.array(angle), np.array(strength), CU, LIMITS)
            np.testing.assert_allclose(
                Lines.of(peaks, 0.05, USUAL.lattices).share, np.array([3, 2, 1]) / 6
            )
