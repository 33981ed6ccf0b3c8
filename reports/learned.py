"""What the networks that come with the project score: the table, for report and documents."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

# What stands in the table, and what it is called there, best known first.
LINES = {
    "one_guess": "network and known structures: one guess",
    "network_alone": "the network alone: one guess",
    "chosen_of_5": "chosen of 5, in the best of {rotations}",
    "paper_protocol": "best of 5 in {rotations}{protocol}",
    "nearest_one_guess": "nearest training crystal by pattern and composition: one guess",
    "nearest_by_pattern": "nearest training crystal by pattern: one guess",
    "nearest_paper_protocol": "nearest training crystals: best of 5 in {rotations}",
    "constant_mean": "constant mean density",
    "modes_ceiling": "for reference: what the modes can give",
    "free_atoms": "for reference: free atoms at the true places",
}
# By the rotations in which guesses are turned.
ROTATIONS = {
    "cube": {"rotations": "24 rotations", "protocol": " (the paper's protocol)"},
    "lattice": {"rotations": "the lattice's rotations", "protocol": ""},
}
# From this SSIM a guess counts as right, from this agreement a pattern as explained.
_RIGHT, _AGREES = 0.9, 0.99
KINDS = {"iam": "IAM", "dft": "DFT"}


def table(metrics: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """Mean SSIM at 50^3 with 95 % intervals, a column for each kind of density and system.

    Args:
        metrics: as in metrics/learned.json.
    """
    rows: dict[str, dict[str, str]] = {}
    for name, line in LINES.items():
        for kind, systems in metrics.items():
            for system, found in systems.items():
                column = f"{system}, {KINDS[kind]}, {found['crystals']} crystals"
                if name in found:
                    label = line.format(**ROTATIONS[found.get("rotations", "cube")])
                    low, high = found["intervals"][name]
                    row = rows.setdefault(label, {"SSIM": label})
                    row[column] = f"{found[name]:.3f} ({low:.3f} to {high:.3f})"
    return pd.DataFrame(list(rows.values())).fillna("")


def worst(metrics: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """The worst crystals of each kind of density and system, and what went wrong."""
    return pd.DataFrame(
        [
            {
                "test set": f"{system}, {KINDS[kind]}",
                "crystal": f"{row['formula']} ({row['material_id']})",
                "group": row["spacegroup_number"],
                "atoms": row["atoms"],
                "one guess": f"{row['one_guess']:.3f}",
                "best of 5": f"{row['best_of_5']:.3f}",
                "what went wrong": went_wrong(row),
            }
            for kind, systems in metrics.items()
            for system, found in systems.items()
            for row in found.get("worst", [])
        ]
    )


def went_wrong(row: Mapping[str, Any]) -> str:
    """In words: whether a right guess was there, and whether its structure could be known."""
    if row["one_guess"] >= _RIGHT:
        return "little"
    if row["best_of_5"] >= _RIGHT:
        return "a right guess was there and was ranked behind"
    if not row["seen_type"]:
        return "a structure type that is not in training"
    if row["agreement"] >= _AGREES:
        return "known structures explain the pattern and are others"
    return "no known structure explains the pattern"
