"""Trainings in bfloat16 beside float32: the same crystals, settings and seeds.

    python -m benchmarks.precision --system trigonal --seeds 3

Reads the data set that `snakemake artifacts/dataset.parquet` made, trains with the settings of
params.yaml, and prints the best validation SSIM and the scores on the test crystals of each
training, the mean difference between the precisions and the spread between seeds.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import torch

from benchmarks.machine import machine
from crystalnet.learning.trainer import train
from crystalnet.scoring.evaluate import evaluate
from pipeline.dataset import Dataset
from pipeline.device import best_device
from pipeline.params import load_params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--system", default="trigonal")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    device = best_device()
    params, dataset = load_params(), Dataset()
    splits = {
        split: dataset.tensors(arguments.system, split, seed=params.seed)
        for split in ("train", "val", "test")
    }
    settings = params.training_of("main")
    print(
        f"{machine(torch.device(device))}\n{arguments.system}, {len(splits['train'])} training "
        f"crystals, {dataset.density_label}, {settings.epochs} epochs, scale {params.scale}",
        flush=True,
    )
    scores: dict[str, list[float]] = {}
    for precision in ("float32", "bfloat16"):
        for seed in range(params.seed, params.seed + arguments.seeds):
            with tempfile.TemporaryDirectory() as folder:
                result = train(
                    params.network,
                    settings.model_copy(update={"precision": precision}),
                    splits["train"],
                    splits["val"],
                    composition_input="baseline",
                    run_dir=Path(folder),
                    seed=seed,
                    device=device,
                    progress=lambda line: None,
                )
            # Scored in float32 alike: what differs is the training.
            found = evaluate(
                result.model, splits["test"], params.evaluation_of("main"), params.seed, device
            )
            ssim = float(found[f"ssim_{params.evaluation.rotations}"].mean())
            scores.setdefault(precision, []).append(ssim)
            print(
                f"{precision} seed {seed}: validation SSIM {result.best_ssim:.4f}, "
                f"test SSIM {ssim:.4f}, {result.seconds:.0f} s",
                flush=True,
            )
    exact, rounded = scores["float32"], scores["bfloat16"]
    differences = [b - a for a, b in zip(exact, rounded, strict=True)]
    spread = statistics.stdev(exact)
    mean = statistics.mean(differences)
    print(
        f"bfloat16 - float32, same seeds: {mean:+.4f} on average "
        f"({', '.join(f'{d:+.4f}' for d in differences)}); float32 between seeds: standard "
        f"deviation {spread:.4f}: {'within' if abs(mean) <= spread else 'beyond'} the spread"
    )


if __name__ == "__main__":
    main()
