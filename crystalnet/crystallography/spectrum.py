"""Densities as their Fourier coefficients up to an order along each axis.

n(x) = sum F(hkl) exp(2 pi i hkl . x) with h and k from -order to order and l from 0 to order; the
other half follows from F(-h) = conj F(h). In e/A^3, of fractional coordinates x.
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.setting import Setting


def iam_spectrum(
    crystal: Crystal, order: int, gaussians: ValenceGaussians
) -> Complex[ndarray, "h k l"]:
    """The coefficients of superposed free atoms, the same density as `iam_density` samples.

    Raises:
        CrystalNetError: for an element without a template.
    """
    gaussians.electrons(crystal)
    hkl = indices(order)
    reciprocal = np.linalg.inv(crystal.lattice) * 2 * np.pi
    q2 = ((hkl.reshape(-1, 3) @ reciprocal.T) ** 2).sum(axis=1).astype(np.float32)
    total = np.zeros((2 * order + 1, 2 * order + 1, order + 1), dtype=np.complex64)
    signed = np.arange(-order, order + 1)
    for z in np.unique(crystal.atomic_numbers):
        x = crystal.frac_coords[crystal.atomic_numbers == z]
        along = [np.exp(-2j * np.pi * np.outer(x[:, axis], signed)) for axis in range(3)]
        across = (along[0][:, :, None] * along[1][:, None, :]).reshape(len(x), -1)
        sums = (across.T @ along[2][:, order:]).reshape(total.shape)
        # Below e^-80 nothing counts, but the processor is slow at what underflows.
        exponents = np.maximum(np.outer(-gaussians.b[z].astype(np.float32), q2), -80)
        factor = gaussians.a[z].astype(np.float32) @ np.exp(exponents)
        total += factor.reshape(total.shape) * sums
    total /= crystal.volume
    return total


@lru_cache(maxsize=4)
def indices(order: int) -> Int[ndarray, "h k l 3"]:
    """hkl of the coefficients."""
    signed = np.arange(-order, order + 1)
    hkl = np.stack(np.meshgrid(signed, signed, signed[order:], indexing="ij"), axis=-1)
    hkl.setflags(write=False)
    return hkl


def in_setting(
    hkl: Int[ndarray, "coefficients 3"],
    values: Complex[ndarray, " coefficients"],
    setting: Setting,
) -> tuple[Int[ndarray, "coefficients 3"], Complex[ndarray, " coefficients"]]:
    """Coefficients of the same density in another setting of its crystal.

    With y = M x + s, exp(2 pi i h . x) = exp(2 pi i h' . (y - s)) where h' = h M^-1.
    """
    turned = np.rint(hkl @ np.linalg.inv(setting.matrix)).astype(np.int64)
    return turned, values * np.exp(-2j * np.pi * turned @ setting.shift)


def spectrum_of(
    hkl: Int[ndarray, "coefficients 3"], values: Complex[ndarray, " coefficients"], order: int
) -> Complex[ndarray, "h k l"]:
    """A list of coefficients, both of each Friedel pair among them, up to an order."""
    kept = (np.abs(hkl) <= order).all(axis=1) & (hkl[:, 2] >= 0)
    box = np.zeros((2 * order + 1, 2 * order + 1, order + 1), dtype=np.complex64)
    box[tuple((hkl[kept] + [order, order, 0]).T)] = values[kept]
    return box


def on_grid(
    hkl: Int[ndarray, "coefficients 3"], values: Complex[ndarray, " coefficients"], grid: int
) -> Float[ndarray, "x y z"]:
    """The density at i / grid of each axis of a list of coefficients with all Friedel pairs."""
    folded = np.zeros((grid, grid, grid), dtype=np.complex128)
    np.add.at(folded, tuple((hkl % grid).T), values)
    density: ndarray = np.fft.ifftn(folded, norm="forward").real
    return density


def values_of(
    spectra: Complex[Tensor, "crystals h k l"], grid: int
) -> Float[Tensor, "crystals x y z"]:
    """Densities at i / grid of each axis, for a grid of more than twice the order."""
    order = spectra.shape[-1] - 1
    half = spectra.new_zeros((len(spectra), grid, grid, grid // 2 + 1))
    signed = torch.arange(-order, order + 1, device=spectra.device) % grid
    half[:, signed[:, None], signed[None, :], : order + 1] = spectra
    values: Tensor = torch.fft.irfftn(half, s=(grid,) * 3, dim=(1, 2, 3), norm="forward")
    return values
