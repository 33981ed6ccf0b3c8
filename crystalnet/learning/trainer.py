"""Training, from top to bottom in one function."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.learning.augmentation import augment
from crystalnet.learning.checkpoints import (
    CurveRow,
    TrainingState,
    fingerprint,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)
from crystalnet.learning.loss import Loss, density_loss
from crystalnet.learning.sampling import draw_points
from crystalnet.learning.schedule import learning_rate
from crystalnet.learning.seeds import derived_generator, seeded_initialisation
from crystalnet.learning.tensors import CrystalTensors
from crystalnet.learning.validation import ValidationSet, validation_ssim
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.settings import CompositionInput, NetworkSettings, TrainingSettings

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
) -> TrainingResult:
    """Train a network and return it with the weights that validated best.

    Interrupted at any moment (Ctrl-C, SIGTERM, a crash) and called again with the same arguments,
    it goes on from the last finished epoch that `run_dir` holds and ends with the same numbers.

    Args:
        train, validation: crystals; moved to `device` whole.
        composition_input: the form of `formulas`; with "no_formula" they are not looked at.
        run_dir: keeps the state, `curves.csv` and `timings.csv`.
        seed: root of every random draw.
        device: "cpu", "cuda" or "cuda:1".
        progress: is called with lines for a person to read.

    Raises:
        CrystalNetError: if the loss is not finite, or the crystals do not fit the settings.
    """
    if len(train) < 2:
        raise CrystalNetError(
            f"one training crystal ({train.material_ids[0]}): BatchNorm needs at least 2"
        )
    # Prepare: everything lives on the device from here on.
    identity = fingerprint(network, training, composition_input, seed, train, validation)
    place = torch.device(device)
    with_formula = composition_input != "no_formula"
    train = train.to(place)
    scored = ValidationSet.of(validation.to(place), training.validation_grid, with_formula)
    with seeded_initialisation(seed):
        model = CrystalNet(network, train.patterns.shape[1], with_formula)
    model.to(place).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=training.learning_rate_max, fused=True)
    objective = torch.compile(_objective) if training.compile else _objective

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

    unsaved: TrainingState | None = None
    saved_at, save_every, reported_at = time.monotonic(), _SAVE_EVERY, -math.inf
    with _terminate_as_exit():
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
                batches = order.tensor_split(batch_count(len(train), training.batch_size))
                steps = [
                    training_step(model, optimiser, objective, train, batch, training, generator)
                    for batch in batches
                ]
                losses = torch.stack(steps).double().cpu()
                _refuse_nonfinite(losses, batches, train.material_ids, epoch + 1)
                shares = torch.tensor([len(batch) for batch in batches], dtype=torch.float64)
                total, l1, kl_pattern, kl_formula = (shares @ losses / len(train)).tolist()

                # Validate, and keep the best weights.
                ssim = None
                if (epoch + 1) % training.validation_every == 0 or epoch + 1 == training.epochs:
                    generator = derived_generator(place, seed, "validation", epoch)
                    ssim = validation_ssim(model, scored, training.validation_guesses, generator)
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
                    save_state(run_dir, unsaved, identity)
                    unsaved, saved_at = None, time.monotonic()
                    save_every = max(_SAVE_EVERY, 20 * (saved_at - now))
                if now - reported_at > _REPORT_EVERY or epoch + 1 == training.epochs:
                    progress(_report(row, training.epochs, best_ssim, best_epoch, seconds))
                    reported_at = now
        finally:
            if unsaved is not None:
                save_state(run_dir, unsaved, identity)

    model.load_state_dict(best_weights)
    return TrainingResult(model.eval(), best_epoch, best_ssim, len(curves), sum(seconds))


def training_step(
    model: CrystalNet,
    optimiser: torch.optim.Optimizer,
    objective: Callable[..., Loss],
    crystals: CrystalTensors,
    chosen: Int[Tensor, " batch"],
    training: TrainingSettings,
    generator: torch.Generator,
) -> Float[Tensor, "4"]:
    """Draw points and noise for a batch, and take one step. Returns the loss and its parts."""
    patterns, formulas = augment(
        crystals.patterns[chosen],
        crystals.formulas[chosen] if model.with_formula else None,
        shift_bins=training.pattern_shift_bins,
        noise=training.input_noise,
        generator=generator,
    )
    coordinates, wanted = draw_points(
        crystals.densities, chosen, training.points_per_axis, generator
    )
    noise = model.draw_noise(len(chosen), generator)
    # Only matrix products run in bfloat16; weights, statistics and the loss stay in float32.
    with torch.autocast(
        wanted.device.type, torch.bfloat16, enabled=training.precision == "bfloat16"
    ):
        loss = objective(model, patterns, formulas, coordinates, noise, wanted, training)
    optimiser.zero_grad(set_to_none=True)
    loss.total.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return torch.stack(loss).detach()


def batch_count(crystals: int, batch_size: int) -> int:
    """Batches in an epoch.

    As many as batches of `batch_size` take, but of equal size (to within one crystal), so that
    none is too small for BatchNorm; each holds at least two crystals.
    """
    return min(math.ceil(crystals / batch_size), crystals // 2)


def _objective(
    model: CrystalNet,
    patterns: Float[Tensor, "crystals bins"],
    formulas: Float[Tensor, "crystals elements"] | None,
    coordinates: Float[Tensor, "crystals points 3"],
    noise: Float[Tensor, "crystals noise"],
    wanted: Float[Tensor, "crystals points"],
    training: TrainingSettings,
) -> Loss:
    """The part of a step that torch.compile takes over."""
    predicted, latent = model(patterns, formulas, coordinates, noise)
    return density_loss(
        predicted,
        wanted,
        latent,
        weight_pattern=training.kl_weight_pattern,
        weight_formula=training.kl_weight_formula,
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


def _report(
    row: CurveRow, epochs: int, best_ssim: float, best_epoch: int, seconds: list[float]
) -> str:
    left = (epochs - row.epoch) * sum(seconds) / len(seconds)
    ssim = "" if row.validation_ssim is None else f"  SSIM {row.validation_ssim:.4f}"
    best = f" (best {best_ssim:.4f}, epoch {best_epoch})" if best_epoch else ""
    return (
        f"epoch {row.epoch}/{epochs}  loss {row.loss:.4f} = {row.l1:.4f} e/A^3, "
        f"KL {row.kl_pattern:.3f} pattern {row.kl_formula:.3f} formula  "
        f"rate {row.learning_rate:.1e}{ssim}{best}  {_duration(left)} left"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextmanager
def _terminate_as_exit() -> Iterator[None]:
    """Inside, SIGTERM unwinds the stack like Ctrl-C, so that the state is written."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may change signal handlers.
        return

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
