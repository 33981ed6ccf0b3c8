"""The score that chooses the checkpoint: validation SSIM, best of guesses and 24 rotations."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.learning.distributed import Processes
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import derived_generator
from crystalnet.settings import Precision
from crystalnet.tensors import CrystalTensors

_CRYSTALS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class ValidationSet:
    """Validation crystals on the validation grid.

    Attributes:
        truth: densities at every (N / grid)-th voxel, e/A^3.
        axis: the coordinate of those voxels along each axis, in [-0.5, 0.5).
    """

    patterns: Float[Tensor, "crystals bins"]
    formulas: Float[Tensor, "crystals elements"] | None
    truth: Float[Tensor, "crystals grid grid grid"]
    axis: Float[Tensor, " grid"]

    @classmethod
    def of(cls, crystals: CrystalTensors, grid: int, with_formula: bool) -> "ValidationSet":
        """Take voxels floor(i N / grid) along each axis.

        Raises:
            CrystalNetError: if the validation grid is finer than the density grid.
        """
        if grid > crystals.grid:
            raise CrystalNetError(
                f"validation_grid is {grid}, but the densities have {crystals.grid} points an "
                "axis; choose at most that many"
            )
        device = crystals.densities.device
        voxels = torch.arange(grid, device=device) * crystals.grid // grid
        truth = crystals.densities[:, voxels][:, :, voxels][:, :, :, voxels]
        return cls(
            crystals.patterns,
            crystals.formulas if with_formula else None,
            truth.float(),
            voxels / crystals.grid - 0.5,
        )


def validation_ssim(
    model: CrystalNet,
    crystals: ValidationSet,
    guesses: int,
    seed: int,
    epoch: int,
    precision: Precision,
) -> float:
    """Mean over the crystals of the best SSIM of `guesses` guesses in 24 array rotations.

    Several processes share the work; each returns the mean over all crystals.
    """
    processes = Processes.current()
    device = crystals.truth.device
    total = torch.zeros((), dtype=torch.float64, device=device)
    firsts = range(0, len(crystals.truth), _CRYSTALS_AT_ONCE)
    for first in firsts[processes.rank :: processes.count]:
        part = slice(first, first + _CRYSTALS_AT_ONCE)
        formulas = None if crystals.formulas is None else crystals.formulas[part]
        generator = derived_generator(device, seed, "validation", epoch, first)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            density = model.predict_on_axis(
                crystals.patterns[part], formulas, crystals.axis, guesses, generator
            )
        scores = score_guesses(crystals.truth[part], density, "array")
        total += scores.ssim.flatten(1).amax(dim=1).double().sum()
    return float(processes.sum(total)) / len(crystals.truth)
