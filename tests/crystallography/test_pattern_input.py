"""The forms in which a pattern is given to the network."""

import numpy as np
import pytest

from crystalnet.crystallography.pattern_input import FWHM_BINS, NOISE, pattern_input
from crystalnet.settings import BinnedPattern


@pytest.fixture
def pattern() -> np.ndarray:
    intensities = np.zeros(1024, dtype=np.float32)
    intensities[[100, 300, 303]] = 1.0, 0.5, 0.25
    return intensities


def random() -> np.random.Generator:
    return np.random.default_rng(5)


def test_the_whole_pattern_and_none_of_it(pattern: np.ndarray) -> None:
    np.testing.assert_array_equal(pattern_input(pattern, "full", random()), pattern)
    assert not pattern_input(pattern, "none", random()).any()


def test_noise_is_of_the_stated_size_and_leaves_no_negative_intensity(pattern: np.ndarray) -> None:
    noisy = pattern_input(pattern, "noisy", random())
    assert noisy.min() == 0
    assert noisy.max() == 1
    away = noisy[400:]
    # Half of a normal distribution is cut off: the rest has the mean sigma / sqrt(2 pi).
    assert away.mean() == pytest.approx(NOISE / np.sqrt(2 * np.pi), rel=0.15)
    np.testing.assert_array_equal(noisy, pattern_input(pattern, "noisy", random()))


def test_a_broadened_peak_has_the_stated_width(pattern: np.ndarray) -> None:
    broadened = pattern_input(pattern, "broadened", random())
    assert broadened.argmax() == 100
    axis = np.arange(50, 151)
    peak = broadened[50:151] / broadened[50:151].sum()
    variance = (peak * (axis - 100) ** 2).sum()
    assert np.sqrt(8 * np.log(2) * variance) == pytest.approx(FWHM_BINS, rel=0.02)
    # Two peaks three bins apart run into each other.
    assert broadened[301] > 0.05


@pytest.mark.parametrize("form", ["noisy", "broadened", "none", "full"])
def test_the_input_is_left_as_it_was(pattern: np.ndarray, form: BinnedPattern) -> None:
    before = pattern.copy()
    given = pattern_input(pattern, form, random())
    assert given.dtype == pattern.dtype
    given += 1
    np.testing.assert_array_equal(pattern, before)
