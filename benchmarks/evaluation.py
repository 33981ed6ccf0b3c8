"""Validation and test of the paper's network, from latents to scores.

    python -m benchmarks.evaluation                   a few crystals, and what all would take
    python -m benchmarks.evaluation --device cuda     validation of 250 crystals x 2 guesses at
                                                      25^3, test of 500 x 5 at 50^3, in full

Each guess is scored in the 24 rotations of every set, and as the released code does.
"""

import argparse
import time

import torch

from benchmarks.machine import machine, wait
from benchmarks.training_step import BINS, GRID, PAPER, made_up
from crystalnet.learning.validation import ValidationSet, validation_ssim
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.scoring.evaluate import evaluate
from crystalnet.settings import EvaluationSettings, Precision

VALIDATION, TEST = 250, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    on_gpu = device.type == "cuda"
    print(machine(device), flush=True)
    torch.manual_seed(0)
    model = CrystalNet(PAPER, BINS, with_formula=True).to(device).eval()
    precisions: list[Precision] = ["float32", "bfloat16"] if on_gpu else ["float32"]
    for precision in precisions:
        validated = VALIDATION if on_gpu else 4
        crystals = ValidationSet.of(made_up(validated, device), 25, with_formula=True)
        settings = EvaluationSettings(grid=GRID, guesses=5, rotations="cube", precision=precision)
        tested = made_up(TEST if on_gpu else 1, device)
        for turn in range(2 if on_gpu else 1):  # The first one warms up.
            wait(device)
            started = time.perf_counter()
            validation_ssim(model, crystals, 2, seed=0, epoch=turn, precision=precision)
            wait(device)
            of_validation = time.perf_counter() - started
            started = time.perf_counter()
            evaluate(model, tested, settings, 0, device)
            wait(device)
            of_test = time.perf_counter() - started
        print(
            f"{precision}: validation of {validated} crystals x 2 guesses at 25^3 "
            f"{of_validation:.2f} s, {VALIDATION / validated * of_validation:.1f} s for "
            f"{VALIDATION}; test of {len(tested)} x 5 guesses at {GRID}^3 {of_test:.2f} s, "
            f"{TEST / len(tested) * of_test:.1f} s for {TEST}",
            flush=True,
        )


if __name__ == "__main__":
    main()
