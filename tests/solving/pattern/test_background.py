"""Humps of amorphous parts are background; crowded peaks are not."""

from dataclasses import replace

import numpy as np
import pytest

from crystalnet.solving.pattern.background import clipped_background
from crystalnet.solving.settings import USUAL

STEP, HALF_WIDTH = 0.02, 100
X = np.arange(10.0, 90.0, STEP)


def peaks(places, height, width=0.1):
    return height * np.exp(-4 * np.log(2) * ((X[:, None] - places) / width) ** 2).sum(axis=1)


def counted(y, seed=0):
    return np.random.default_rng(seed).poisson(y).astype(float)


def test_a_hump_is_background():
    hump = 60 + 3000 * np.exp(-4 * np.log(2) * ((X - 22) / 10) ** 2)
    places = np.array([20.9, 26.6, 31.7, 45.5, 56.5])
    found = clipped_background(counted(hump + peaks(places, 2000)), HALF_WIDTH, USUAL.profile)
    near = np.abs(X - 22) < 5
    assert np.abs(found - hump)[near].max() < 0.1 * 3000
    assert found[np.abs(X - 70) < 10].mean() == pytest.approx(60, rel=0.15)


def test_between_crowded_peaks_is_none():
    places = np.arange(50.0, 60.0, 0.22) + 0.05 * np.sin(np.arange(46))
    flat = np.full_like(X, 60.0)
    found = clipped_background(counted(flat + peaks(places, 1500)), HALF_WIDTH, USUAL.profile)
    # Peaks that overlap leave something between each other, but no hump is made of that.
    assert found[np.abs(X - 55) < 4].max() < 400


def test_a_hump_that_rises_ten_times_the_noise_is_background_too() -> None:
    """One of nine times was ten peaks: LaB6 with a trace of glass was in no lattice."""
    hump = 900 + 900 * np.exp(-4 * np.log(2) * ((X - 25) / 14) ** 2)
    places = np.array([21.3, 30.4, 37.4, 43.5, 48.9])
    y = counted(hump + peaks(places, 6000))
    found = clipped_background(y, HALF_WIDTH, USUAL.profile)
    near = np.abs(X - 25) < 4
    assert np.abs(found - hump)[near].max() < 0.1 * 900
    # What rises by less than is asked for stays what it may be, weak and broad lines.
    higher = replace(USUAL.profile, hump=15.0)
    assert np.abs(clipped_background(y, HALF_WIDTH, higher) - hump)[near].max() > 0.5 * 900
