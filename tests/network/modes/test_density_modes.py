"""Modes against numpy's FFT and singular values."""

import numpy as np
import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.network.modes.density_modes import DensityModes, fit_modes, packed, unpacked


def smooth_densities(crystals: int, grid: int, order: int, seed: int = 0) -> torch.Tensor:
    """Random densities of no order beyond `order`."""
    rng = np.random.default_rng(seed)
    spectrum = np.zeros((crystals, grid, grid, grid), dtype=complex)
    kept = np.r_[-order : order + 1]
    shape = (crystals, len(kept), len(kept), len(kept))
    spectrum[np.ix_(np.arange(crystals), kept, kept, kept)] = rng.normal(size=shape)
    return torch.from_numpy(np.fft.ifftn(spectrum, axes=(1, 2, 3)).real * 100).float()


def spectra_of(densities: torch.Tensor, order: int) -> torch.Tensor:
    """The box of coefficients, by numpy's FFT."""
    grid = densities.shape[-1]
    whole = np.fft.fftn(densities.double().numpy(), axes=(1, 2, 3)) / grid**3
    signed = np.r_[-order : order + 1] % grid
    kept = whole[:, signed][:, :, signed][..., : order + 1]
    return torch.from_numpy(kept.astype(np.complex64))


def ranges(densities: torch.Tensor) -> torch.Tensor:
    return densities.flatten(1).amax(dim=1) - densities.flatten(1).amin(dim=1)


def fitted(crystals: int, grid: int, order: int, count: int) -> DensityModes:
    densities = smooth_densities(crystals, grid, order)
    return fit_modes(spectra_of(densities, order), ranges(densities), count, seed=3)


def test_modes_are_the_singular_vectors_of_the_scaled_densities() -> None:
    densities = smooth_densities(crystals=12, grid=9, order=2)
    modes = fit_modes(spectra_of(densities, 4), ranges(densities), count=5, seed=3)
    voxels = densities.flatten(1).double().numpy()
    voxels /= np.ptp(voxels, axis=1)[:, None]
    _, values, vectors = np.linalg.svd(voxels - voxels.mean(axis=0), full_matrices=False)
    functions = modes.on_grid(9).double().numpy()
    np.testing.assert_allclose(functions[0], voxels.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(modes.scale.numpy(), values[:5] / np.sqrt(12 * 9**3), rtol=1e-3)
    overlap = functions[1:] @ vectors[:5].T / np.sqrt(9**3)
    np.testing.assert_allclose(np.abs(overlap), np.eye(5), atol=2e-3)


def test_a_density_of_the_training_set_comes_back_at_any_resolution() -> None:
    densities = smooth_densities(crystals=12, grid=9, order=2)
    spectra, size = spectra_of(densities, 2), ranges(densities)
    modes = fit_modes(spectra, size, count=11, seed=3)
    coefficients = modes.coefficients(spectra, size)
    for grid in (9, 15, 4):
        # Exact trigonometric interpolation, written another way.
        spectrum = np.fft.fftn(densities.double().numpy(), axes=(1, 2, 3)) / 9**3
        index = np.fft.fftfreq(9, 1 / 9)
        waves = np.exp(2j * np.pi * np.outer(np.arange(grid) / grid, index))
        wanted = np.einsum("chkl,xh,yk,zl->cxyz", spectrum, waves, waves, waves).real
        np.testing.assert_allclose(modes.densities(coefficients, size, grid), wanted, atol=3e-3)


def test_numbers_that_matter_least_are_left_out() -> None:
    densities = smooth_densities(crystals=12, grid=9, order=2)
    spectra = spectra_of(densities, 2)
    modes = fit_modes(spectra, ranges(densities), count=3, seed=3, numbers=40)
    numbers = packed(torch.complex(modes.real, modes.imaginary))
    assert int(numbers.any(dim=0).sum()) == 40
    matter = packed(spectra / ranges(densities)[:, None, None, None]).square().mean(dim=0)
    assert matter[numbers.any(dim=0)].min() >= matter[~numbers.any(dim=0)].max()


def test_packed_numbers_multiply_as_densities_do() -> None:
    densities = smooth_densities(crystals=3, grid=9, order=2)
    spectra = spectra_of(densities, 2)
    voxels = densities.flatten(1).double()
    torch.testing.assert_close(
        (packed(spectra) @ packed(spectra).T).double(), voxels @ voxels.T / 9**3
    )
    torch.testing.assert_close(unpacked(packed(spectra), 2), spectra)


def test_fewer_crystals_than_modes_are_refused() -> None:
    with pytest.raises(CrystalNetError, match="more crystals than modes"):
        fitted(crystals=3, grid=9, order=2, count=3)


def test_a_constant_density_is_refused() -> None:
    densities = smooth_densities(6, 9, 2)
    densities[2] = 1.0
    with pytest.raises(CrystalNetError, match=r"density 2 .* constant"):
        fit_modes(spectra_of(densities, 2), ranges(densities), 3, seed=3)
