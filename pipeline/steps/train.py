"""Train one model of params.yaml on the crystals of its system."""

import argparse
import fcntl
import hashlib
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from crystalnet.files import atomic_write, sha256
from crystalnet.learning.card import CardSettings, ModelCard, write_card
from crystalnet.learning.checkpoints import fingerprint
from crystalnet.learning.tensors import CrystalTensors
from crystalnet.learning.trainer import train
from crystalnet.learning.weights import save_weights
from pipeline import store
from pipeline.dataset import Dataset
from pipeline.params import load_params
from pipeline.steps import command

LICENCE = "MIT; trained on crystals of the Materials Project (CC BY 4.0)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="its name in params.yaml")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    params = load_params()
    name = arguments.model
    model = params.models[name]
    settings = params.training_of(model.protocol)
    dataset = Dataset()
    training, validation = (
        dataset.tensors(model.system, split, composition=model.input, seed=params.seed)
        for split in ("train", "val")
    )
    identity = fingerprint(params.network, settings, model.input, params.seed, training, validation)
    # Models that are trained alike share one run: the second finds it finished.
    run_dir = store.WORK / "training" / identity[:16]
    device = command.device()
    print(
        f"{name}: {len(training)} crystals, {dataset.density_label}, {settings.epochs} epochs on "
        f"{hardware(device)}",
        flush=True,
    )
    with alone(run_dir):
        result = train(
            params.network,
            settings,
            training,
            validation,
            composition_input=model.input,
            run_dir=run_dir,
            seed=params.seed,
            device=device,
            progress=lambda line: print(f"{name}: {line}", flush=True),
        )
        curves = run_dir / "curves.csv"
        with atomic_write(arguments.curves) as temporary:
            shutil.copyfile(curves, temporary)
    save_weights(
        arguments.weights,
        result.model,
        {
            "composition_input": model.input,
            "system": model.system,
            "density_source": dataset.density_source,
        },
    )
    write_card(
        arguments.card,
        ModelCard(
            name=name,
            system=model.system,
            composition_input=model.input,
            density_source=dataset.density_label,
            data_sha256=digest(training, validation),
            weights_sha256=sha256(arguments.weights),
            parameters=sum(p.numel() for p in result.model.parameters() if p.requires_grad),
            settings=CardSettings(network=params.network, training=settings, seed=params.seed),
            hardware=hardware(device),
            seconds=round(result.seconds, 1),
            epochs=result.epochs,
            best_validation_ssim=result.best_ssim,
            licence=LICENCE,
        ),
    )


def digest(*parts: CrystalTensors) -> str:
    """SHA-256 of the crystals that a model saw."""
    return hashlib.sha256("".join(part.digest() for part in parts).encode()).hexdigest()


def hardware(device: str) -> str:
    """The device of a training, for people."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


@contextmanager
def alone(run_dir: Path) -> Iterator[None]:
    """Hold the run for this process; another one that wants it waits. A kill sets it free."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    command.run(main)
