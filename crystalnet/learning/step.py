"""One step of a training: a batch with its noise and points, its loss, its gradients."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crystalnet.learning.augmentation import augment
from crystalnet.learning.distributed import Processes
from crystalnet.learning.feed import Batch
from crystalnet.learning.loss import Loss, density_loss
from crystalnet.learning.sampling import draw_points
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.settings import TrainingSettings
from crystalnet.tensors import CrystalTensors


def training_step(
    model: CrystalNet,
    optimiser: torch.optim.Optimizer,
    objective: Callable[..., Loss],
    crystals: CrystalTensors,
    chosen: Int[Tensor, " batch"],
    at_hand: Batch,
    training: TrainingSettings,
    generator: torch.Generator,
) -> Float[Tensor, "4"]:
    """Draw points and noise for a batch, and take one step.

    Args:
        objective: of `step_objective`.
        chosen: rows of the batch's crystals.
        at_hand: where their densities are (see `density_batches`).

    Returns:
        The loss and its parts. Several processes draw for the whole batch, work on their own part
        of it, and each return their share of these means.
    """
    processes = Processes.current()
    mine = processes.part_of(len(chosen))
    patterns = crystals.patterns[chosen]
    formulas = crystals.formulas[chosen] if model.with_formula else None
    patterns, formulas = augment(
        patterns,
        formulas,
        shift_bins=training.pattern_shift_bins,
        noise=training.input_noise,
        generator=generator,
    )
    coordinates, wanted = draw_points(*at_hand, training.points_per_axis, generator)
    noise = model.draw_noise(len(chosen), generator)
    share = (mine.stop - mine.start) / len(chosen)
    # Only matrix products run in bfloat16; weights, statistics and the loss stay in float32.
    with torch.autocast(
        wanted.device.type, torch.bfloat16, enabled=training.precision == "bfloat16"
    ):
        loss = objective(
            model,
            patterns[mine],
            formulas[mine] if formulas is not None else None,
            coordinates[mine],
            noise[mine],
            wanted[mine],
            training.kl_weight_pattern,
            training.kl_weight_formula,
        )
    optimiser.zero_grad(set_to_none=True)
    (loss.total * share).backward()
    processes.sum_gradients(model)
    optimiser.step()
    parts: Tensor = torch.stack(loss).detach() * share
    return parts


def step_objective(training: TrainingSettings) -> Callable[..., Loss]:
    """The part of a step that torch.compile takes over, if the settings ask for it."""
    if training.compile == "none":
        return _objective
    # Batches come in at most two sizes: a graph for each, instead of one for all sizes.
    return torch.compile(_objective, dynamic=False, mode=training.compile)


def _objective(
    model: CrystalNet,
    patterns: Float[Tensor, "crystals bins"],
    formulas: Float[Tensor, "crystals elements"] | None,
    coordinates: Float[Tensor, "crystals points 3"],
    noise: Float[Tensor, "crystals noise"],
    wanted: Float[Tensor, "crystals points"],
    weight_pattern: float,
    weight_formula: float,
) -> Loss:
    """From the inputs of a batch to its loss."""
    predicted, latent = model(patterns, formulas, coordinates, noise)
    return density_loss(
        predicted, wanted, latent, weight_pattern=weight_pattern, weight_formula=weight_formula
    )
