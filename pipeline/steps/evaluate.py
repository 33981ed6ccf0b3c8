"""Score one trained model on the test crystals of its system."""

import argparse
from pathlib import Path

import torch

from crystalnet.network.trained import load_trained
from crystalnet.scoring.evaluate import evaluate
from pipeline.canonical import tensors_for
from pipeline.dataset import Dataset
from pipeline.device import best_device
from pipeline.params import load_params
from pipeline.scores import by_group, decibels, headline, score_table, write_metrics
from pipeline.steps import command
from pipeline.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="its name in params.yaml")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--groups", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    params = load_params()
    name = arguments.model
    model = params.models[name]
    settings = params.evaluation_of(model.protocol)
    device = best_device()
    dataset = Dataset()
    test = tensors_for(
        model.architecture,
        dataset,
        model.system,
        "test",
        composition=model.composition,
        pattern=model.pattern,
        seed=params.seed,
    )
    network, _ = load_trained(
        arguments.weights,
        arguments.card,
        dataset.pattern_spec,
        name=name,
        system=model.system,
        device=device,
    )
    columns = evaluate(
        network,
        test,
        settings,
        params.seed,
        device,
        progress=command.counter(f"{name}: crystals scored"),
    )
    table = score_table(dataset.rows(model.system, "test"), columns, dataset.density_source)
    metrics = headline(columns, settings, dataset.density_source, params.seed)
    write_table(arguments.scores, table, {"model": name, "densities": dataset.density_label})
    write_metrics(arguments.metrics, metrics)
    write_metrics(arguments.groups, by_group(table, columns, settings, params.seed))
    print(
        f"{name}: SSIM {metrics['ssim']['mean']:.3f} +- {metrics['ssim']['std']:.3f}, "
        f"PSNR {decibels(metrics['psnr']['mean'])}, one guess without an oracle "
        f"{metrics['ssim_first_none']:.3f}; {len(table)} test crystals on {dataset.density_label}"
    )


if __name__ == "__main__":
    command.run(main)
