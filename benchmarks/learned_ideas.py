"""What each idea of the learned networks is worth: short trainings that differ in one thing each.

    python -m benchmarks.learned_ideas --system cubic --folder work/.../learned/cubic

The folder holds described.parquet and targets.safetensors of `make learned`. One guess of the
network alone, as it comes, mean SSIM at 50^3 on independent-atom densities of validation and test
crystals; each line is added to docs/learned_ideas.json as it is done.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from benchmarks.machine import machine
from crystalnet.files import atomic_write
from crystalnet.learning.modes.flaws import Peaks
from crystalnet.learning.modes.samples import Samples
from crystalnet.learning.modes.training import train_modes
from crystalnet.network.modes.density_modes import DensityModes
from crystalnet.network.modes.features import BINS
from crystalnet.network.modes.network import ModesNet
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import seeded_initialisation
from pipeline import learned, learned_densities
from pipeline.learned import SUBSTITUTE
from pipeline.params import load_params

RESULTS = Path("docs/learned_ideas.json")
PLAIN_BINS = "no flaws, and bins of q instead of ln(q / q first)"
EPOCHS, WIDTH = 8, 352

# What each line changes of the short training; the first changes nothing.
IDEAS = (
    "as it is",
    "no substitutes",
    "no flawed patterns",
    PLAIN_BINS,
    "one guess instead of two",
    "half the modes",
    "no pattern",
    "no formula",
    "no smoothing of the weights",
    "no dropout",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--system", required=True, choices=["cubic", "trigonal"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--ideas", nargs="+", choices=IDEAS, default=IDEAS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = Data(arguments.folder)
    for idea in arguments.ideas:
        start = time.process_time()
        network = trained(data, idea)
        seconds = time.process_time() - start
        entry = {
            "validation": data.ssim(network, "val", idea),
            "test": data.ssim(network, "test", idea),
            "training_cpu_seconds": round(seconds),
            "machine": machine(),
        }
        print(arguments.system, idea, entry, flush=True)
        known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
        known.setdefault(arguments.system, {})[idea] = entry
        with atomic_write(RESULTS) as partial:
            partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


class Data:
    """Samples and truths of one system."""

    def __init__(self, folder: Path) -> None:
        self.described = learned.Described(folder / "described.parquet")
        self.tensors = load_file(folder / "targets.safetensors")
        self.modes = DensityModes(*(self.tensors[n] for n in ("real", "imaginary", "scale")))
        self.truths = {
            split: learned_densities.iam_truth(self.described.rows(split), 50).half()
            for split in ("val", "test")
        }
        self.samples = {split: self._samples(split) for split in ("train", SUBSTITUTE)}
        self.inputs = {split: self._inputs(split) for split in ("val", "test")}

    def _samples(self, split: str) -> Samples:
        rows = self.described.rows(split)
        coefficients, size = (self.tensors[f"iam-{split}{end}"] for end in ("", "-size"))
        return Samples.of(learned.peaks(rows), learned.formulas(rows), coefficients, size, False)

    def _inputs(self, split: str) -> Samples:
        rows = self.described.rows(split)
        nothing = torch.zeros(len(rows), self.modes.count)
        formulas = learned.formulas(rows)
        return Samples.of(learned.peaks(rows), formulas, nothing, torch.ones(len(rows)), False)

    def ssim(self, network: ModesNet, split: str, idea: str) -> float:
        """Mean SSIM of one guess."""
        inputs, truth = self.inputs[split], self.truths[split]
        patterns = inputs.patterns * (idea != "no pattern")
        if idea == PLAIN_BINS:
            patterns = plain_bins(inputs.peaks)
        scores = []
        for first in range(0, len(truth), 32):
            some = slice(first, first + 32)
            made = network.predict(patterns[some], inputs.formulas[some], 50, 1, kind="iam")
            scores.append(score_guesses(truth[some].float(), made, "none").ssim[:, 0, 0])
        return round(float(torch.cat(scores).mean()), 4)


def plain_bins(peaks: list[Peaks]) -> torch.Tensor:
    """Square roots of intensities in bins of q, which move with the size of the cell."""
    # All patterns of a run end at the same angle.
    last = max(float(q[-1]) for q, _ in peaks)
    rows = []
    for q, intensity in peaks:
        row = np.zeros(BINS + 1, dtype=np.float32)
        np.add.at(row, (q / last * (BINS - 1)).astype(int), intensity / intensity.max())
        rows.append(np.sqrt(row))
    return torch.from_numpy(np.stack(rows))


def trained(data: Data, idea: str) -> ModesNet:
    """A network of the short training with one idea changed."""
    params = load_params()
    settings = params.learned.training.model_copy(
        update={"epochs": EPOCHS, "validation_every": EPOCHS}
    )
    sizes = params.learned.network.model_copy(update={"width": WIDTH})
    parts = [data.samples["train"], data.samples[SUBSTITUTE]]
    modes = data.modes
    if idea == "no substitutes":
        # As many steps as with them.
        parts = [parts[0], parts[0]]
    if idea in ("no flawed patterns", PLAIN_BINS):
        flaws = settings.flaws.model_copy(update={"share": 0.0})
        settings = settings.model_copy(update={"flaws": flaws})
    if idea == "one guess instead of two":
        sizes = sizes.model_copy(update={"latents": 1})
    if idea == "no dropout":
        sizes = sizes.model_copy(update={"dropout": 0.0})
    if idea == "no smoothing of the weights":
        settings = settings.model_copy(update={"smoothing": 0.0})
    samples = Samples.joined(parts)
    if idea == "half the modes":
        half = modes.count // 2
        modes = DensityModes(
            modes.real[: half + 1], modes.imaginary[: half + 1], modes.scale[:half]
        )
        samples = replace(samples, coefficients=samples.coefficients[:, :half].contiguous())
    if idea == PLAIN_BINS:
        samples = replace(samples, patterns=plain_bins(samples.peaks))
    if idea == "no pattern":
        samples.patterns.zero_()
        flaws = settings.flaws.model_copy(update={"share": 0.0})
        settings = settings.model_copy(update={"flaws": flaws})
    with seeded_initialisation(params.seed):
        network = ModesNet(sizes, modes, with_formula=idea != "no formula")
    return train_modes(network, samples, settings, params.seed, lambda _: {}, lambda row, _: None)


if __name__ == "__main__":
    main()
