"""What is said of a pattern before anything is made of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crystalnet.solving.pattern.cautions import cautions
from crystalnet.solving.pattern.file import PatternFile, read_pattern
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.pattern.radiation import radiation
from tests.solving.pattern.test_peaks import MEASURED, X, profile

BEAM = radiation("CuKa1")
PLACES, AREAS = [21.3, 35.0, 47.7, 62.2, 74.9], [900.0, 400, 150, 300, 80]


def told(file: PatternFile) -> list[str]:
    return cautions(find_peaks(file))


@pytest.mark.parametrize("name", ["halite", "calcite", "corundum"])
def test_usual_patterns_are_not_warned_of(name: str) -> None:
    assert told(read_pattern(MEASURED / f"rockjock_{name}.xy", wavelength="CuKa")) == []
    assert told(profile(PLACES, AREAS, BEAM)) == []


def test_fluorescence_is_told() -> None:
    file = profile(PLACES, AREAS, BEAM)
    shining = np.random.default_rng(3).poisson(file.intensity + 4 * file.intensity.max())
    (line, *_) = told(replace(file, intensity=shining.astype(float)))
    assert "the sample fluoresces" in line
    assert "times as high as the highest peak" in line


def test_few_points_a_peak_are_told() -> None:
    file = profile(PLACES, AREAS, BEAM, width=0.15)
    coarse = replace(file, two_theta=X[::3], intensity=file.intensity[::3])
    (line,) = told(coarse)
    assert "points across its half height" in line
    assert "measure in steps of 0.0" in line


def test_an_end_of_nothing_but_noise_is_told() -> None:
    file = profile([21.3, 27.0, 30.0], [90.0, 40, 30], BEAM)
    (line,) = told(file)
    assert "beyond 30.0 degrees nothing stands out of the noise" in line


def test_a_list_of_peaks_has_nothing_to_warn_of() -> None:
    x, y = np.array([20.0, 30, 40]), np.array([3.0, 2, 1])
    assert told(PatternFile(Path("list"), x, y, None, BEAM, True)) == []
