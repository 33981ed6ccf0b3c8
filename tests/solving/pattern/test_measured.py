"""The peaks of a measured pattern, moved and cut."""

import numpy as np
import pytest

from crystalnet.solving.pattern.measured import MeasuredPeaks

PEAKS = MeasuredPeaks(
    np.array([10.0, 20.0, 30.0, 60.0]), np.array([0.0, 2.0, 3.0, 4.0]), 1.5406, (5.0, 80.0)
)


def test_peaks_move_within_the_range() -> None:
    np.testing.assert_allclose(PEAKS.shifted(0.1).two_theta, [9.9, 19.9, 29.9, 59.9])
    np.testing.assert_allclose(PEAKS.shifted(-30.0).two_theta, [40, 50, 60, 80])
    assert PEAKS.shifted(0.1).two_theta_range == PEAKS.two_theta_range


def test_what_is_finer_is_left_out() -> None:
    """30 degrees are a spacing of 2.976 A (Bragg's law)."""
    cut = PEAKS.down_to(2.9)
    np.testing.assert_array_equal(cut.two_theta, [10, 20, 30])
    assert cut.two_theta_range == (5.0, pytest.approx(30.81, abs=0.01))
    whole = PEAKS.down_to(0.5)
    assert whole.two_theta_range == (5.0, 80.0)
    np.testing.assert_array_equal(whole.intensity, PEAKS.intensity)


def test_the_first_peak_stays_in_any_case() -> None:
    cut = PEAKS.down_to(100.0)
    np.testing.assert_array_equal(cut.two_theta, [10, 20])
    assert cut.two_theta_range == (5.0, 20.0)
