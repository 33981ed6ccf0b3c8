"""Train one model of params.yaml on the crystals of its system."""

import argparse
import hashlib
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import torch

from crystalnet.errors import CrystalNetError
from crystalnet.files import locked, sha256
from crystalnet.learning.checkpoints import CurveRow, fingerprint
from crystalnet.learning.distributed import Processes, join_processes, leave_processes
from crystalnet.learning.trainer import train
from crystalnet.network.card import CardSettings, ModelCard, write_card
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.weights import load_model, save_weights
from crystalnet.settings import PatternSpec
from crystalnet.tensors import CrystalTensors
from pipeline import store
from pipeline.curves import Curves
from pipeline.dataset import Dataset
from pipeline.device import LICENCE, best_device, hardware
from pipeline.models import ModesModel, PaperModel
from pipeline.params import load_params
from pipeline.steps import command
from pipeline.train_modes import train_modes_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="its name in params.yaml")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True, help="folder of QUANTITY.tsv")
    parser.add_argument("--processes", type=int, default=1, help="that train together, one a GPU")
    arguments = parser.parse_args()
    params = load_params()
    name = arguments.model
    tables = [arguments.curves / f"{quantity}.tsv" for quantity in store.CURVE_QUANTITIES]
    model = params.models[name]
    if isinstance(model, ModesModel):
        torch.set_num_threads(arguments.threads)
        train_modes_model(name, model, params, arguments.weights, arguments.card, tables)
        return
    if arguments.processes > 1 and "LOCAL_RANK" not in os.environ:
        sys.exit(start_together(arguments.processes))
    torch.set_num_threads(arguments.threads)
    settings = params.training_of(model.protocol)
    dataset = Dataset()
    training, validation = (
        dataset.tensors(
            model.system,
            split,
            composition=model.composition,
            pattern=model.pattern,
            seed=params.seed,
        )
        for split in ("train", "val")
    )
    # Inputs are drawn from the root seed; what else is random differs between repeats.
    seed = params.seed + model.repeat
    start = start_of(model, dataset.pattern_spec)
    identity = fingerprint(
        params.network, settings, model.composition, seed, training, validation, start
    )
    # Models that are trained alike share one run: the second finds it finished.
    run_dir = store.WORK / "training" / identity[:16]
    device = join_processes(best_device())
    processes = Processes.current()
    live = run_dir / "live"
    if processes.first:
        print(
            f"{name}: {len(training)} crystals, {dataset.density_label}, {settings.epochs} epochs "
            f"on {hardware(device, processes.count)}; curves so far: dvc plots show {live}",
            flush=True,
        )
    with locked(run_dir) if processes.first else nullcontext():
        curves = Curves(live) if processes.first else None
        result = train(
            params.network,
            settings,
            training,
            validation,
            composition_input=model.composition,
            run_dir=run_dir,
            seed=seed,
            device=device,
            progress=lambda line: print(f"{name}: {line}", flush=True),
            record=(lambda row: added(curves, row)) if curves else lambda row: None,
            start=start,
        )
        if curves:
            for table in tables:
                curves.save(table)
    leave_processes()
    if not processes.first:
        return
    save_weights(
        arguments.weights,
        result.model,
        dataset.pattern_spec,
        {
            "composition_input": model.composition,
            "system": model.system,
            "density_source": dataset.density_source,
        },
    )
    write_card(
        arguments.card,
        ModelCard(
            name=name,
            system=model.system,
            composition_input=model.composition,
            pattern_input=model.pattern,
            pattern=dataset.pattern_spec,
            density_source=dataset.density_label,
            data_sha256=digest(training, validation),
            weights_sha256=sha256(arguments.weights),
            parameters=sum(p.numel() for p in result.model.parameters() if p.requires_grad),
            settings=CardSettings(network=params.network, training=settings, seed=seed),
            hardware=hardware(device, processes.count),
            seconds=round(result.seconds, 1),
            epochs=result.epochs,
            best_validation_ssim=result.best_ssim,
            licence=LICENCE,
        ),
    )


def added(curves: Curves, row: CurveRow) -> None:
    """One epoch of the paper's network."""
    values = row._asdict()
    curves.add(values.pop("epoch"), values)


def start_of(model: PaperModel, patterns: PatternSpec) -> CrystalNet | None:
    """The network whose weights a training starts from, if it starts from any.

    Raises:
        CrystalNetError: for weights that are missing, damaged, or not those that were named.
    """
    if model.start is None:
        return None
    network = load_model(model.start.weights, patterns)
    if (seen := sha256(model.start.weights)) != model.start.sha256:
        raise CrystalNetError(
            f"{model.start.weights}: its SHA-256 is {seen}, but params.yaml names "
            f"{model.start.sha256}; fetch the file again, or correct params.yaml"
        )
    return network


def digest(*parts: CrystalTensors) -> str:
    """SHA-256 of the crystals that a model saw."""
    return hashlib.sha256("".join(part.digest() for part in parts).encode()).hexdigest()


def start_together(processes: int) -> int:
    """Run this step anew in several processes, by torchrun; returns its exit status."""
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    step = ["-m", "pipeline.steps.train", *sys.argv[1:]]
    return subprocess.run([sys.executable, "-m", *launcher, *step]).returncode


if __name__ == "__main__":
    command.run(main)
