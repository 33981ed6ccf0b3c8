"""A made-up run for the report."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crystalnet.network.card import CardSettings, ModelCard
from crystalnet.scoring.summary import summarise
from pipeline.params import load_params
from reports.data import Example, ModelReport, ReportData
from reports.learned_charts import SHOWN

PARAMS = load_params()


def ball(grid: int = 16, radius: float = 0.25, centre: float = 0.5) -> np.ndarray:
    axis = (np.arange(grid) / grid - centre + 0.5) % 1 - 0.5
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.exp(-(x**2 + y**2 + z**2) / radius**2)


def columns(seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    names = ["none", "array", "cube", "lattice", "released"]
    found = {
        f"{score}_{name}": draw.random(20) * scale
        for score, scale in (("ssim", 1), ("psnr", 40))
        for name in names
    }
    found |= {f"ssim_first_{name}": found[f"ssim_{name}"] * 0.9 for name in names}
    return found  # fmt: skip


def metrics(of: dict[str, np.ndarray]) -> dict[str, Any]:
    figures = summarise(of, seed=0)
    means = {name: figure["mean"] for name, figure in figures.items()}
    rest = (
        "ssim_mean",
        "ssim_first",
        "psnr_mean",
        "psnr_first",
        "psnr_first_none",
        "nmae_percent",
        "map_correlation",
        "electron_error_percent",
        "negative_mass_percent",
    )
    return {**means, **dict.fromkeys(rest, 0.5), "ssim": figures["ssim_cube"],
            "psnr": figures["psnr_cube"], "crystals": 20}  # fmt: skip


def model(system: str, form: str, seed: int) -> ModelReport:
    of = columns(seed)
    card = ModelCard(
        name=f"{system}-{form}", system=system, composition_input=form, pattern_input="full",
        pattern=PARAMS.patterns,
        density_source="IAM",
        data_sha256="0" * 64, weights_sha256="1" * 64, parameters=1234,
        settings=CardSettings(network=PARAMS.network, training=PARAMS.training, seed=1),
        hardware="a small CPU", seconds=1.5, epochs=3, best_validation_ssim=0.5, licence="MIT",
    )  # fmt: skip
    curve = pd.DataFrame({"epoch": [1, 2, 3], "l1": [3.0, 2, 1], "validation_ssim": [0.1, None, 1]})
    scores = pd.DataFrame({"material_id": [f"mp-{i}" for i in range(20)], **of})
    scores = scores.assign(formula_pretty="NaCl", spacegroup_number=225, nsites=2)
    evaluation = PARAMS.evaluation_of("ablation")
    return ModelReport(card.name, "ablation", 0, card, evaluation, curve, scores, metrics(of))


LEARNED = {
    "dft": {
        "cubic": {
            "crystals": 20,
            "one_guess": 0.9,
            "network_alone": 0.8,
            "intervals": {"one_guess": [0.85, 0.95], "network_alone": [0.7, 0.9]},
        }
    }
}


IDEAS = {
    system: {
        "changed": {
            "as it is": {"difference": [0.0, 0.0, 0.0]},
            "more of it": {"difference": [0.004, -0.01, 0.02]},
            "less of it": {"difference": [-0.05, -0.08, -0.02]},
        }
    }
    for system in ("cubic", "trigonal")
}
FULL_INPUTS = {
    "cubic": {
        "training": "in full",
        "iam": {
            "crystals": 40,
            "baseline": {"ssim": 0.9},
            "no_pattern": {"ssim": 0.8, "worth": [0.1, 0.07, 0.14]},
        },
    }
}


def learned_scores() -> pd.DataFrame:
    """40 crystals of each system; every score is below the one after it."""
    tables = []
    for number, system in enumerate(["cubic", "trigonal"]):
        draw = np.random.default_rng(number)
        rows = np.sort(draw.random((40, len(SHOWN))), axis=1)
        table = pd.DataFrame(rows, columns=list(SHOWN))
        tables.append(table.assign(system=system, kind="dft", likely=draw.random(40),
                                   best_of_5=table["paper_protocol"]))  # fmt: skip
    return pd.concat(tables)


@pytest.fixture(scope="module")
def data() -> ReportData:
    example = Example("cubic", "mp-22862", "NaCl", 225, "1 of 20", np.eye(64)[9], ball(),
                      [ball(radius=0.2), ball(centre=0.4)], [0.9, 0.8])  # fmt: skip
    models = [model("cubic", "baseline", 0), model("cubic", "no_formula", 1)]
    ablation = pd.DataFrame(
        {"model": [m.name for m in models], "system": "cubic", "protocol": "ablation",
         "architecture": ["paper", "paper"], "input": ["baseline", "no_formula"],
         "ssim": [0.7, 0.6], "psnr": [30.0, 29.0],
         "ssim_first_none": [0.65, 0.5]}
        | {f"{score}_difference{end}": [np.nan, -0.1]
           for score in ("ssim", "psnr", "ssim_first_none") for end in ("", "_low", "_high")}
    )  # fmt: skip
    names = ("constant_mean", "mean_density", "nearest_pattern")
    return ReportData(
        scale="quick", seed=7, density_label="made-up densities", duplicates=3,
        splits={"cubic": {name: {"stable": 5, "all": 9} for name in ("train", "val", "test")}},
        models=models,
        baselines={"cubic": {name: metrics(columns(9)) for name in names}},
        baseline_scores={"cubic": pd.concat(
            [pd.DataFrame({**columns(9), "material_id": "x"}).assign(baseline=n) for n in names])},
        ablation=ablation,
        repeats={"cubic-baseline": {"trainings": 2} | {
            score: {"mean": 0.5, "std": 0.123, "lowest": 0.4, "highest": 0.6}
            for score in ("ssim", "psnr", "ssim_first_none")}},
        paper_results=pd.DataFrame({"material_id": ["mp-3", "mp-4", "mp-5"],
                                    "ssim": [0.4, 0.6, 0.8], "psnr": [30.0, 31.0, 32.0]}),
        successes=[example], typical=[example, example], failures=[example], samples=[example],
        inputs=[replace(example, labels=("baseline", "no formula"))], turned=[example],
        learned=LEARNED, learned_scores=learned_scores(), learned_examples=[example],
        ideas=IDEAS, full_inputs=FULL_INPUTS,
        known_types=frozenset({"mp-3", "mp-5", "mp-7"}),
    )  # fmt: skip
