"""Training of the modes network: on the coefficients of the densities, seen at points of the cell.

Each guess is compared with the truth at points of the cell that are drawn anew for each batch: the
mean absolute difference, in units of the density's range. The first guess learns from every
crystal; of the others the one that is nearest does, so that they come to differ.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from crystalnet.errors import CrystalNetError
from crystalnet.learning.modes.samples import Samples
from crystalnet.network.modes.network import Guesses, Kind, ModesNet
from crystalnet.seeds import derived_generator, derived_seed
from crystalnet.settings_modes import ModesTraining

# Grid of the cell whose points are drawn from.
_GRID = 25
# Weights of the parts of the loss beside that of the first guess.
_OTHERS, _TRUST, _SIZE = 0.5, 0.02, 0.05
# Share of the steps in which the learning rate rises.
_RISING = 0.02


@dataclass(frozen=True)
class Epoch:
    """One row of the learning curve: mean loss of the first guess, learning rate at the end, its
    seconds, and validation SSIM by kind of density if taken."""

    epoch: int
    loss: float
    learning_rate: float
    seconds: float
    validation: dict[Kind, float] | None


def train_modes(
    model: ModesNet,
    samples: Samples,
    settings: ModesTraining,
    seed: int,
    validate: Callable[[ModesNet], dict[Kind, float]],
    record: Callable[[Epoch, ModesNet], None],
) -> ModesNet:
    """Train a network in place; returns the running mean of its weights.

    Args:
        model: where the training starts.
        validate: the scores of a network, for the learning curve alone: nothing is chosen by it.
        record: told of each epoch, with the running mean as it is.

    Raises:
        CrystalNetError: if the loss is not finite.
    """
    rng = np.random.default_rng(derived_seed(seed, "modes", "batches"))
    torch.manual_seed(derived_seed(seed, "modes", "dropout"))
    mean = copy.deepcopy(model).eval()
    points = model.modes.on_grid(_GRID)[1:].T.contiguous()
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    batches = len(samples) // settings.batch_size
    steps = settings.epochs * batches
    generator = derived_generator("cpu", seed, "modes", "points")
    start = time.monotonic()
    step, rate = 0, 0.0
    for epoch in range(1, settings.epochs + 1):
        model.train()
        order = rng.permutation(len(samples))
        total = 0.0
        for number in range(batches):
            rate = settings.learning_rate * _rate(step / steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            chosen = order[number * settings.batch_size : (number + 1) * settings.batch_size]
            batch = samples.batch(chosen, settings.flaws, rng)
            some = torch.randint(len(points), (settings.points,), generator=generator)
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bfloat16"):
                said = model(batch.patterns, batch.formulas, batch.dft)
                first, loss = _losses(said, batch, points[some].T)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step += 1
            _follow(mean, model, min(settings.smoothing, step / (step + 10)))
            total += float(first.detach())
        if not math.isfinite(total):
            raise CrystalNetError(f"epoch {epoch}: the loss is {total}; lower the learning rate")
        due = epoch % settings.validation_every == 0 or epoch == settings.epochs
        score = validate(mean) if due else None
        seconds = time.monotonic() - start
        record(Epoch(epoch, total / max(1, batches), rate, seconds, score), mean)
        start = time.monotonic()
    return mean


def _losses(
    said: Guesses, wanted: Samples, points: Float[Tensor, "modes points"]
) -> tuple[Tensor, Tensor]:
    """Mean absolute difference of the first guess, and the whole loss."""
    off = (said.coefficients - wanted.coefficients[:, None]) @ points
    each = off.float().abs().mean(dim=2)
    first = each[:, 0].mean()
    loss = first + _SIZE * F.smooth_l1_loss(said.log_size.float(), wanted.log_size)
    if each.shape[1] > 1:
        loss = loss + _OTHERS * each[:, 1:].amin(dim=1).mean()
        loss = loss + _TRUST * F.cross_entropy(said.trust.float(), each.detach().argmin(dim=1))
    return first, loss


def _rate(done: float) -> float:
    """The learning rate as a share of the highest, at a share of the training."""
    return min(1.0, done / _RISING + 1e-3) * (1 + math.cos(math.pi * done)) / 2


@torch.no_grad()
def _follow(mean: ModesNet, model: ModesNet, smoothing: float) -> None:
    for kept, new in zip(mean.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - smoothing)
