"""Density modes: the directions in which the densities of a crystal system differ.

The densities of training crystals, each in units of its range (largest less smallest value), have
a mean and principal components, the modes. They are kept as Fourier coefficients up to a highest
order, so they are continuous, periodic functions of position, and can be evaluated on any grid.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from crystalnet.crystallography.spectrum import values_of
from crystalnet.errors import CrystalNetError
from crystalnet.seeds import derived_generator

# Directions beyond those asked for, and passes over the crystals, of the randomised decomposition.
_MORE_DIRECTIONS, _PASSES = 32, 3


@dataclass(frozen=True, eq=False)
class DensityModes:
    """The mean density and the modes, in units of a density's range.

    Attributes:
        real, imaginary: Fourier coefficients of the mean (first) and of each mode, at h and k
            from -order to order and l from 0 to order; the other half by Friedel's law. The modes
            are orthogonal, and the mean square of each over the cell is 1.
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
        self, spectra: Complex[Tensor, "crystals h k l"], size: Float[Tensor, " crystals"]
    ) -> Float[Tensor, "crystals modes"]:
        """Coefficients with which the modes come nearest to densities of known ranges."""
        functions = packed(torch.complex(self.real.float(), self.imaginary.float()))
        difference = packed(spectra) / size[:, None] - functions[0]
        return difference @ functions[1:].T

    def densities(
        self,
        coefficients: Float[Tensor, "crystals modes"],
        size: Float[Tensor, " crystals"],
        grid: int,
    ) -> Float[Tensor, "crystals grid grid grid"]:
        """Densities in e/A^3 of coefficients and ranges."""
        if grid <= 2 * self.order:
            functions = self.on_grid(grid)
            values = torch.addmm(functions[0], coefficients, functions[1:])
            return values.view(-1, grid, grid, grid) * size[:, None, None, None]
        # Functions are added up as spectra, which are a tenth of their values on a fine grid.
        real, imaginary = (
            torch.addmm(part.flatten(1)[0], coefficients, part.flatten(1)[1:]) * size[:, None]
            for part in (self.real, self.imaginary)
        )
        shape = (len(coefficients), *self.real.shape[1:])
        return values_of(torch.complex(real, imaginary).view(shape), grid)


def fit_modes(
    spectra: Complex[Tensor, "crystals h k l"],
    size: Float[Tensor, " crystals"],
    count: int,
    seed: int,
    numbers: int | None = None,
) -> DensityModes:
    """Mean and principal components of densities, each in units of its range.

    By a randomised decomposition (Halko, Martinsson and Tropp 2011, doi 10.1137/090771806), whose
    first modes are exact to many digits and whose last ones are nearly the best.

    Args:
        spectra: Fourier coefficients of training crystals alone, e/A^3.
        size: the range of each density, e/A^3.
        count: how many modes to keep.
        seed: of the random directions.
        numbers: how many of the real numbers of a spectrum are looked at, those that matter most
            among the crystals; None takes all.

    Raises:
        CrystalNetError: for fewer crystals than modes, or a density that is constant or not finite.
    """
    crystals = len(spectra)
    if crystals <= count:
        raise CrystalNetError(
            f"{count} modes of {crystals} crystals; want more crystals than modes"
        )
    rows = packed(spectra)
    if not (torch.isfinite(rows).all() and torch.isfinite(size).all() and (size > 0).all()):
        finite = torch.isfinite(rows).all(dim=1) & torch.isfinite(size) & (size > 0)
        raise CrystalNetError(
            f"density {int((~finite).nonzero()[0])} of those that modes are fitted to is constant "
            "or not finite; leave it out"
        )
    rows /= size[:, None]
    matter = torch.ones(rows.shape[1], dtype=torch.bool)
    if numbers is not None and numbers < rows.shape[1]:
        matter[rows.square().mean(dim=0).topk(rows.shape[1] - numbers, largest=False).indices] = 0
        rows[:, ~matter] = 0
    mean = rows.mean(dim=0)
    rows -= mean
    wanted = min(count + _MORE_DIRECTIONS, *rows.shape)
    directions = torch.randn(
        (rows.shape[1], wanted), generator=derived_generator("cpu", seed, "modes")
    )
    for _ in range(_PASSES):
        directions = torch.linalg.qr(rows.T @ (rows @ directions)).Q
    inside = rows @ directions
    variance, turn = torch.linalg.eigh(inside.T @ inside / crystals)
    modes = (directions @ turn[:, -count:].flip(1)).T * matter
    spectrum = unpacked(torch.cat([mean[None], modes]), spectra.shape[-1] - 1)
    scale = variance[-count:].flip(0).clamp(min=1e-12).sqrt()
    return DensityModes(spectrum.real.contiguous(), spectrum.imag.contiguous(), scale)


def packed(spectra: Complex[Tensor, "crystals h k l"]) -> Float[Tensor, "crystals numbers"]:
    """Real numbers whose products are means over the cell of products of densities."""
    whole = torch.view_as_real(spectra).flatten(1, 2).float()
    # l > 0 stands for its Friedel mate too.
    weight = torch.full((spectra.shape[-1], 1), 2**0.5)
    weight[0] = 1
    return (whole * weight.to(whole.device)).flatten(1)


def unpacked(
    numbers: Float[Tensor, "crystals numbers"], order: int
) -> Complex[Tensor, "crystals h k l"]:
    """The inverse of `packed`."""
    side = 2 * order + 1
    whole = numbers.view(-1, side, side, order + 1, 2).clone()
    whole[..., 1:, :] /= 2**0.5
    return torch.view_as_complex(whole)
