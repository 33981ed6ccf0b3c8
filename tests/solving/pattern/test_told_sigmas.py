"""Standard deviations of a file: peaks stand out of them, whatever their scale."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crystalnet.solving.pattern.background import followed, noise_of, snip
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.pattern.radiation import radiation
from tests.solving.pattern.test_peaks import BACKGROUND, X

PLACES = np.array([21.3, 35.0, 47.7, 62.2, 74.9])
AREAS = (90.0, 40, 60, 30, 12)
# A faint last peak, in the part that is counted longer.
FAINT = (*AREAS[:4], 2.5)
TIMES = {
    "rising": np.exp((X - 10) / 17),
    "two scans": np.where(X > 45, 20.0, 1),
    "a detector of less": np.where(X > 45, 20.0, 2),
}


def counted(seconds: np.ndarray, areas: tuple[float, ...] = AREAS, seed: int = 1) -> PatternFile:
    """Counts a second of peaks 0.15 degrees wide, each point counted for its own time."""
    deviation = 0.15 / np.sqrt(8 * np.log(2))
    shapes = np.exp(-0.5 * ((X[:, None] - PLACES) / deviation) ** 2)
    y = BACKGROUND + shapes @ np.array(areas) / deviation / np.sqrt(2 * np.pi)
    counts = np.random.default_rng(seed).poisson(y * seconds).astype(float)
    sigma = np.sqrt(np.maximum(counts, 1)) / seconds
    return PatternFile(Path("made-up"), X, counts / seconds, sigma, radiation("CuKa1"), False)


def right(found: FoundPeaks) -> tuple[int, int]:
    """How many of the peaks were found, and how many others."""
    there = np.abs(found.peaks.two_theta - PLACES[:, None]).min(axis=1) < 0.1
    return int(there.sum()), len(found.peaks.two_theta) - int(there.sum())


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("seed", range(3))
def test_noise_of_the_part_that_was_counted_less_is_no_peak(name: str, seed: int) -> None:
    file = counted(TIMES[name], seed=seed)
    assert right(find_peaks(file)) == (5, 0)
    _, others = right(find_peaks(replace(file, sigma=None)))
    assert others > 5, "without them one noise is taken for all"


@pytest.mark.parametrize("seed", range(3))
def test_a_faint_peak_of_the_part_that_was_counted_longer_is_found(seed: int) -> None:
    file = counted(np.where(X > 60, 60.0, 1), FAINT, seed)
    assert right(find_peaks(file)) == (5, 0)
    there, _ = right(find_peaks(replace(file, sigma=None)))
    assert there < 5, "without them it is below the noise of the others"


def test_their_scale_is_that_of_the_scatter() -> None:
    file = counted(TIMES["rising"])
    assert file.sigma is not None
    one, other = find_peaks(file), find_peaks(replace(file, sigma=8 * file.sigma))
    np.testing.assert_allclose(other.peaks.two_theta, one.peaks.two_theta, rtol=1e-9)
    np.testing.assert_allclose(other.noise, one.noise, rtol=1e-9)
    noise = noise_of(file.intensity, BACKGROUND, 1, 8 * file.sigma)
    truth = np.sqrt(BACKGROUND / TIMES["rising"])
    between = np.abs(X[:, None] - PLACES).min(axis=1) > 1
    np.testing.assert_allclose(noise[between], truth[between], rtol=0.3)


@pytest.mark.parametrize("column", [np.ones_like(X), X, 1 / X**2, BACKGROUND**2])
def test_a_third_column_that_the_scatter_does_not_follow_changes_nothing(
    column: np.ndarray,
) -> None:
    file = counted(np.ones_like(X))
    plain, found = find_peaks(replace(file, sigma=None)), find_peaks(replace(file, sigma=column))
    np.testing.assert_array_equal(found.peaks.two_theta, plain.peaks.two_theta)
    np.testing.assert_array_equal(found.peaks.intensity, plain.peaks.intensity)
    assert found.noise == plain.noise


def test_computed_profiles_and_short_ones_are_followed_by_nothing() -> None:
    smooth = snip(BACKGROUND, 50)
    assert not followed(BACKGROUND[:30], smooth[:30], np.ones(30), 20)
    flat = np.full_like(X, 100.0)
    assert not followed(flat, flat, np.ones_like(X), 20)


def test_uneven_steps_take_them_along() -> None:
    file = counted(TIMES["two scans"])
    assert file.sigma is not None
    kept = np.arange(len(X)) % 100 > 2
    holes = replace(file, two_theta=X[kept], intensity=file.intensity[kept], sigma=file.sigma[kept])
    there, others = right(find_peaks(holes))
    assert (there, others) == (5, 0)
