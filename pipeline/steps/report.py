"""Draw the report: read what the run left, guess the example crystals again, write the page."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from crystalnet.errors import CrystalNetError
from crystalnet.network.card import read_card
from pipeline import store
from pipeline.dataset import Dataset
from pipeline.examples import examples, known_types, of_inputs
from pipeline.learned_examples import learned_examples, learned_scores
from pipeline.params import Params, load_params
from pipeline.steps import command
from pipeline.tables import read_table
from reports.data import ModelReport, ReportData
from reports.page import write_report

KINDS = ("successes", "typical", "failures", "samples", "turned")

PAPER_RESULTS = Path("data/paper_test_results.parquet")
# What benchmarks of hours left: they are no part of a run.
IDEAS, FULL_INPUTS = Path("docs/learned_quick.json"), Path("docs/learned_inputs.json")
ABLATION_COLUMNS = (
    "model",
    "system",
    "architecture",
    "input",
    "protocol",
    *(
        f"{score}{figure}"
        for score in ("ssim", "psnr", "ssim_first_none")
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
        repeat=model.repeat,
        card=read_card(store.CARD.format(model=name), weights),
        evaluation=evaluation,
        curves=read_curves(name),
        scores=read_table(store.MODEL_SCORES.format(model=name), [*about, *best]),
        metrics=read_json(store.MODEL_METRICS.format(model=name)),
    )


def read_curves(model: str) -> pd.DataFrame:
    """The learning curve of a model, one row per epoch; NaN where there was no validation.

    Raises:
        CrystalNetError: if a table is missing or damaged.
    """
    tables = []
    for quantity in store.CURVE_QUANTITIES:
        path = Path(store.CURVES.format(model=model), f"{quantity}.tsv")
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
        inputs=[],
        turned=[],
        learned=read_json(store.LEARNED_DFT_METRICS),
        learned_scores=learned_scores(params),
        learned_examples=learned_examples(params),
        ideas=read_json(IDEAS),
        full_inputs=read_json(FULL_INPUTS),
        known_types=known_types(dataset),
    )
    # The data know which model leads for each system; the examples are that model's.
    shown = [examples(dataset, data.main(system), params.seed) for system in data.systems]
    found: dict[str, Any] = {
        kind: [one for of_system in shown for one in of_system[kind]] for kind in KINDS
    }
    inputs = [
        one for system in data.systems for one in of_inputs(dataset, data, system, params.seed)
    ]
    data = replace(data, **found, inputs=inputs)
    write_report(data, arguments.page, arguments.figures, arguments.tables)
    print(f"report: open {arguments.page}")


if __name__ == "__main__":
    command.run(main)
