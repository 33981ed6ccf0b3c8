"""Modes against numpy's FFT and singular values."""

import numpy as np
import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.network.modes.density_modes import fit_modes


def smooth_densities(crystals: int, grid: int, order: int, seed: int = 0) -> torch.Tensor:
    """Random densities of no order beyond `order`."""
    rng = np.random.default_rng(seed)
    spectrum = np.zeros((crystals, grid, grid, grid), dtype=complex)
    kept = np.r_[-order : order + 1]
    shape = (crystals, len(kept), len(kept), len(kept))
    spectrum[np.ix_(np.arange(crystals), kept, kept, kept)] = rng.normal(size=shape)
    return torch.from_numpy(np.fft.ifftn(spectrum, axes=(1, 2, 3)).real * 100).float()


def test_modes_are_the_singular_vectors_of_the_scaled_densities() -> None:
    densities = smooth_densities(crystals=12, grid=9, order=2)
    modes = fit_modes(densities, count=5, order=4)
    voxels = densities.flatten(1).double().numpy()
    voxels /= np.ptp(voxels, axis=1)[:, None]
    _, values, vectors = np.linalg.svd(voxels - voxels.mean(axis=0), full_matrices=False)
    functions = modes.on_grid(9).double().numpy()
    np.testing.assert_allclose(functions[0], voxels.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(modes.scale.numpy(), values[:5] / np.sqrt(12), rtol=1e-3)
    np.testing.assert_allclose(np.abs(functions[1:] @ vectors[:5].T), np.eye(5), atol=2e-3)


def test_a_density_of_the_training_set_comes_back_at_any_resolution() -> None:
    densities = smooth_densities(crystals=12, grid=9, order=2)
    modes = fit_modes(densities, count=11, order=2)
    coefficients, size = modes.coefficients(densities)
    for grid in (9, 15, 4):
        # Exact trigonometric interpolation, written another way.
        spectrum = np.fft.fftn(densities.double().numpy(), axes=(1, 2, 3)) / 9**3
        index = np.fft.fftfreq(9, 1 / 9)
        waves = np.exp(2j * np.pi * np.outer(np.arange(grid) / grid, index))
        wanted = np.einsum("chkl,xh,yk,zl->cxyz", spectrum, waves, waves, waves).real
        np.testing.assert_allclose(modes.densities(coefficients, size, grid), wanted, atol=3e-3)


@pytest.mark.parametrize(
    ("crystals", "count", "order", "message"),
    [(3, 3, 2, "more crystals than modes"), (6, 3, 5, "finer grid")],
)
def test_what_cannot_be_fitted_is_refused(
    crystals: int, count: int, order: int, message: str
) -> None:
    with pytest.raises(CrystalNetError, match=message):
        fit_modes(smooth_densities(crystals, 9, 2), count, order)


def test_a_constant_density_is_refused() -> None:
    densities = smooth_densities(6, 9, 2)
    densities[2] = 1.0
    with pytest.raises(CrystalNetError, match=r"density 2 .* constant"):
        fit_modes(densities, 3, 2)
