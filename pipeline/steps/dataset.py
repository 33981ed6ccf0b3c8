"""Bring table, patterns and densities together, check that they agree, and count."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, known_stable
from pipeline.params import load_params
from pipeline.steps import command
from pipeline.tables import read_table, write_table


def electron_errors(table: pd.DataFrame, densities: store.Arrays, block: int) -> np.ndarray:
    """Relative difference of each stored density's integral from its electron count."""
    volumes = np.array(
        [abs(np.linalg.det(np.asarray(v, dtype=float).reshape(3, 3))) for v in table["lattice"]]
    )
    errors: list[float] = []
    parts = command.progress(list(densities.blocks(block)), "dataset, checking densities")
    for part in parts:
        here = slice(len(errors), len(errors) + len(part["electrons"]))
        store.check_densities(
            part["densities"], table["material_id"].iloc[here], str(densities.path)
        )
        sums = part["densities"].mean(axis=(1, 2, 3), dtype=np.float64) * volumes[here]
        errors.extend(sums / part["electrons"] - 1)
    return np.array(errors)


def counts(table: pd.DataFrame) -> dict[str, Any]:
    """Table 3 of the paper: crystals of each system and split, by stability."""
    stable = known_stable(table)
    return {
        str(system): {
            str(name): {"stable": int(stable[part.index].sum()), "all": len(part)}
            for name, part in of_system.groupby("split", sort=False)
        }
        for system, of_system in table.groupby("crystal_system")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=Path, default=store.SPLIT)
    parser.add_argument("--duplicates", type=Path, default=store.DUPLICATES)
    parser.add_argument("--patterns", type=Path, default=store.PATTERNS)
    parser.add_argument("--densities", type=Path, default=store.DENSITIES)
    parser.add_argument("--output", type=Path, default=store.DATASET)
    parser.add_argument("--metrics", type=Path, default=store.METRICS / "dataset.json")
    arguments = parser.parse_args()
    params = load_params()
    table = read_table(arguments.split, CRYSTAL_COLUMNS)
    patterns = store.Arrays(arguments.patterns, store.ARRAYS["patterns"])
    densities = store.Arrays(arguments.densities, store.ARRAYS["densities"])
    ids = table["material_id"].tolist()
    for arrays in (patterns, densities):
        if arrays.attributes.get("material_ids") != ids:
            raise CrystalNetError(
                f"{arrays.path}: holds other crystals than {arguments.split}; delete it and run "
                "again"
            )
    errors = electron_errors(table, densities, params.store.crystals_per_file)
    write_table(
        arguments.output,
        table.assign(
            row=np.arange(len(table)),
            electrons=densities.read("electrons"),
            electron_error=errors,
            density_source=densities.attributes["density_source"],
        ),
        {"densities": densities.attributes["density_label"]},
    )
    metrics = {
        "density_source": densities.attributes["density_source"],
        "crystals": counts(table),
        "duplicates": len(read_table(arguments.duplicates, ["material_id"])),
        "worst_relative_electron_error": float(np.abs(errors).max()),
    }
    with atomic_write(arguments.metrics) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n")
    print(
        f"dataset: {len(table)} crystals on {densities.attributes['density_label']}; worst "
        f"relative electron error {metrics['worst_relative_electron_error']:.1e}"
    )


if __name__ == "__main__":
    command.run(main)
