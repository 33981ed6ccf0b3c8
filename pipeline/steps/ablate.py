"""What each input is worth: every model against the one with the baseline input.

Both were scored on the same test crystals, so differences are taken crystal by crystal and their
interval is that of the mean of the differences (95 %, bootstrap over crystals). What chance in
training is worth is told beside it, by the spread over repeated trainings.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import pandas as pd

from crystalnet.errors import CrystalNetError
from crystalnet.scoring.summary import summarise
from crystalnet.settings import EvaluationSettings
from pipeline import store
from pipeline.models import Model
from pipeline.params import load_params
from pipeline.scores import write_metrics
from pipeline.steps import command
from pipeline.tables import read_table, write_table


def compare(
    scores: dict[str, pd.DataFrame],
    models: dict[str, Model],
    settings: EvaluationSettings,
    seed: int,
) -> pd.DataFrame:
    """One row per model: its mean scores, and the differences from its reference.

    The reference is the model of the same system, architecture and protocol that is given the
    baseline input; without one, or for the reference itself, the differences are missing.

    Raises:
        CrystalNetError: if a model and its reference were scored on different crystals.
    """
    references = {
        (model.system, model.architecture, model.protocol, model.repeat): name
        for name, model in models.items()
        if model.input == "baseline"
    }
    rows = []
    for name, model in models.items():
        reference = next(
            (
                references[model.system, model.architecture, model.protocol, repeat]
                for repeat in (model.repeat, 0)
                if (model.system, model.architecture, model.protocol, repeat) in references
            ),
            None,
        )
        row: dict[str, object] = {
            "model": name,
            "system": model.system,
            "architecture": model.architecture,
            "input": model.input,
            "protocol": model.protocol,
            "density_source": scores[name]["density_source"].iat[0],
            "crystals": len(scores[name]),
            "reference": reference if reference != name else None,
        }
        for score, column in compared(settings).items():
            row[score] = scores[name][column].mean()
            figures: dict[str, float | None] = dict.fromkeys(
                ("mean", "mean_low", "mean_high"), np.nan
            )
            if row["reference"] is not None:
                mine, theirs = (
                    scores[which].set_index("material_id")[column]
                    for which in (name, str(reference))
                )
                if set(mine.index) != set(theirs.index):
                    raise CrystalNetError(
                        f"{name} and {reference} were scored on different crystals; "
                        "evaluate both again"
                    )
                # Two perfect guesses differ by infinity less infinity: NaN, and so no figure.
                difference = (mine - theirs.loc[mine.index]).to_numpy()
                figures |= summarise({score: difference}, seed)[score]
            row[f"{score}_difference"] = figures["mean"]
            row[f"{score}_difference_low"] = figures["mean_low"]
            row[f"{score}_difference_high"] = figures["mean_high"]
        rows.append(row)
    return pd.DataFrame(rows)


def compared(settings: EvaluationSettings) -> dict[str, str]:
    """The scores of the table, and their columns: the last is of one guess, as it comes."""
    best = {score: f"{score}_{settings.rotations}" for score in ("ssim", "psnr")}
    return best | {"ssim_first_none": "ssim_first_none"}


def over_repeats(
    scores: dict[str, pd.DataFrame], models: dict[str, Model], settings: EvaluationSettings
) -> dict[str, dict[str, object]]:
    """Mean scores of models that were trained more than once, over their trainings.

    Under the name of the first one: `trainings`, and of each score the mean over trainings, the
    sample standard deviation, the lowest and the highest. Where the baseline input was trained as
    often, `ssim_difference` and so on hold the same of the differences from it, repeat by repeat.
    """
    columns = compared(settings)
    groups: dict[tuple[str, str, str, str], dict[int, str]] = {}
    for name, model in models.items():
        key = (model.system, model.architecture, model.input, model.protocol)
        groups.setdefault(key, {})[model.repeat] = name
    found: dict[str, dict[str, object]] = {}
    for (system, architecture, told, protocol), names in groups.items():
        if len(names) < 2:
            continue
        first = next(iter(names.values()))
        row = found[first] = {
            "density_source": scores[first]["density_source"].iloc[0],
            "trainings": len(names),
        }
        baselines = groups.get((system, architecture, "baseline", protocol), {})
        shared = sorted(names.keys() & baselines.keys()) if told != "baseline" else []
        for label, column in columns.items():
            means = {repeat: scores[name][column].mean() for repeat, name in names.items()}
            row[label] = _spread(list(means.values()))
            if len(shared) > 1:
                theirs = {repeat: scores[baselines[repeat]][column].mean() for repeat in shared}
                row[f"{label}_difference"] = _spread([means[r] - theirs[r] for r in shared])
    return found


def _spread(values: list[float]) -> dict[str, float]:
    # An infinite PSNR, of a perfect guess, has no deviation.
    finite = bool(np.isfinite(values).all())
    return {
        "mean": float(np.mean(values)) if finite else math.inf,
        "std": float(np.std(values, ddof=1)) if finite else math.nan,
        "lowest": float(min(values)),
        "highest": float(max(values)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=store.ABLATION)
    parser.add_argument("--metrics", type=Path, default=store.METRICS / "ablation.json")
    parser.add_argument("--repeats", type=Path, default=store.METRICS / "repeats.json")
    arguments = parser.parse_args()
    params = load_params()
    columns = compared(params.evaluation)
    wanted = list(dict.fromkeys(["material_id", "density_source", *columns.values()]))
    scores = {
        name: read_table(Path(store.MODEL_SCORES.format(model=name)), wanted)
        for name in params.models
    }
    table = compare(scores, params.models, params.evaluation, params.seed)
    sources = ", ".join(sorted(set(table["density_source"])))
    write_table(arguments.table, table, {"density_source": sources})
    numbers = [f"{score}{end}" for end in ("", "_difference") for score in columns]
    write_metrics(
        arguments.metrics,
        {
            str(row["model"]): {name: row[name] for name in numbers if pd.notna(row[name])}
            for row in table.to_dict("records")
        },
    )
    repeats = over_repeats(scores, params.models, params.evaluation)
    write_metrics(arguments.repeats, repeats)
    for row in table.to_dict("records"):
        if pd.notna(row["reference"]):
            print(
                f"{row['model']}: SSIM {row['ssim']:.3f}, {row['ssim_difference']:+.3f} "
                f"({row['ssim_difference_low']:+.3f} to {row['ssim_difference_high']:+.3f}) "
                f"against {row['reference']}"
            )


if __name__ == "__main__":
    command.run(main)
