"""Scoring a predictor on a set of crystals, batch by batch."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.scoring.protocol import score_crystals
from crystalnet.scoring.summary import Columns
from crystalnet.scoring.windows import WINDOW
from crystalnet.seeds import derived_generator
from crystalnet.settings import EvaluationSettings
from crystalnet.tensors import CrystalTensors

_CRYSTALS_AT_ONCE = 16


@runtime_checkable
class Predictor(Protocol):
    """Whatever guesses densities from patterns: the network, or a baseline."""

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals made grid grid grid"]:
        """At most `guesses` densities a crystal, in e/A^3, on the device of the patterns."""


@runtime_checkable
class Ranking(Protocol):
    """Whatever prefers one guess of each crystal without the truth."""

    def __call__(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"],
        guesses: Float[Tensor, "crystals guesses x x x"],
    ) -> Int[Tensor, " crystals"]:
        """The index of the preferred guess."""


def evaluate(
    model: Predictor,
    tensors: CrystalTensors,
    settings: EvaluationSettings,
    seed: int,
    device: torch.device | str,
    progress: Callable[[int, int], None] | None = None,
    rank: Ranking | None = None,
) -> Columns:
    """Scores of each crystal, in the order of `tensors.material_ids`.

    Args:
        model: already on `device`.
        tensors: the crystals, on any device; the truth is every (N / grid)-th voxel of their
            densities.
        settings: grid, guesses and the precision in which the guesses are made.
        seed: root seed; the latent samples come from a generator derived from it.
        device: where guesses are made and scored.
        progress: told (crystals done, crystals in all) after each batch.
        rank: chooses a guess without the truth; adds the `chosen` columns.

    Raises:
        CrystalNetError: if the grid does not divide that of the densities, or a truth or guess
            cannot be scored.
    """
    generator = derived_generator(device, seed, "evaluation")
    parts: list[Columns] = []
    for first in range(0, len(tensors), _CRYSTALS_AT_ONCE):
        some = slice(first, first + _CRYSTALS_AT_ONCE)
        names = tensors.material_ids[some]
        patterns = tensors.patterns[some].to(device)
        formulas = tensors.formulas[some].to(device)
        truth = every_nth_voxel(tensors.densities[some], settings.grid).to(device).float()
        with torch.autocast(
            patterns.device.type, torch.bfloat16, enabled=settings.precision == "bfloat16"
        ):
            guesses = model.predict(patterns, formulas, settings.grid, settings.guesses, generator)
        _refuse_nonfinite(guesses, names)
        chosen = rank(patterns, formulas, guesses) if rank is not None else None
        parts.append(score_crystals(truth, guesses, tensors.lattices[some], names, chosen))
        if progress is not None:
            progress(first + len(names), len(tensors))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def every_nth_voxel(
    densities: Float[Tensor, "crystals x x x"], grid: int
) -> Float[Tensor, "crystals g g g"]:
    """The densities on the coarser grid of `grid` points per axis, which are points of theirs.

    Raises:
        CrystalNetError: if they are not.
    """
    points = densities.shape[-1]
    if points % grid:
        fitting = [n for n in range(WINDOW, points + 1) if points % n == 0]
        raise CrystalNetError(
            f"densities of {points} points per axis cannot be compared on a grid of {grid}; "
            f"choose one of {fitting}"
        )
    step = points // grid
    return densities[:, ::step, ::step, ::step]


def _refuse_nonfinite(guesses: Float[Tensor, "crystals made x x x"], names: list[str]) -> None:
    finite = guesses.flatten(1).isfinite().all(dim=1).tolist()
    wrong = [name for name, good in zip(names, finite, strict=True) if not good]
    if wrong:
        raise CrystalNetError(
            f"{', '.join(wrong)}: the guessed density holds NaN or infinity; the weights of the "
            "model are damaged or its training diverged"
        )
