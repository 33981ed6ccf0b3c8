"""Training, from top to bottom in one function."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.learning.checkpoints import (
    CurveRow,
    TrainingState,
    fingerprint,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)
from crystalnet.learning.distributed import Processes, synchronise_norms
from crystalnet.learning.feed import density_batches
from crystalnet.learning.interruption import terminate_as_exit
from crystalnet.learning.progress import report
from crystalnet.learning.schedule import learning_rate
from crystalnet.learning.step import step_objective, training_step
from crystalnet.learning.validation import ValidationSet, validation_ssim
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.seeds import derived_generator, seeded_initialisation
from crystalnet.settings import CompositionInput, NetworkSettings, TrainingSettings
from crystalnet.tensors import CrystalTensors

# A state is written when this many seconds have passed, or 20 times what the last write took.
_SAVE_EVERY = 5.0
_REPORT_EVERY = 2.0


@dataclass(frozen=True)
class TrainingResult:
    """A finished training.

    Attributes:
        model: the network with its best weights, in evaluation mode.
        best_epoch: the epoch (from 1) of these weights.
        best_ssim: their validation SSIM.
        epochs: epochs trained.
        seconds: time spent on them, validation included, over all interruptions.
    """

    model: CrystalNet
    best_epoch: int
    best_ssim: float
    epochs: int
    seconds: float


def train(
    network: NetworkSettings,
    training: TrainingSettings,
    train: CrystalTensors,
    validation: CrystalTensors,
    *,
    composition_input: CompositionInput,
    run_dir: Path,
    seed: int,
    device: str,
    progress: Callable[[str], object] = print,
    record: Callable[[CurveRow], object] = lambda row: None,
    start: CrystalNet | None = None,
) -> TrainingResult:
    """Train a network and return it with the weights that validated best.

    Interrupted at any moment (Ctrl-C, SIGTERM, a crash) and called again with the same arguments,
    it goes on from the last finished epoch that `run_dir` holds and ends with the same numbers.

    Called in each of several processes (`crystalnet.learning.distributed`), these share the work of
    every batch and end with the same weights; the first one writes and reports.

    Args:
        train, validation: crystals; moved to `device` whole, unless the settings leave the training
            densities on the host.
        composition_input: the form of `formulas`; with "no_formula" they are not looked at.
        run_dir: keeps the state.
        seed: root of every random draw.
        device: "cpu", "cuda" or "cuda:1".
        progress: is called with lines for a person to read.
        record: is called with every epoch of the learning curve, those of an earlier run first.
        start: a network of the same form whose weights the training starts from.

    Raises:
        CrystalNetError: if the loss is not finite, or the crystals or the start do not fit the
            settings.
    """
    if len(train) < 2:
        raise CrystalNetError(
            f"one training crystal ({train.material_ids[0]}): BatchNorm needs at least 2"
        )
    # Prepare: everything that a step reads lives on the device from here on.
    identity = fingerprint(network, training, composition_input, seed, train, validation, start)
    processes = Processes.current()
    if not processes.first:
        progress = record = _silent
    place = torch.device(device)
    with_formula = composition_input != "no_formula"
    streamed = training.densities_on == "host"
    train = train.to(place, densities=not streamed)
    batches_an_epoch = batch_count(len(train), training.batch_size)
    scored = ValidationSet.of(validation.to(place), training.validation_grid, with_formula)
    with seeded_initialisation(seed):
        model = CrystalNet(network, train.patterns.shape[1], with_formula)
    if start is not None:
        _refuse_other_form(start, model)
        model.load_state_dict(start.state_dict())
    model.to(place).train()
    model.film_statistics_of_points = training.film_statistics == "points"
    if processes.count > 1:
        _refuse_to_share(processes, training, len(train) // batches_an_epoch)
        synchronise_norms(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=training.learning_rate_max, fused=True)
    objective = step_objective(training)

    # Go on where an earlier run stopped.
    state = load_state(run_dir, identity, place, progress)
    curves: list[CurveRow] = []
    seconds: list[float] = []
    best_weights, best_epoch, best_ssim = _copy(model.state_dict()), 0, -math.inf
    if state is not None:
        model.load_state_dict(state.weights)
        restore_optimiser(optimiser, state.optimiser)
        curves, seconds = list(state.curves), list(state.seconds)
        best_weights, best_epoch, best_ssim = (
            state.best_weights,
            state.best_epoch,
            state.best_ssim,
        )
        progress(f"going on after epoch {len(curves)} of {training.epochs}")
        for row in curves:
            record(row)

    unsaved: TrainingState | None = None
    saved_at, save_every, reported_at = time.monotonic(), _SAVE_EVERY, -math.inf
    with terminate_as_exit():
        try:
            for epoch in range(len(curves), training.epochs):
                started = time.monotonic()
                rate = learning_rate(
                    epoch, training.cycles, training.learning_rate_max, training.learning_rate_min
                )
                for group in optimiser.param_groups:
                    group["lr"] = rate

                # Train on every crystal once.
                generator = derived_generator(place, seed, "epoch", epoch)
                order = torch.randperm(len(train), generator=generator, device=place)
                batches = order.tensor_split(batches_an_epoch)
                feed = density_batches(train.densities, batches, place, streamed=streamed)
                steps = [
                    training_step(
                        model,
                        optimiser,
                        objective,
                        train,
                        batch,
                        at_hand,
                        training,
                        generator,
                    )
                    for batch, at_hand in zip(batches, feed, strict=True)
                ]
                losses = processes.sum(torch.stack(steps)).double().cpu()
                _refuse_nonfinite(losses, batches, train.material_ids, epoch + 1)
                shares = torch.tensor([len(batch) for batch in batches], dtype=torch.float64)
                total, l1, kl_pattern, kl_formula = (shares @ losses / len(train)).tolist()

                # Validate, and keep the best weights.
                ssim = None
                if (epoch + 1) % training.validation_every == 0 or epoch + 1 == training.epochs:
                    ssim = validation_ssim(
                        model, scored, training.validation_guesses, seed, epoch, training.precision
                    )
                    if not math.isfinite(ssim):
                        raise CrystalNetError(
                            f"epoch {epoch + 1}: the validation SSIM is {ssim}; the network's "
                            "densities are not finite. Lower the learning rate"
                        )
                    if ssim > best_ssim:
                        best_weights = _copy(model.state_dict())
                        best_epoch, best_ssim = epoch + 1, ssim

                # Record, so that an interruption from here on costs nothing.
                row = CurveRow(epoch + 1, rate, total, l1, kl_pattern, kl_formula, ssim)
                curves, seconds = [*curves, row], [*seconds, time.monotonic() - started]
                record(row)
                unsaved = TrainingState(
                    _copy(model.state_dict()),
                    optimiser_tensors(optimiser),
                    best_weights,
                    best_epoch,
                    best_ssim,
                    curves,
                    seconds,
                )
                now = time.monotonic()
                if now - saved_at > save_every or epoch + 1 == training.epochs:
                    if processes.first:
                        save_state(run_dir, unsaved, identity)
                    unsaved, saved_at = None, time.monotonic()
                    save_every = max(_SAVE_EVERY, 20 * (saved_at - now))
                if now - reported_at > _REPORT_EVERY or epoch + 1 == training.epochs:
                    progress(report(row, training.epochs, best_ssim, best_epoch, seconds))
                    reported_at = now
        finally:
            if unsaved is not None and processes.first:
                save_state(run_dir, unsaved, identity)

    model.load_state_dict(best_weights)
    return TrainingResult(model.eval(), best_epoch, best_ssim, len(curves), sum(seconds))


def batch_count(crystals: int, batch_size: int) -> int:
    """Batches in an epoch.

    As many as batches of `batch_size` take, but of equal size (to within one crystal), so that
    none is too small for BatchNorm; each holds at least two crystals.
    """
    return min(math.ceil(crystals / batch_size), crystals // 2)


def _silent(what: object) -> None:
    """What the processes after the first one report."""


def _refuse_other_form(start: CrystalNet, model: CrystalNet) -> None:
    for what in ("settings", "pattern_bins", "with_formula"):
        seen, wanted = getattr(start, what), getattr(model, what)
        if seen != wanted:
            raise CrystalNetError(
                f"the weights to start from are of another network: its {what} are {seen}, those "
                f"of this training {wanted}; start from weights of the same network, or from none"
            )


def _refuse_to_share(processes: Processes, training: TrainingSettings, smallest: int) -> None:
    if smallest < processes.count:
        raise CrystalNetError(
            f"batches of {smallest} crystals cannot be shared by {processes.count} processes; "
            "start fewer, or raise training.batch_size"
        )
    if training.film_statistics == "points":
        raise CrystalNetError(
            "training.film_statistics: points is for one process, as the released code runs; "
            "set it to crystals, or start one process"
        )


def _refuse_nonfinite(
    losses: Float[Tensor, "batches 4"],
    batches: tuple[Tensor, ...],
    material_ids: list[str],
    epoch: int,
) -> None:
    wrong = (~losses.isfinite().all(dim=1)).nonzero().flatten().tolist()
    if wrong:
        first = wrong[0]
        names = ", ".join(material_ids[i] for i in batches[first].tolist())
        raise CrystalNetError(
            f"epoch {epoch}: the loss of batch {first + 1} of {len(batches)} is "
            f"{losses[first, 0].item()}. Its crystals: {names}. Look at their densities, or lower "
            "the learning rate"
        )


def _copy(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}
