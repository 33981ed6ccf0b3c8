"""The two architectures side by side: how fast they train, and how soon they score the same.

    python -m benchmarks.architectures --system cubic

Reads the data set that `make reproduce` leaves in artifacts/. Throughput: crystals a second of
training at the full sizes of both (`network` and `modes` of params.yaml, without any scale).
Time to equal score: the paper's network is trained as the chosen scale says, and then the other one
until it scores as much, with one guess as it comes on the validation crystals. Seconds of one
core's work, without validation.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import yaml

from benchmarks.machine import CPU, machine
from benchmarks.training_step import PAPER, TRAINING, made_up
from crystalnet.learning.modes.samples import Samples
from crystalnet.learning.modes.training import train_modes
from crystalnet.learning.step import step_objective, training_step
from crystalnet.learning.trainer import train
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.density_model import DensityModel
from crystalnet.network.modes.density_modes import fit_modes
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.scoring.evaluate import every_nth_voxel
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import seeded_initialisation
from crystalnet.settings_modes import ModesSettings, ModesTraining
from crystalnet.tensors import CrystalTensors
from pipeline.canonical import Canonical
from pipeline.dataset import Dataset
from pipeline.params import PARAMS_FILE, load_params

GRID = 25
# Crystals of the paper's step: what a core does in seconds.
_PAPER_CRYSTALS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--system", default="cubic")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(machine(), flush=True)
    paper, modes = throughput()
    print(
        f"throughput at full size: paper {paper:.2f} crystals/s (1000 points each), modes "
        f"{modes:.0f} crystals/s: ratio {modes / paper:.0f}",
        flush=True,
    )
    seconds, score = paper_training(arguments.system)
    print(f"paper, {arguments.system}: one guess {score:.3f} after {seconds:.1f} s", flush=True)
    reached, at, best = modes_training(arguments.system, score)
    print(f"modes, {arguments.system}: {at:.3f} after {reached:.1f} s, {best:.3f} at its end")
    print(f"time to equal score: ratio {seconds / reached:.1f}")


def throughput() -> tuple[float, float]:
    """Crystals a second of a training step of the paper's network and of a modes network."""
    crystals = made_up(_PAPER_CRYSTALS, CPU)
    chosen = torch.arange(_PAPER_CRYSTALS)
    torch.manual_seed(0)
    model = CrystalNet(PAPER, crystals.patterns.shape[1], with_formula=True)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-6)
    objective, generator = step_objective(TRAINING), torch.Generator().manual_seed(0)
    for _ in range(2):  # the first warms up
        start = time.process_time()
        training_step(
            model, optimiser, objective, crystals, chosen, (crystals.densities, chosen), TRAINING,
            generator,
        )  # fmt: skip
        step = time.process_time() - start
    raw = yaml.safe_load(PARAMS_FILE.read_text(encoding="utf-8"))["modes"]
    settings = ModesTraining(**{**raw["training"], "epochs": 3, "validation_every": 3})
    batch, count = settings.batch_size, raw["count"]
    rng = np.random.default_rng(0)
    spectra = torch.randn(count + 1, 2 * raw["order"] + 1, 2 * raw["order"] + 1, raw["order"] + 1)
    fitted = fit_modes(spectra.to(torch.complex64), torch.ones(count + 1), count, 0)
    peaks = [(np.sort(rng.uniform(0.2, 1.5, 60)), rng.uniform(1, 100, 60)) for _ in range(batch)]
    samples = Samples.of(
        peaks, torch.rand(batch, 119), torch.rand(batch, count), torch.ones(batch), dft=False
    )
    network = ModesNet(ModesSettings(**raw["network"]), fitted, with_formula=True)
    ends: list[float] = []
    # An epoch is one step.
    train_modes(
        network, samples, settings, 0, lambda _: {}, lambda row, _: ends.append(time.process_time())
    )
    return _PAPER_CRYSTALS / step, batch / (ends[-1] - ends[-2])


def paper_training(system: str) -> tuple[float, float]:
    """Seconds of the training of the chosen scale, and what one guess scores behind it."""
    params, dataset = load_params(), Dataset()
    crystals, validation = (dataset.tensors(system, split) for split in ("train", "val"))
    settings = params.training_of("main")
    # Validated once, at the end, so that the time is that of the training.
    settings = settings.model_copy(update={"validation_every": settings.epochs})
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        found = train(
            params.network,
            settings,
            crystals,
            validation,
            composition_input="baseline",
            run_dir=Path(folder),
            seed=params.seed,
            device="cpu",
            progress=lambda _: None,
        )
        seconds = time.process_time() - start
    return seconds, one_guess(found.model, validation)


def modes_training(system: str, wanted: float) -> tuple[float, float, float]:
    """Seconds until one guess scores as much, the score there, and that at the end."""
    params, canonical = load_params(), Canonical(system)
    validation = canonical.tensors(
        Dataset(), "val", composition="baseline", pattern="full", seed=params.seed
    )
    samples = canonical.samples("baseline", params.modes.copies, params.seed)
    settings = params.modes.training.model_copy(update={"validation_every": 1})
    with seeded_initialisation(params.seed):
        network = ModesNet(params.modes.network, canonical.modes, with_formula=True)
    scores: list[tuple[float, float]] = []
    start, spent = time.process_time(), 0.0

    def validate(model: ModesNet) -> dict[Kind, float]:
        nonlocal spent
        before = time.process_time()
        score = one_guess(model, validation)
        scores.append((before - start - spent, score))
        spent += time.process_time() - before
        return {}

    train_modes(network, samples, settings, params.seed, validate, lambda row, _: None)
    reached = next((each for each in scores if each[1] >= wanted), scores[-1])
    return *reached, scores[-1][1]


def one_guess(network: DensityModel, crystals: CrystalTensors) -> float:
    """Mean SSIM of one guess of each crystal, as it comes."""
    generator = torch.Generator().manual_seed(0)
    truth = every_nth_voxel(crystals.densities, GRID).float()
    made = network.predict(crystals.patterns, crystals.formulas, GRID, 1, generator)
    return float(score_guesses(truth, made, "none").ssim[:, 0, 0].mean())


if __name__ == "__main__":
    main()
