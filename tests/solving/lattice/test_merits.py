"""Figures of merit of a lattice: de Wolff's, and Smith and Snyder's."""

import numpy as np
import pytest

from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import score_lattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL

CU, EDGE = 1.5406, 6.2


def peaks_of(sums: list[int], error: float) -> MeasuredPeaks:
    """Lines of a cube by h^2 + k^2 + l^2, as much too high as the next is too low, in degrees."""
    angles = np.degrees(2 * np.arcsin(CU * np.sqrt(sums) / (2 * EDGE)))
    angles += error * (-1) ** np.arange(len(sums))
    return MeasuredPeaks(angles, np.ones(len(sums)), CU, (8.0, 90.0))


# A primitive cube has no lines at 7, 15, 23 and 28.
EVERY = [n for n in range(1, 27) if n not in (7, 15, 23)]


@pytest.mark.parametrize("missing", [[], [4, 11, 17]])
def test_figures_of_merit(missing: list[int]) -> None:
    sums = [n for n in EVERY if n not in missing]
    peaks = peaks_of(sums, 0.01)
    lines = Lines.of(peaks, 0.05, USUAL.lattices)
    fit = score_lattice("cubic", "P", kind_of("cubic").parameters_of((EDGE,)), 0.0, lines)
    assert fit is not None
    lattice = fit.lattice()
    assert lattice.merited == 20
    # Lines of the lattice up to the twentieth that is seen.
    possible = EVERY.index(sums[19]) + 1
    assert lattice.f_n == pytest.approx(20 / (0.01 * possible))
    q = np.array(sums[:20]) / EDGE**2
    seen = (2 * np.sin(np.radians(peaks.two_theta[:20] / 2)) / CU) ** 2
    assert lattice.m_n == pytest.approx(seen[-1] / (2 * np.abs(seen - q).mean() * possible))
    told = lattice.entry()
    assert told["parameters"] == {"a": pytest.approx(EDGE)}
    assert (told["n"], told["m_n"], told["f_n"]) == (20, lattice.m_n, lattice.f_n)
