"""Predictors that learn nothing, or nearly so: what a network has to beat.

Each is made from the training crystals and is scored by `evaluate` as the network is.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.scoring.evaluate import every_nth_voxel
from crystalnet.tensors import CrystalTensors

_CRYSTALS_AT_ONCE = 256


class ConstantMean:
    """The same density everywhere: the mean over all voxels of all training crystals."""

    def __init__(self, training: CrystalTensors) -> None:
        self.density = float(_mean_density(training).mean())

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals 1 grid grid grid"]:
        """One guess a crystal, e/A^3; there is no other to make."""
        return patterns.new_full((len(patterns), 1, grid, grid, grid), self.density)


class MeanDensity:
    """The mean of the training densities at each voxel."""

    def __init__(self, training: CrystalTensors) -> None:
        self.density = _mean_density(training)

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals 1 grid grid grid"]:
        """One guess a crystal, e/A^3; there is no other to make."""
        mean = every_nth_voxel(self.density[None], grid).to(patterns)
        return mean.expand(len(patterns), 1, grid, grid, grid)


class NearestPattern:
    """The densities of the training crystals whose patterns are most alike.

    Alike means cosine similarity of the binned intensities; the guesses come nearest first.
    """

    def __init__(self, training: CrystalTensors) -> None:
        self.densities = training.densities
        self.directions = _directions(training.patterns)

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals made grid grid grid"]:
        """`guesses` guesses a crystal, e/A^3, or as many as there are training crystals."""
        likeness = _directions(patterns.to(self.directions)) @ self.directions.T
        nearest = likeness.topk(min(guesses, len(self.densities)), dim=1).indices
        found = every_nth_voxel(self.densities[nearest.flatten()], grid)
        return found.view(*nearest.shape, grid, grid, grid).to(patterns)


class Known:
    """Densities that were made beforehand, handed out in the order in which crystals come."""

    def __init__(self, densities: Float[Tensor, "crystals x x x"]) -> None:
        self._coming = iter(densities)

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals 1 grid grid grid"]:
        """One guess a crystal, e/A^3."""
        densities = torch.stack([next(self._coming) for _ in patterns])
        return every_nth_voxel(densities, grid)[:, None].to(patterns)


def _directions(patterns: Float[Tensor, "crystals bins"]) -> Float[Tensor, "crystals bins"]:
    return torch.nn.functional.normalize(patterns, dim=1)


def _mean_density(training: CrystalTensors) -> Float[Tensor, "x x x"]:
    """Mean over the crystals at each voxel, e/A^3, summed in float64 in pieces."""
    total = torch.zeros_like(training.densities[0], dtype=torch.float64)
    for part in torch.split(training.densities, _CRYSTALS_AT_ONCE):
        total += part.sum(dim=0, dtype=torch.float64)
    return total / len(training)
