"""Scores of one model as a table with a row per crystal and as a few figures for the ledger."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core import Composition

from crystalnet.files import atomic_write
from crystalnet.scoring.summary import Columns, summarise, summarise_groups
from crystalnet.settings import COMPARISONS, EvaluationSettings


def score_table(rows: pd.DataFrame, columns: Columns, density_source: str) -> pd.DataFrame:
    """One row per crystal: what it is, and all its scores."""
    about = rows[["material_id", "formula_pretty", "spacegroup_number", "crystal_system", "nsites"]]
    return about.reset_index(drop=True).assign(density_source=density_source, **columns)


def headline(
    columns: Columns, settings: EvaluationSettings, density_source: str, seed: int
) -> dict[str, Any]:
    """The figures of one model.

    `ssim` and `psnr` are the best over guesses and rotations of the set that `settings` names (the
    paper's protocol, which looks at the truth), with their spread over crystals; the others are
    means over crystals, named as in `crystalnet.scoring.protocol.score_crystals`.
    """
    chosen = settings.rotations
    figures = summarise(columns, seed)
    means = {name: figure["mean"] for name, figure in figures.items()}
    return {
        "density_source": density_source,
        "crystals": len(columns[f"ssim_{chosen}"]),
        "ssim": figures[f"ssim_{chosen}"],
        "psnr": figures[f"psnr_{chosen}"],
        **{
            f"{score}_{name}": means[f"{score}_{name}"]
            for score in ("ssim", "psnr")
            for name in COMPARISONS
        },
        **{
            f"{score}_{kind}": means[f"{score}_{kind}_{chosen}"]
            for score in ("ssim", "psnr")
            for kind in ("first", "mean", "spread")
        },
        "ssim_first_none": means["ssim_first_none"],
        "psnr_first_none": means["psnr_first_none"],
        **{name: mean for name, mean in means.items() if not name.startswith(("ssim", "psnr"))},
    }


def by_group(
    table: pd.DataFrame, columns: Columns, settings: EvaluationSettings, seed: int
) -> dict[str, Any]:
    """Figures of the headline scores by space group, number of atoms and prototype.

    A prototype is an anonymous formula in a space group, with the atoms of the cell, such as
    `ABC2 225, 4 atoms`. Under `distribution`, the scores that 0, 5, ... 100 % of the crystals stay
    below.

    Args:
        table: of `score_table`.
    """
    scores = {name: columns[f"{name}_{settings.rotations}"] for name in ("ssim", "psnr")}
    scores["ssim_first_none"] = columns["ssim_first_none"]
    groups, atoms = table["spacegroup_number"].tolist(), table["nsites"].tolist()
    labels = {
        "space_group": groups,
        "atoms": atoms,
        "prototype": [
            f"{Composition(formula).anonymized_formula} {group}, {count} atoms"
            for formula, group, count in zip(table["formula_pretty"], groups, atoms, strict=True)
        ],
    }
    shares = np.linspace(0, 1, 21)
    # Between a finite PSNR and that of a perfect guess there is none: it is null, as they are.
    with np.errstate(invalid="ignore"):
        shared = {name: np.quantile(scores[name], shares).tolist() for name in ("ssim", "psnr")}
    return {
        "density_source": table["density_source"].iloc[0],
        **{kind: summarise_groups(scores, names, seed) for kind, names in labels.items()},
        "distribution": {
            "percent_of_crystals": (100 * shares).round().astype(int).tolist(),
            **shared,
        },
    }


def write_metrics(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write metrics as JSON, atomically.

    JSON has no infinity and no NaN. A figure that is one, such as the PSNR of a perfect guess and
    every mean that it takes part in, becomes null.
    """
    text = json.dumps(_finite(metrics), indent=2, allow_nan=False)
    with atomic_write(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def decibels(value: float | None) -> str:
    """A PSNR for people; null is that of a perfect guess, or a mean over one."""
    return "infinite" if value is None else f"{value:.1f} dB"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
