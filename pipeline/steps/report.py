"""Draw the report: read what the run left, guess the example crystals again, write the page."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from crystalnet.crystallography.rotations import rotation_set
from crystalnet.errors import CrystalNetError
from crystalnet.learning.card import read_card
from crystalnet.learning.seeds import derived_generator
from crystalnet.learning.tensors import CrystalTensors
from crystalnet.learning.weights import load_model
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.scoring.ssim import score_guesses
from pipeline import store
from pipeline.dataset import Dataset
from pipeline.params import Params, load_params
from pipeline.steps import command
from pipeline.tables import read_table
from reports.data import Example, ModelReport, ReportData
from reports.page import write_report

# Crystals of each system in each row of examples.
SHOWN = 3
SAMPLES = 4
KINDS = ("successes", "typical", "failures", "samples")

PAPER_RESULTS = Path("data/paper_test_results.parquet")
ABLATION_COLUMNS = (
    "model",
    "system",
    "input",
    "protocol",
    *(
        f"{score}{figure}"
        for score in ("ssim", "psnr")
        for figure in ("", "_difference", "_difference_low", "_difference_high")
    ),
)


def model_report(name: str, params: Params) -> ModelReport:
    """What the run left of one model."""
    model = params.models[name]
    evaluation = params.evaluation_of(model.protocol)
    best = [f"{score}_{evaluation.rotations}" for score in ("ssim", "psnr")]
    about = ["material_id", "formula_pretty", "spacegroup_number", "nsites", "density_source"]
    weights = Path(store.WEIGHTS.format(model=name))
    return ModelReport(
        name=name,
        protocol=model.protocol,
        card=read_card(store.CARD.format(model=name), weights),
        evaluation=evaluation,
        curves=read_curves(name),
        scores=read_table(store.MODEL_SCORES.format(model=name), [*about, *best]),
        metrics=read_json(store.MODEL_METRICS.format(model=name)),
    )


def example(
    dataset: Dataset,
    tensors: CrystalTensors,
    network: CrystalNet,
    report: ModelReport,
    material_id: str,
    rank: str,
    seed: int,
    guesses: int,
    best_only: bool,
) -> Example:
    """Guesses of one crystal on the stored grid, each in its best rotation."""
    record = dataset.crystal(material_id)
    one = tensors.subset(torch.tensor([tensors.material_ids.index(material_id)]))
    generator = derived_generator("cpu", seed, "report", material_id)
    made = network.predict(one.patterns, one.formulas, one.grid, guesses, generator)
    comparison = report.evaluation.rotations
    rotations = "array" if comparison == "released" else comparison
    truth = one.densities.float()
    scored = score_guesses(truth, made, rotations, one.lattices, [material_id]).ssim[0]
    maps = rotation_set(rotations, one.grid, one.lattices[0].numpy())
    found = []
    for guess, of_guess in zip(made[0], scored, strict=True):
        turned = guess.flatten().numpy()[maps[int(of_guess.argmax())]]
        found.append((float(of_guess.max()), turned.reshape(guess.shape)))
    if best_only:
        found = [max(found, key=lambda pair: pair[0])]
    return Example(
        system=report.card.system,
        material_id=material_id,
        formula=record.formula,
        spacegroup_number=record.spacegroup_number,
        rank=rank,
        pattern=record.pattern,
        truth=truth[0].numpy(),
        guesses=[density for _, density in found],
        ssim=[ssim for ssim, _ in found],
    )


def examples(dataset: Dataset, report: ModelReport, seed: int) -> dict[str, list[Example]]:
    """Test crystals of one system by rank: the best, those in the middle, the worst."""
    network = load_model(store.WEIGHTS.format(model=report.name))
    test = dataset.tensors(
        report.card.system,
        "test",
        composition=report.card.composition_input,
        pattern=report.card.pattern_input,
        seed=seed,
    )
    column = f"ssim_{report.evaluation.rotations}"
    ranked = report.scores.sort_values([column, "material_id"], ascending=[False, True])
    ids, count = ranked["material_id"].tolist(), len(ranked)
    shown = min(SHOWN, count)
    places = {
        "successes": range(shown),
        "typical": [(2 * part + 1) * count // (2 * shown) for part in range(shown)],
        "failures": range(count - shown, count),
    }
    guesses = report.evaluation.guesses
    found = {
        kind: [
            example(
                dataset,
                test,
                network,
                report,
                ids[place],
                f"{place + 1} of {count}",
                seed,
                guesses,
                best_only=True,
            )
            for place in of_kind
        ]
        for kind, of_kind in places.items()
    }
    middle = ids[count // 4]
    found["samples"] = [
        example(dataset, test, network, report, middle, "", seed, SAMPLES, best_only=False)
    ]
    return found


def read_curves(model: str) -> pd.DataFrame:
    """The learning curve of a model, one row per epoch; NaN where there was no validation.

    Raises:
        CrystalNetError: if a table is missing or damaged.
    """
    tables = []
    for quantity in store.CURVE_QUANTITIES:
        path = store.CURVES.format(model=model, quantity=quantity)
        try:
            tables.append(pd.read_csv(path, sep="\t", index_col="step"))
        except (OSError, ValueError) as error:
            raise CrystalNetError(
                f"{path}: not a readable learning curve ({error}); delete it and run again"
            ) from None
    return pd.concat(tables, axis=1).rename_axis("epoch").reset_index()


def read_json(path: Path | str) -> dict[str, Any]:
    """A metrics file.

    Raises:
        CrystalNetError: if it is missing or no JSON.
    """
    try:
        return dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CrystalNetError(
            f"{path}: not a readable metrics file ({error}); delete it and run again"
        ) from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, default=store.REPORT)
    parser.add_argument("--figures", type=Path, default=store.FIGURES)
    parser.add_argument("--tables", type=Path, default=store.TABLES)
    arguments = parser.parse_args()
    params = load_params()
    dataset = Dataset()
    models = [model_report(name, params) for name in params.models]
    counted = read_json(store.METRICS / "dataset.json")
    column = params.evaluation.rotations
    data = ReportData(
        scale=params.scale,
        seed=params.seed,
        density_label=dataset.density_label,
        splits=counted["crystals"],
        duplicates=counted["duplicates"],
        models=models,
        baselines={
            system: read_json(store.BASELINE_METRICS.format(system=system))
            for system in params.systems
        },
        baseline_scores={
            system: read_table(
                store.BASELINE_SCORES.format(system=system),
                ["material_id", "baseline", f"ssim_{column}"],
            )
            for system in params.systems
        },
        repeats=read_json(store.METRICS / "repeats.json"),
        ablation=read_table(store.ABLATION, ABLATION_COLUMNS),
        paper_results=read_table(PAPER_RESULTS, ["material_id", "ssim", "psnr"]),
        successes=[],
        typical=[],
        failures=[],
        samples=[],
    )
    # The data know which model leads for each system; the examples are that model's.
    shown = [examples(dataset, data.main(system), params.seed) for system in data.systems]
    found: dict[str, Any] = {
        kind: [one for of_system in shown for one in of_system[kind]] for kind in KINDS
    }
    data = replace(data, **found)
    write_report(data, arguments.page, arguments.figures, arguments.tables)
    print(f"report: open {arguments.page}")


if __name__ == "__main__":
    command.run(main)
