"""Train the network of the architecture `modes` of one crystal system."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import torch
from safetensors.torch import load_file

from crystalnet.learning.modes.samples import Samples
from crystalnet.learning.modes.training import Epoch, train_modes
from crystalnet.network.modes.density_modes import DensityModes
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.network.modes.weights import load_modes, save_modes
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import seeded_initialisation
from crystalnet.settings_modes import ModesInput
from pipeline import learned, learned_densities
from pipeline.learned import SUBSTITUTE
from pipeline.params import load_params
from pipeline.scores import write_metrics
from pipeline.steps import command

# Points per axis of the validation that goes with the learning curve.
_GRID = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True)
    parser.add_argument("--described", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--input", default="baseline", choices=get_args(ModesInput))
    parser.add_argument("--start", type=Path, help="the weights of a pass, to go on behind it")
    parser.add_argument("--passed", type=int, default=0, help="passes that are behind them")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    params = load_params()
    described = learned.Described(arguments.described)
    tensors = load_file(arguments.targets)
    modes = DensityModes(tensors["real"], tensors["imaginary"], tensors["scale"])
    dft = learned_densities.DftSpectra(params.densities.electron_tolerance)

    def samples_of(split: str, kind: Kind) -> Samples:
        rows = described.rows(split)
        if kind == "dft":
            rows = dft.rows(rows)
        samples = Samples.of(
            learned.peaks(rows),
            learned.formulas(rows),
            tensors[f"{kind}-{split}"],
            tensors[f"{kind}-{split}-size"],
            kind == "dft",
        )
        return learned.told(samples, rows["material_id"], arguments.input, params.seed)

    # Two of the seven systems have DFT densities.
    copies = params.learned.dft_copies if "dft-train" in tensors else 0
    parts = [samples_of("train", "iam")]
    parts += [samples_of(SUBSTITUTE, "iam")] if f"iam-{SUBSTITUTE}" in tensors else []
    parts += [samples_of("train", "dft")] * copies if copies else []
    samples = Samples.joined(parts)
    settings = params.learned.training_of(arguments.system)
    with seeded_initialisation(params.seed):
        sizes = params.learned.network_of(arguments.system)
        model = ModesNet(sizes, modes, arguments.input != "no_formula")
    if arguments.start:
        model = load_modes(arguments.start).train()
    validation = described.rows("val")
    truth = learned_densities.iam_truth(validation, _GRID)
    scored: dict[Kind, tuple[Samples, torch.Tensor]]
    scored = {"iam": (samples_of("val", "iam"), truth)}
    if copies:
        scored["dft"] = (samples_of("val", "dft"), dft.truth(dft.rows(validation), _GRID))
    print(
        f"{arguments.system}: {len(samples)} samples, {model.parameter_count} parameters",
        flush=True,
    )

    def validate(network: ModesNet) -> dict[Kind, float]:
        return {kind: ssim_of(network, *of, kind) for kind, of in scored.items()}

    curve: list[Epoch] = []

    def record(row: Epoch, network: ModesNet) -> None:
        curve.append(row)
        said = ""
        if row.validation is not None:
            each = [f"{score:.4f} ({kind.upper()})" for kind, score in row.validation.items()]
            said = ", validation SSIM " + ", ".join(each)
        print(
            f"{arguments.system}: epoch {row.epoch} of {settings.epochs}, "
            f"{row.seconds:.0f} s, loss {row.loss:.5f}{said}",
            flush=True,
        )
        if row.validation is not None:
            save(arguments.weights.with_suffix(".partial.safetensors"), network)

    def save(path: Path, network: ModesNet) -> None:
        composition = "baseline" if arguments.input == "no_pattern" else arguments.input
        notes = {
            "composition_input": composition,
            "input": arguments.input,
            "system": arguments.system,
        }
        save_modes(path, network, notes)

    for number in range(arguments.passed, params.learned.passes[arguments.system]):
        seed = params.seed + number
        model = train_modes(model, samples, settings, seed, validate, record)
    save(arguments.weights, model)
    about = {
        "epochs": len(curve),
        "seconds": round(sum(row.seconds for row in curve), 1),
        "curve": [asdict(row) for row in curve],
    }
    write_metrics(arguments.weights.with_suffix(".json"), about)


def ssim_of(network: ModesNet, inputs: Samples, truth: torch.Tensor, kind: Kind) -> float:
    """Mean SSIM of one guess of each crystal, as it comes."""
    scores = []
    for first in range(0, len(truth), 64):
        some = slice(first, first + 64)
        made = network.predict(inputs.patterns[some], inputs.formulas[some], _GRID, 1, kind=kind)
        scores.append(score_guesses(truth[some], made, "none").ssim[:, 0, 0])
    return float(torch.cat(scores).mean())


if __name__ == "__main__":
    command.run(main)
