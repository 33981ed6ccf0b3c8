"""Lines and their R factors, beside profiles that are made in full."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.flawed_patterns import simulated
from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL
from crystalnet.solving.verdict.lines import CrystalLines
from tests.solving.verdict.conftest import CRYSTALS, CU

Peaks = Callable[[Crystal], MeasuredPeaks]


@pytest.mark.parametrize(("name", "old", "new"), [("hematite", 26, 25), ("quartz", 8, 7)])
def test_the_r_factor_is_that_of_the_profile(
    name: str, old: int, new: int, peaks_of: Peaks
) -> None:
    crystal = CRYSTALS[name]
    peaks = peaks_of(crystal)
    lines = CrystalLines(crystal, peaks, USUAL.agreement)
    own = {z: z for z in np.unique(crystal.atomic_numbers).tolist()}
    for elements in (own, {**own, old: new}):
        numbers = np.array([elements[z] for z in crystal.atomic_numbers.tolist()])
        expected = match_pattern(replace(crystal, atomic_numbers=numbers), peaks).rwp
        found = lines.rwp(lines.areas(elements)[None])[0]
        # Reflections within a step are in one place here.
        assert found == pytest.approx(expected, abs=0.02)


def test_nothing_falls_below_the_best_areas(peaks_of: Peaks) -> None:
    crystal = CRYSTALS["quartz"]
    peaks = peaks_of(crystal)
    lines = CrystalLines(crystal, peaks, USUAL.agreement)
    least = lines.reachable()
    generator = np.random.default_rng(3)
    trials = generator.random((200, len(lines.two_theta)))
    assert 0 <= least < 0.02
    assert (lines.rwp(trials) >= least).all()
    moved = replace(peaks, two_theta=peaks.two_theta + 1.0, two_theta_range=(10.0, 101.0))
    assert CrystalLines(crystal, moved, USUAL.agreement).reachable() > 0.5


@pytest.mark.parametrize("r", [0.7, 1.25])
def test_a_texture_is_found_again(r: float) -> None:
    crystal = CRYSTALS["hematite"]
    peaks = simulated(CU, 100.0, orientation=r)(crystal, np.random.default_rng(1))
    lines = CrystalLines(crystal, peaks, USUAL.agreement)
    own = {8: 8, 26: 26}
    directions = ((0, 0, 1), (1, 0, 0))
    found, march = lines.best_texture(own, crystal.lattice, directions, (0.7, 1.0, 1.25))
    assert (found.direction, march) == ((0, 0, 1), r)
    areas = np.array([lines.areas(own), lines.areas(own, found.factor(march))])
    plain, textured = lines.rwp(areas)
    assert textured < 0.5 * plain
