"""Density modes: the directions in which the densities of a crystal system differ.

The densities of training crystals, each in units of its range (largest less smallest value), have
a mean and principal components, the modes. They are kept as Fourier coefficients up to a highest
order, so they are continuous, periodic functions of position, and can be evaluated on any grid.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.errors import CrystalNetError


@dataclass(frozen=True, eq=False)
class DensityModes:
    """The mean density and the modes, in units of a density's range.

    Attributes:
        real, imaginary: Fourier coefficients of the mean (first) and of each mode, at h and k
            from -order to order and l from 0 to order; the other half by Friedel's law.
        scale: standard deviation of each mode's coefficient over the training crystals.
    """

    real: Float[Tensor, "functions h k l"]
    imaginary: Float[Tensor, "functions h k l"]
    scale: Float[Tensor, " modes"]

    @property
    def count(self) -> int:
        return len(self.scale)

    @property
    def order(self) -> int:
        """The highest order along each axis."""
        return self.real.shape[-1] - 1

    def on_grid(self, grid: int) -> Float[Tensor, "functions voxels"]:
        """The mean and the modes at i / grid of each axis; orders beyond the grid fold onto it."""
        order = self.order
        coefficients = torch.complex(self.real.float(), self.imaginary.float())
        # Each l > 0 stands for its Friedel mate too, which the real part adds.
        coefficients = torch.cat([coefficients[..., :1], 2 * coefficients[..., 1:]], dim=-1)
        device = self.real.device
        signed = torch.arange(-order, order + 1, device=device)
        for index in (signed, signed, signed[order:]):
            # One axis of coefficients becomes one of points, which goes to the front of the rest.
            turns = torch.outer(index, torch.arange(grid, device=device)) % grid / grid
            waves = torch.polar(torch.ones_like(turns), 2 * torch.pi * turns)
            coefficients = torch.tensordot(coefficients, waves, dims=([1], [0]))
        values: Tensor = coefficients.real.reshape(len(coefficients), grid**3)
        return values

    def coefficients(
        self, densities: Float[Tensor, "crystals x x x"]
    ) -> tuple[Float[Tensor, "crystals modes"], Float[Tensor, " crystals"]]:
        """Coefficients and ranges (e/A^3) with which the modes come nearest to densities."""
        grid = densities.shape[-1]
        functions = self.on_grid(grid)
        voxels = densities.flatten(1).float()
        size = voxels.amax(dim=1) - voxels.amin(dim=1)
        difference = voxels / size[:, None] - functions[0]
        modes = functions[1:]
        fitted = torch.linalg.solve(modes @ modes.T, modes @ difference.T)
        return fitted.T, size

    def densities(
        self,
        coefficients: Float[Tensor, "crystals modes"],
        size: Float[Tensor, " crystals"],
        grid: int,
    ) -> Float[Tensor, "crystals grid grid grid"]:
        """Densities in e/A^3 of coefficients and ranges."""
        functions = self.on_grid(grid)
        values = torch.addmm(functions[0], coefficients, functions[1:]) * size[:, None]
        return values.view(-1, grid, grid, grid)


def fit_modes(densities: Float[Tensor, "crystals x x x"], count: int, order: int) -> DensityModes:
    """Mean and principal components of densities, each in units of its range.

    By the eigenvectors of the matrix of the crystals' products, so there may be a few thousand
    crystals, and the grid costs time but no memory.

    Args:
        densities: of training crystals alone, e/A^3.
        count: how many modes to keep.
        order: the highest order kept along each axis, below half the grid.

    Raises:
        CrystalNetError: for fewer crystals than modes, a grid too coarse for the order, or a
            density that is constant or not finite.
    """
    crystals, grid = len(densities), densities.shape[-1]
    if crystals <= count:
        raise CrystalNetError(
            f"{count} modes of {crystals} crystals; want more crystals than modes"
        )
    if 2 * order >= grid:
        raise CrystalNetError(
            f"modes up to order {order} of densities on {grid} points; want an order below "
            f"{(grid + 1) // 2}, or a finer grid"
        )
    voxels = densities.flatten(1).float()
    size = voxels.amax(dim=1) - voxels.amin(dim=1)
    if not (torch.isfinite(size).all() and (size > 0).all()):
        wrong = int((~(torch.isfinite(size) & (size > 0))).nonzero()[0])
        raise CrystalNetError(
            f"density {wrong} of those that modes are fitted to is constant or not finite; "
            "leave it out"
        )
    voxels = voxels / size[:, None]
    mean = voxels.mean(dim=0)
    voxels -= mean
    variance, vectors = torch.linalg.eigh(voxels @ voxels.T)
    variance = variance[-count:].flip(0).clamp(min=1e-12)
    modes = (vectors[:, -count:].flip(1).T @ voxels) / variance.sqrt()[:, None]
    functions = torch.cat([mean[None], modes]).view(-1, grid, grid, grid)
    spectrum = torch.fft.rfftn(functions, dim=(1, 2, 3), norm="forward")
    signed = torch.from_numpy(np.r_[-order : order + 1] % grid).to(spectrum.device)
    kept = spectrum[:, signed][:, :, signed][..., : order + 1]
    return DensityModes(
        kept.real.contiguous(), kept.imag.contiguous(), (variance / crystals).sqrt()
    )
