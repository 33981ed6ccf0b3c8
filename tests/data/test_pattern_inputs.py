"""Patterns with what goes wrong in files and on instruments: rock salt comes out of each."""

import numpy as np
import pytest

from benchmarks.pattern_inputs import CASES, FOLDER
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import find_peaks

# The strong lines of an edge of 5.64 A, of K-alpha-1.
LINES = np.array([31.70, 45.45, 56.48, 75.29, 83.99])
# What a file is off by on purpose; Q and lists are of the mean of the doublet or of no zero.
OFF = {"phys_disp010.xy": -0.10, "phys_disp015.xy": -0.15}


def test_every_file_is_told_of() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.gz")) == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_its_lines_are_found(name: str) -> None:
    file = read_pattern(FOLDER / f"{name}.gz", wavelength="CuKa")
    assert file.is_peaks == name.startswith("peaks_")
    places = find_peaks(file).peaks.two_theta - OFF.get(name, 0.0)
    assert 5 <= len(places) <= 9, "the nine lines of rock salt and no others"
    assert np.abs(places - LINES[:, None]).min(axis=1).max() < 0.1
