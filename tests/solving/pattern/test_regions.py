"""Ranges that are looked at, and regions and lines that are not."""

from pathlib import Path

import numpy as np
import pytest

import crystalnet
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.pattern.regions import Regions, outside

HALITE = Path(__file__).resolve().parents[3] / "data" / "measured_patterns" / "rockjock_halite.xy"


def test_what_counts() -> None:
    regions = Regions.of((10.0, 40.0), [(20.0, 22.0)], [30.0], 0.5)
    angles = np.array([5, 10, 19.9, 21, 29.4, 30.4, 30.6, 40, 41])
    assert regions.count(angles).tolist() == [
        False, True, True, False, True, False, True, True, False,
    ]  # fmt: skip
    assert outside(angles, ()).all()
    for wrong in ((40.0, 10.0), (-1.0, 5.0), (10.0, 200.0), (10.0,)):
        with pytest.raises(CrystalNetError, match="want first and last 2-theta"):
            Regions.of(wrong, [], [], 0.5)
        with pytest.raises(CrystalNetError, match="want first and last 2-theta"):
            Regions.of(None, [wrong], [], 0.5)


def test_peaks_lie_in_the_range_alone() -> None:
    file = read_pattern(HALITE, wavelength="CuKa")
    found = find_peaks(file.seen_in(Regions((25.0, 50.0), ((31.0, 32.5),))))
    np.testing.assert_allclose(found.peaks.two_theta, [27.4, 45.5], atol=0.1)
    assert found.peaks.excluded == ((31, 32.5),)
    assert found.peaks.two_theta_range == pytest.approx((25, 50), abs=0.05)
    with pytest.raises(CrystalNetError, match="0 of 3001 points are in the range"):
        file.seen_in(Regions((100.0, 120.0)))


@pytest.mark.parametrize(
    "asked",
    [{"excluded": [(31.0, 32.5)]}, {"impurities": [31.75]}, {"two_theta_range": (40.0, 65.0)}],
)
def test_a_computed_line_where_nothing_was_looked_at_is_not_missed(asked: dict) -> None:
    """The strongest line of halite is left out, and the structure fits as before."""
    solution = crystalnet.solve(
        HALITE, wavelength="CuKa", formula="NaCl", lattice=5.64, effort=0.05, **asked
    )
    best = solution.candidates[0]
    assert best.space_group == 225
    assert best.match.rwp < 0.1
    assert not any("where nothing is measured" in each for each in solution.verdict.reasons)
    assert solution.told["peaks"] < 5
