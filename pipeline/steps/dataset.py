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
from pipeline.crystal_tables import CRYSTAL_COLUMNS, OBJECT_COLUMNS, known_stable
from pipeline.params import load_params
from pipeline.steps import command
from pipeline.steps.split import FEWEST
from pipeline.tables import read_table, write_table


def electron_errors(
    table: pd.DataFrame, densities: store.Arrays, present: np.ndarray, block: int
) -> np.ndarray:
    """Relative difference of each present density's integral from its electron count."""
    volumes = np.array(
        [
            # A density can come with a cell of its own, a little different from the table's.
            about.get("volume", abs(np.linalg.det(np.asarray(v, dtype=float).reshape(3, 3))))
            for v, about in zip(table["lattice"], densities.attributes["provenance"], strict=True)
        ]
    )
    ids = table["material_id"].to_numpy()
    errors: list[float] = []
    done = 0
    parts = command.progress(list(densities.blocks(block)), "dataset, checking densities")
    for part in parts:
        here = np.flatnonzero(present[done : done + block])
        values, electrons = part["densities"][here], part["electrons"][here]
        store.check_densities(values, ids[done + here], str(densities.path))
        sums = values.mean(axis=(1, 2, 3), dtype=np.float64) * volumes[done + here]
        errors.extend(sums / electrons - 1)
        done += block
    return np.array(errors)


def refuse_small_splits(table: pd.DataFrame) -> None:
    """Refuse a data set whose crystals without a density leave too few in a split.

    Raises:
        CrystalNetError: if a split of a system has fewer than two crystals.
    """
    for (system, name), count in table.groupby(["crystal_system", "split"]).size().items():
        if count < FEWEST:
            raise CrystalNetError(
                f"{count} {system} crystals with a density in split {name!r}; want at least "
                f"{FEWEST}: give more crystals or change `split` in params.yaml"
            )


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
    table = read_table(arguments.split, CRYSTAL_COLUMNS, optional=OBJECT_COLUMNS)
    patterns = store.Arrays(arguments.patterns, store.ARRAYS["patterns"])
    densities = store.Arrays(arguments.densities, store.ARRAYS["densities"])
    ids = table["material_id"].tolist()
    for arrays in (patterns, densities):
        if arrays.attributes.get("material_ids") != ids:
            raise CrystalNetError(
                f"{arrays.path}: holds other crystals than {arguments.split}; delete it and run "
                "again"
            )
    reasons = [about.get(store.LEFT_OUT_BECAUSE) for about in densities.attributes["provenance"]]
    present = np.array([reason is None for reason in reasons], dtype=bool)
    if not present.any():
        raise CrystalNetError(
            f"{densities.path}: none of {len(reasons)} crystals has a density; the first because "
            f"{reasons[0]}"
        )
    errors = electron_errors(table, densities, present, params.store.crystals_per_file)
    table = table.assign(row=np.arange(len(table)), electrons=densities.read("electrons"))
    table = table[present].reset_index(drop=True)
    refuse_small_splits(table)
    write_table(
        arguments.output,
        table.assign(
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
    if not present.all():
        metrics["without_density"] = int((~present).sum())
        print(f"dataset: {metrics['without_density']} crystals are left out for want of a density")
    with atomic_write(arguments.metrics) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n")
    print(
        f"dataset: {len(table)} crystals on {densities.attributes['density_label']}; worst "
        f"relative electron error {metrics['worst_relative_electron_error']:.1e}"
    )


if __name__ == "__main__":
    command.run(main)
