"""Score what needs no network on the test crystals of one system.

Three baselines know what the network knows. The fourth line, `free_atoms`, knows the structure and
puts free atoms in its place: what a perfect placement of atoms would score without their bonds.
"""

import argparse
from pathlib import Path

import pandas as pd
import torch

from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.scoring.baselines import ConstantMean, Known, MeanDensity, NearestPattern
from crystalnet.scoring.evaluate import Predictor, evaluate
from pipeline.crystal_tables import crystals_of
from pipeline.dataset import Dataset
from pipeline.device import best_device
from pipeline.params import load_params
from pipeline.scores import decibels, headline, score_table, write_metrics
from pipeline.steps import command
from pipeline.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--free-atoms", type=Path, required=True, help="their Gaussians")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    params = load_params()
    system = arguments.system
    # A cosine similarity in bfloat16 would not find the nearest pattern.
    settings = params.evaluation.model_copy(update={"precision": "float32"})
    device = best_device()
    dataset = Dataset()
    training = dataset.tensors(system, "train", seed=params.seed)
    test = dataset.tensors(system, "test", seed=params.seed)
    baselines: dict[str, Predictor] = {
        "constant_mean": ConstantMean(training),
        "mean_density": MeanDensity(training),
        "nearest_pattern": NearestPattern(training),
    }
    if dataset.density_source != "iam":
        crystals = crystals_of(dataset.rows(system, "test"))
        atoms = ValenceGaussians.load(arguments.free_atoms)
        baselines["free_atoms"] = Known(iam_density(crystals, settings.grid, atoms, device=device))
    tables, metrics = [], {}
    for name, baseline in baselines.items():
        columns = evaluate(baseline, test, settings, params.seed, device)
        table = score_table(dataset.rows(system, "test"), columns, dataset.density_source)
        tables.append(table.assign(baseline=name))
        metrics[name] = headline(columns, settings, dataset.density_source, params.seed)
        print(
            f"{system} {name}: SSIM {metrics[name]['ssim']['mean']:.3f}, "
            f"PSNR {decibels(metrics[name]['psnr']['mean'])}",
            flush=True,
        )
    write_table(
        arguments.scores,
        pd.concat(tables, ignore_index=True),
        {"densities": dataset.density_label},
    )
    write_metrics(arguments.metrics, metrics)


if __name__ == "__main__":
    command.run(main)
