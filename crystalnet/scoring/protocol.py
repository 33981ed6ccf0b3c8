"""The row of scores of each crystal: the paper's protocol and stricter ones, side by side."""

from collections.abc import Sequence
from typing import get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crystalnet.crystallography.rotations import rotation_set
from crystalnet.scoring.agreement import (
    electron_error_percent,
    map_correlation,
    negative_mass_percent,
    nmae_percent,
)
from crystalnet.scoring.ssim import score_guesses
from crystalnet.scoring.summary import Columns
from crystalnet.settings import COMPARISONS, RotationSet

ROTATION_SETS: tuple[RotationSet, ...] = get_args(RotationSet)


def score_crystals(
    truth: Float[Tensor, "crystals x x x"],
    guesses: Float[Tensor, "crystals guesses x x x"],
    lattices: Float[Tensor, "crystals 3 3"],
    material_ids: Sequence[str],
    chosen: Int[Tensor, " crystals"] | None = None,
) -> Columns:
    """Scores of each crystal, in every rotation set.

    For each `set` of none, array, cube, lattice and released (array rotations, on densities with
    the planes empty that the released code leaves empty, see `as_released`):

    - `ssim_set`, `psnr_set` (dB): the best over guesses and rotations, each on its own. This is
      the paper's protocol; it looks at the truth to choose both.
    - `ssim_first_set`, `psnr_first_set`: the first guess, in its best rotation. Nothing looks at
      the truth in `ssim_first_none` and `psnr_first_none`.
    - `ssim_mean_set`, `psnr_mean_set`: mean over the guesses, each in its best rotation.
    - `ssim_spread_set`, `psnr_spread_set`: population standard deviation of the same.
    - `ssim_chosen_set`, `psnr_chosen_set`: the guess chosen without the truth, in its best
      rotation; only where `chosen` is given.

    And of the first guess, in the lattice rotation in which its SSIM is best: `nmae_percent`,
    `map_correlation`, `electron_error_percent`, `negative_mass_percent`.

    Args:
        truth: e/A^3.
        guesses: e/A^3, on the same grid and device.
        lattices: rows are a, b, c in A.
        material_ids: one name a crystal, for messages.
        chosen: the index of the guess that a ranking prefers.

    Raises:
        CrystalNetError: for a truth whose scores are undefined (see `score_guesses`).
    """
    scores: dict[str, Tensor] = {}
    turned = guesses[:, 0]
    for comparison in COMPARISONS:
        if comparison == "released":
            found = score_guesses(
                as_released(truth), as_released(guesses), "array", lattices, material_ids
            )
        else:
            found = score_guesses(truth, guesses, comparison, lattices, material_ids)
        for name, each in (("ssim", found.ssim), ("psnr", found.psnr)):
            best = each.amax(dim=2)
            scores[f"{name}_{comparison}"] = best.amax(dim=1)
            scores[f"{name}_first_{comparison}"] = best[:, 0]
            scores[f"{name}_mean_{comparison}"] = best.mean(dim=1)
            scores[f"{name}_spread_{comparison}"] = best.std(dim=1, correction=0)
            if chosen is not None:
                picked = best.gather(1, chosen[:, None].to(best.device))
                scores[f"{name}_chosen_{comparison}"] = picked[:, 0]
        if comparison == "lattice":
            turned = _in_rotation(guesses[:, 0], lattices, found.ssim[:, 0].argmax(dim=1))
    scores["nmae_percent"] = nmae_percent(truth, turned)
    scores["map_correlation"] = map_correlation(truth, turned)
    scores["electron_error_percent"] = electron_error_percent(truth, turned)
    scores["negative_mass_percent"] = negative_mass_percent(turned)
    return {name: values.double().cpu().numpy() for name, values in scores.items()}


def as_released(densities: Float[Tensor, "*batch x x x"]) -> Float[Tensor, "*batch x x x"]:
    """The densities as the released code compares them, with some planes left at zero.

    It finds voxel i of N at floor(N (i / N)) of double precision, which misses the i where the
    product falls below i: 29 of 50, and none of 25.
    """
    grid = densities.shape[-1]
    missed = [i for i in range(grid) if int(i / grid * grid) != i]
    kept = densities.new_ones(grid)
    kept[missed] = 0
    return densities * kept[:, None, None] * kept[:, None] * kept


def _in_rotation(
    densities: Float[Tensor, "crystals x x x"],
    lattices: Float[Tensor, "crystals 3 3"],
    chosen: Int[Tensor, " crystals"],
) -> Float[Tensor, "crystals x x x"]:
    """Each density in one rotation of its lattice."""
    grid = densities.shape[-1]
    index = torch.stack(
        [
            torch.tensor(rotation_set("lattice", grid, lattice)[row])
            for lattice, row in zip(lattices.cpu().numpy(), chosen.tolist(), strict=True)
        ]
    )
    return densities.flatten(1).gather(1, index.to(densities.device)).view_as(densities)
