"""Fit the density modes of one system to its training crystals; describe all crystals by them."""

import argparse
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor

from crystalnet.files import atomic_write
from crystalnet.network.modes.density_modes import DensityModes, fit_modes
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import derived_seed
from pipeline import learned, learned_densities
from pipeline.learned import SUBSTITUTE
from pipeline.params import load_params
from pipeline.scores import write_metrics
from pipeline.steps import command

_GRID = 50
_CRYSTALS_AT_ONCE = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True)
    parser.add_argument("--described", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True, help="modes, and coefficients")
    parser.add_argument("--metrics", type=Path, required=True)
    arguments = parser.parse_args()
    params = load_params()
    system = arguments.system
    order, count = params.learned.order[system], params.learned.modes[system]
    numbers = params.learned.numbers[system]
    described = learned.Described(arguments.described)
    training = described.rows("train")
    spectra = learned_densities.iam_spectra(training, order, system)
    size = learned.sizes(spectra)
    modes = fit_modes(spectra, size, count, derived_seed(params.seed, "modes", system), numbers)
    tensors = {"real": modes.real, "imaginary": modes.imaginary, "scale": modes.scale}
    tensors |= {"iam-train": modes.coefficients(spectra, size), "iam-train-size": size}
    del spectra
    dft = learned_densities.DftSpectra(params.densities.electron_tolerance)
    for name in (SUBSTITUTE, "val"):
        rows = described.rows(name)
        if len(rows):
            found = learned_densities.iam_spectra(rows, order, f"{system} {name}")
            size = learned.sizes(found)
            tensors |= {f"iam-{name}": modes.coefficients(found, size), f"iam-{name}-size": size}
    for name in ("train", "val"):
        rows = dft.rows(described.rows(name))
        if len(rows):
            found = dft.spectra(rows, order)
            size = learned.sizes(found)
            tensors |= {f"dft-{name}": modes.coefficients(found, size), f"dft-{name}-size": size}
    with atomic_write(arguments.targets) as partial:
        save_file({name: value.contiguous() for name, value in tensors.items()}, partial)
    truth = learned_densities.iam_truth(described.rows("val"), _GRID)
    score = ceiling(modes, truth, tensors["iam-val"], tensors["iam-val-size"])
    metrics = {
        "density_source": "iam",
        "modes": count,
        "order": order,
        "crystals": len(training),
        "ssim": score,
    }
    write_metrics(arguments.metrics, {"iam": {"validation": metrics}})
    print(f"{system}: {count} modes up to order {order}: SSIM {score:.4f} on validation crystals")


def ceiling(
    modes: DensityModes,
    truth: Float[Tensor, "crystals x y z"],
    coefficients: Float[Tensor, "crystals modes"],
    size: Float[Tensor, " crystals"],
) -> float:
    """Mean SSIM of what the modes make of densities, as near as they come: what a head can give."""
    scores = []
    for first in range(0, len(truth), _CRYSTALS_AT_ONCE):
        some = slice(first, first + _CRYSTALS_AT_ONCE)
        made = modes.densities(coefficients[some], size[some], truth.shape[-1])
        scores.append(score_guesses(truth[some], made[:, None], "none").ssim[:, 0, 0])
    return float(torch.cat(scores).mean())


if __name__ == "__main__":
    command.run(main)
