"""The state of an unfinished training, in one file that is always whole."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from crystalnet.files import atomic_write
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.settings import (
    CompositionInput,
    NetworkSettings,
    TrainingSettings,
)
from crystalnet.tensors import CrystalTensors

STATE_FILE = "state.safetensors"


class CurveRow(NamedTuple):
    """One epoch (counted from 1): means over its batches; SSIM where it was validated."""

    epoch: int
    learning_rate: float
    loss: float
    l1: float
    kl_pattern: float
    kl_formula: float
    validation_ssim: float | None


@dataclass(frozen=True)
class TrainingState:
    """A training after `len(curves)` whole epochs.

    Generators are derived from the root seed and the epoch, and the learning rate from the epoch,
    so the number of epochs stands for both.
    """

    weights: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    best_weights: dict[str, Tensor]
    best_epoch: int
    best_ssim: float
    curves: list[CurveRow]
    seconds: list[float]


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Copies of the optimiser's tensors, named `<parameter>/<quantity>`."""
    state = optimiser.state_dict()["state"]
    return {
        f"{parameter}/{quantity}": value.detach().clone()
        for parameter, quantities in state.items()
        for quantity, value in quantities.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimiser_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        parameter, quantity = name.split("/")
        state.setdefault(int(parameter), {})[quantity] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def fingerprint(
    network: NetworkSettings,
    training: TrainingSettings,
    composition_input: CompositionInput,
    seed: int,
    train: CrystalTensors,
    validation: CrystalTensors,
    start: CrystalNet | None = None,
) -> str:
    """SHA-256 of everything that decides what a training computes."""
    parts: list[object] = [
        network.model_dump(),
        training.model_dump(),
        composition_input,
        seed,
        train.digest(),
        validation.digest(),
    ]
    if start is not None:
        weights = hashlib.sha256()
        for name, value in start.state_dict().items():
            weights.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
        parts.append(weights.hexdigest())
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def save_state(run_dir: Path, state: TrainingState, fingerprint: str) -> None:
    """Write the state, atomically."""
    tensors = {
        f"{group}/{name}": value.contiguous()
        for group in ("weights", "optimiser", "best_weights")
        for name, value in getattr(state, group).items()
    }
    about = {
        "fingerprint": fingerprint,
        "best_epoch": state.best_epoch,
        "best_ssim": state.best_ssim,
        "curves": state.curves,
        "seconds": state.seconds,
    }
    with atomic_write(run_dir / STATE_FILE) as path:
        save_file(tensors, path, metadata={"training": json.dumps(about)})


def load_state(
    run_dir: Path, fingerprint: str, device: torch.device, progress: Callable[[str], object]
) -> TrainingState | None:
    """The state to go on from, or None for a fresh start.

    A damaged state, or one of other settings, seed or data, is not used; `progress` hears why.
    """
    path = run_dir / STATE_FILE
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            about = json.loads(file.metadata()["training"])
            groups: dict[str, dict[str, Tensor]] = {}
            for key in file.keys():  # noqa: SIM118 (no mapping)
                group, name = key.split("/", 1)
                groups.setdefault(group, {})[name] = file.get_tensor(key)
        state = TrainingState(
            weights=groups["weights"],
            optimiser=groups["optimiser"],
            best_weights=groups["best_weights"],
            best_epoch=about["best_epoch"],
            best_ssim=about["best_ssim"],
            curves=[CurveRow(*row) for row in about["curves"]],
            seconds=about["seconds"],
        )
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        progress(f"{path} cannot be read ({error}); starting from the first epoch")
        return None
    if about["fingerprint"] != fingerprint:
        progress(f"{path} is of other settings, seed or data; starting from the first epoch")
        return None
    return state
