"""List every crystal that did not come into the data set, with the step and the reason."""

import argparse
import json
from pathlib import Path

import pandas as pd

from pipeline import store
from pipeline.crystal_tables import by_id
from pipeline.steps import command
from pipeline.steps.structures import LEFT_OUT_KEY
from pipeline.tables import read_table, table_metadata, write_table


def account(structures: Path, duplicates: Path, split: Path, densities: Path) -> pd.DataFrame:
    """One row for each crystal left out, with the columns material_id, step and reason."""
    rows = [
        (material_id, "structures", reason)
        for material_id, reason in json.loads(
            table_metadata(structures).get(LEFT_OUT_KEY, "{}")
        ).items()
    ]
    stands_for = read_table(duplicates, ["material_id", "kept_id"])
    rows += [
        (material_id, "deduplicate", f"{kept} stands for it")
        for material_id, kept in zip(stands_for["material_id"], stands_for["kept_id"], strict=True)
    ]
    in_split = read_table(split, ["material_id"])["material_id"]
    known = set(in_split) | set(stands_for["material_id"])
    rows += [
        (material_id, "split", "in no split of this kind")
        for material_id in read_table(structures, ["material_id"])["material_id"]
        if material_id not in known
    ]
    provenance = store.Arrays(densities, ()).attributes["provenance"]
    rows += [
        (material_id, "densities", about[store.LEFT_OUT_BECAUSE])
        for material_id, about in zip(in_split, provenance, strict=True)
        if store.LEFT_OUT_BECAUSE in about
    ]
    return by_id(pd.DataFrame(rows, columns=["material_id", "step", "reason"], dtype=str))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, default=store.STRUCTURES)
    parser.add_argument("--duplicates", type=Path, default=store.DUPLICATES)
    parser.add_argument("--split", type=Path, default=store.SPLIT)
    parser.add_argument("--densities", type=Path, default=store.DENSITIES)
    parser.add_argument("--dataset", type=Path, default=store.DATASET)
    parser.add_argument("--output", type=Path, default=store.LEFT_OUT)
    arguments = parser.parse_args()
    table = account(
        arguments.structures, arguments.duplicates, arguments.split, arguments.densities
    )
    crystals = len(read_table(arguments.dataset, ["material_id"]))
    write_table(arguments.output, table, {"crystals_in_data_set": str(crystals)})
    for step, count in table["step"].value_counts(sort=False).items():
        print(f"left out: {count} in {step}")
    print(f"left out: {len(table)}, and {crystals} crystals are in the data set")


if __name__ == "__main__":
    command.run(main)
