"""Means, intervals and groups of the scores of the networks that come with the project."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from crystalnet.scoring.summary import summarise
from pipeline.params import load_params
from pipeline.scores import write_metrics
from pipeline.steps import command
from pipeline.tables import read_table

SSIM = (
    "one_guess",
    "chosen_of_5",
    "best_of_5",
    "paper_protocol",
    "network_alone",
    "modes_ceiling",
    "free_atoms",
    "constant_mean",
    "nearest_by_pattern",
    "nearest_one_guess",
    "nearest_paper_protocol",
)
OTHERS = ("nmae_percent", "map_correlation", "electron_error_percent", "likely")
_KEYS = ("kind", "system", "material_id", "atoms", "origin", "seen_type", "seen_formula")
# Columns of the crystals that are named, and how many are.
_NAMED = ("material_id", "formula", "spacegroup_number", "atoms", "origin", "seen_type")
_WORST = 10
_MORE = ("formula", "spacegroup_number", "agreement", "rotations")
# Upper ends of the numbers of atoms in a cell by which crystals are grouped.
_ATOMS = (4, 10, 20, 40, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=Path, nargs="+", required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    arguments = parser.parse_args()
    seed = load_params().seed
    table = pd.concat(
        [
            read_table(path, _KEYS[:3], optional=[*_KEYS[3:], *_MORE, *SSIM, *OTHERS])
            for path in arguments.scores
        ]
    )
    metrics: dict[str, Any] = {}
    for (kind, system), part in table.groupby(["kind", "system"], sort=True):
        of = figures(part.dropna(axis=1, how="all"), seed)
        metrics.setdefault(kind, {})[system] = {"density_source": kind, **of}
    write_metrics(arguments.metrics, metrics)
    for kind, systems in metrics.items():
        for system, each in systems.items():
            print(
                f"{kind} {system}: one guess {each['one_guess']:.3f}, {each['crystals']} crystals"
            )


def figures(table: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Means of one kind of density and one system, with what stands beside them."""
    names = [name for name in (*SSIM, *OTHERS) if name in table]
    columns = {f"ssim_{n}" if n in SSIM else n: table[n].to_numpy(dtype=float) for n in names}
    found = summarise(columns, seed)
    of = {name: found[f"ssim_{name}" if name in SSIM else name] for name in names}
    groups = {
        "by_atoms": pd.cut(table["atoms"], [0, *_ATOMS], labels=[f"to {n}" for n in _ATOMS]),
        "by_structure_type": table["seen_type"].map({True: "in training", False: "not seen"}),
        "by_formula": table["seen_formula"].map(
            {True: "another space group in training", False: "not in training"}
        ),
        "by_origin": table["origin"],
    }
    worst = table.nsmallest(_WORST, "one_guess")
    shown = [name for name in (*_NAMED, "one_guess", "best_of_5", "agreement") if name in table]
    return {
        "crystals": len(table),
        **({"rotations": str(table["rotations"].iloc[0])} if "rotations" in table else {}),
        **{name: of[name]["mean"] for name in names},
        "intervals": {name: [of[name]["mean_low"], of[name]["mean_high"]] for name in names},
        "share_below_half": {name: of[name]["share_below_half"] for name in names if name in SSIM},
        **{
            group: {
                str(label): {"crystals": len(part), "one_guess": float(part["one_guess"].mean())}
                for label, part in table.groupby(labels, observed=True)
            }
            for group, labels in groups.items()
        },
        "worst": [
            {name: _plain(value) for name, value in row.items()}
            for row in worst[shown].to_dict("records")
        ],
    }


def _plain(value: Any) -> Any:
    """A value of a table as JSON has it."""
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    command.run(main)
