"""Measured peaks on the bins of the networks."""

import numpy as np
import pytest

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, bin_pattern, powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.settings import PatternSpec
from crystalnet.solving.networks.binned_input import network_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks

ROCK_SALT = Crystal(
    "rock salt",
    5.64 / 2 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    np.array([11, 17]),
    np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]]),
)

SPEC = PatternSpec(wavelength=MO_K_ALPHA, two_theta_min=0.0, two_theta_max=180.0, bins=1024)


def peaks(wavelength: float, last: float) -> MeasuredPeaks:
    pattern = powder_pattern(ROCK_SALT, wavelength, (5.0, last))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, wavelength, (5.0, last))


def test_the_radiation_of_the_measurement_does_not_matter() -> None:
    copper = network_pattern(peaks(1.54184, 120.0), SPEC)
    reach = copper.last_bin
    whole = bin_pattern(powder_pattern(ROCK_SALT))[: reach + 1]
    assert copper.vector[reach + 1 :].max() == 0
    np.testing.assert_allclose(copper.vector[: reach + 1], whole / whole.max(), atol=1e-6)


def test_it_says_what_the_range_leaves_out() -> None:
    found = network_pattern(peaks(1.54184, 65.0), SPEC)
    assert found.d_min == pytest.approx(1.43, abs=0.005)
    assert found.last_bin == 163
    assert "reach d = 1.43 A" in found.told()
    assert f"{found.last_bin - found.first_bin + 1} of the 1024 bins" in found.told()


def test_molybdenum_is_taken_as_it_is() -> None:
    whole = bin_pattern(powder_pattern(ROCK_SALT, MO_K_ALPHA, (5.0, 120.0)))
    np.testing.assert_allclose(
        network_pattern(peaks(MO_K_ALPHA, 120.0), SPEC).vector, whole, atol=1e-9
    )


def test_peaks_that_the_networks_cannot_see_are_an_error() -> None:
    hard = MeasuredPeaks(np.array([170.0]), np.array([1.0]), 0.3, (5.0, 175.0))
    with pytest.raises(CrystalNetError, match="check the wavelength"):
        network_pattern(hard, SPEC)
