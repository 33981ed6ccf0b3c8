"""Resampling of periodic densities."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.crystallography.resampling import (
    electron_count,
    interpolation_matrix,
    resample,
    resample_pyrho,
)
from crystalnet.errors import CrystalNetError

CHGCARS = sorted(Path("data/chgcars").glob("*.xz"))
GRIDS = st.tuples(*[st.integers(4, 15)] * 3)


def points(grid):
    return np.meshgrid(*(np.arange(n) / n for n in grid), indexing="ij")


def direct(density, grid):
    """Every mode of a density summed at every point, the plainest way there is."""
    modes = np.fft.fftn(density) / density.size
    for axis, (n, g) in enumerate(zip(density.shape, grid, strict=True)):
        h = np.fft.fftfreq(n, 1 / n)
        phases = np.exp(2j * np.pi * np.outer(np.arange(g) / g, h))
        if n % 2 == 0:
            phases[:, n // 2] = phases[:, n // 2].real
        modes = np.moveaxis(np.tensordot(phases, modes, axes=(1, axis)), 0, axis)
    assert np.abs(modes.imag).max() < 1e-9 * np.abs(modes.real).max()
    return modes.real


@settings(max_examples=60, deadline=None)
@given(source=GRIDS, target=GRIDS, seed=st.integers(0, 2**32 - 1))
def test_plane_waves_are_exact_on_any_grid(source, target, seed):
    rng = np.random.default_rng(seed)
    waves = [
        (
            rng.normal(),
            rng.uniform(),
            [rng.integers(-((n - 1) // 2), (n - 1) // 2 + 1) for n in source],
        )
        for _ in range(6)
    ]

    def density(grid):
        x, y, z = points(grid)
        return 1 + sum(
            amplitude * np.cos(2 * np.pi * (h * x + k * y + l_ * z + phase))
            for amplitude, phase, (h, k, l_) in waves
        )

    np.testing.assert_allclose(resample(density(source), target), density(target), atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    source=st.tuples(*[st.integers(25, 33)] * 3),
    target=st.tuples(*[st.integers(8, 50)] * 3),
    centre=st.tuples(*[st.floats(0, 1)] * 3),
)
def test_periodic_gaussians_are_exact_to_1e_5_of_the_mean(source, target, centre):
    width = 0.1  # of the cell edge: the modes left out at 25 points are below 1e-9 of the mean

    def density(grid):
        axes = []
        for n, c in zip(grid, centre, strict=True):
            away = np.arange(n)[:, None] / n - c - np.arange(-4, 6)
            axes.append(np.exp(-(away**2) / (2 * width**2)).sum(axis=1))
        return np.einsum("x,y,z->xyz", *axes)

    mean = (np.sqrt(2 * np.pi) * width) ** 3
    assert np.abs(resample(density(source), target) - density(target)).max() < 1e-5 * mean


@settings(max_examples=30, deadline=None)
@given(source=GRIDS, target=GRIDS, seed=st.integers(0, 2**32 - 1))
def test_equals_the_sum_of_all_modes_even_for_white_noise(source, target, seed):
    density = np.random.default_rng(seed).random(source)
    np.testing.assert_allclose(resample(density, target), direct(density, target), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(source=GRIDS, factor=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_old_points_keep_their_values_and_the_mean(source, factor, seed):
    density = np.random.default_rng(seed).random(source)
    fine = resample(density, tuple(factor * n for n in source))
    np.testing.assert_allclose(fine[::factor, ::factor, ::factor], density, atol=1e-12)
    assert electron_count(fine, 7.0) == pytest.approx(electron_count(density, 7.0), rel=1e-12)


def test_a_density_that_is_even_stays_even():
    density = np.random.default_rng(0).random((8, 6, 4))
    density = density + np.roll(density[::-1, ::-1, ::-1], 1, axis=(0, 1, 2))
    fine = resample(density, 10)
    mirrored = np.roll(fine[::-1, ::-1, ::-1], 1, axis=(0, 1, 2))
    np.testing.assert_allclose(fine, mirrored, atol=1e-13)


def test_the_same_grid_gives_a_copy():
    density = np.random.default_rng(0).random((5, 5, 5))
    same = resample(density, 5)
    np.testing.assert_array_equal(same, density)
    assert not np.shares_memory(same, density)


def test_float32_goes_in():
    density = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    assert resample(density, 4).dtype == np.float64


def test_the_matrix_is_cached_and_cannot_be_written():
    matrix = interpolation_matrix(6, 9)
    assert interpolation_matrix(6, 9) is matrix
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1


@pytest.mark.parametrize("path", CHGCARS, ids=lambda path: path.name.split(".")[0])
def test_real_chgcars_are_exact_where_pyrho_is_not(path):
    charge = read_chgcar(path)
    wanted = direct(charge.density, (50, 50, 50))
    mean = charge.density.mean()
    assert np.abs(resample(charge.density, 50) - wanted).max() < 1e-5 * mean
    assert np.abs(resample_pyrho(charge.density, 50) - wanted).max() > 1e-4 * mean


def test_pyrho_errs_by_more_than_a_percent_of_the_mean():
    path = next(path for path in CHGCARS if path.name.startswith("Si_sg227_56"))
    density = read_chgcar(path).density
    wanted = direct(density, (50, 50, 50))
    assert np.abs(resample_pyrho(density, 50) - wanted).max() > 1e-2 * density.mean()


@pytest.mark.parametrize("grid", [25, 50])
@pytest.mark.parametrize("path", CHGCARS, ids=lambda path: path.name.split(".")[0])
def test_real_chgcars_keep_their_electrons(path, grid):
    charge = read_chgcar(path)
    volume = charge.crystal.volume
    assert electron_count(resample(charge.density, grid), volume) == pytest.approx(
        charge.electrons, rel=1e-4
    )


def test_pyrho_agrees_to_its_own_linear_interpolation_error():
    """On a smooth density the two differ by at most the bound of linear interpolation.

    mp-pyrho doubles a grid of 40 and interpolates linearly between points 1/80 apart: the error
    is at most h^2/8 times the sum of the second derivatives' largest values.
    """
    x, y, z = points((40, 40, 40))
    density = 3 + np.cos(2 * np.pi * x) + np.cos(4 * np.pi * y) + np.sin(2 * np.pi * (z + 0.2))
    bound = (1 / 80) ** 2 / 8 * (2 * np.pi) ** 2 * (1 + 4 + 1)
    difference = np.abs(resample_pyrho(density, 50) - resample(density, 50)).max()
    assert 0.05 * bound < difference < bound


def test_pyrho_that_is_missing_is_said_clearly(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrho.pgrid", None)
    with pytest.raises(CrystalNetError, match=r"mp-pyrho, which is not installed"):
        resample_pyrho(np.ones((4, 4, 4)), 5)
