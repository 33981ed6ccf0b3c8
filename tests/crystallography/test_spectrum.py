"""Fourier coefficients against numpy's FFT of densities at points, and of crystals moved."""

import numpy as np
import torch
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.setting import canonical_setting
from crystalnet.crystallography.spectrum import (
    iam_spectrum,
    in_setting,
    on_grid,
    spectrum_of,
    values_of,
)

GAUSSIANS = ValenceGaussians.load("data/valence_gaussians.json")
# CdI2, its origin nowhere in particular.
LAYERED = Crystal(
    "CdI2",
    Lattice.hexagonal(4.24, 6.84).matrix,
    np.array([48, 53, 53]),
    np.array([[0.1, 0.2, 0.3], [0.1 + 1 / 3, 0.2 + 2 / 3, 0.55], [0.1 + 2 / 3, 0.2 + 1 / 3, 0.05]]),
)


def all_coefficients(density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    grid = len(density)
    signed = np.fft.fftfreq(grid, 1 / grid).astype(int)
    hkl = np.stack(np.meshgrid(signed, signed, signed, indexing="ij"), axis=-1).reshape(-1, 3)
    return hkl, np.fft.fftn(density).ravel() / density.size


def test_free_atoms_have_the_coefficients_of_their_density_at_points() -> None:
    density = iam_density([LAYERED], 45, GAUSSIANS)[0].double().numpy()
    wanted = spectrum_of(*all_coefficients(density), order=6)
    made = iam_spectrum(LAYERED, 6, GAUSSIANS)
    np.testing.assert_allclose(made, wanted, atol=2e-6)


def test_values_are_those_of_numpys_inverse_transform() -> None:
    rng = np.random.default_rng(0)
    density = rng.normal(size=(9, 9, 9))
    hkl, values = all_coefficients(density)
    spectrum = spectrum_of(hkl, values, order=4)
    made = values_of(torch.from_numpy(spectrum)[None], 9)[0]
    np.testing.assert_allclose(made, density, atol=1e-5)
    np.testing.assert_allclose(on_grid(hkl, values, 9), density, atol=1e-10)
    # Every third point of a grid three times as fine.
    np.testing.assert_allclose(on_grid(hkl, values, 27)[::3, ::3, ::3], density, atol=1e-10)


def test_in_another_setting_it_is_the_density_of_the_crystal_described_anew() -> None:
    setting = canonical_setting(LAYERED, np.arange(119.0))
    density = iam_density([LAYERED], 45, GAUSSIANS)[0].double().numpy()
    turned = spectrum_of(*in_setting(*all_coefficients(density), setting), order=6)
    np.testing.assert_allclose(turned, iam_spectrum(setting.crystal, 6, GAUSSIANS), atol=2e-6)
