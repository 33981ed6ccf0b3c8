"""Keep one crystal for each reduced formula and space group."""

import argparse
from pathlib import Path

import pandas as pd

from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, OBJECT_COLUMNS, id_key, known_stable
from pipeline.steps import command
from pipeline.tables import read_table, table_metadata, write_table

GROUP = ["formula_pretty", "spacegroup_number"]


def deduplicate(structures: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One crystal of each group, and the table of who stands for whom.

    Of a group is kept the id that the paper has, else a stable crystal, else the lowest id; the
    order of the rows does not matter.

    Returns:
        the kept rows in the order of their ids; and one row for each dropped id, with the
        `kept_id` that stands for it.
    """
    rank = [
        (pd.isna(split), not stable, id_key(material_id))
        for material_id, split, stable in zip(
            structures["material_id"], structures["split"], known_stable(structures), strict=True
        )
    ]
    best_first = structures.iloc[sorted(range(len(structures)), key=rank.__getitem__)]
    kept = best_first.drop_duplicates(GROUP)
    dropped = best_first.drop(kept.index)[["material_id", *GROUP]].merge(
        kept[["material_id", *GROUP]].rename(columns={"material_id": "kept_id"}), on=GROUP
    )

    def in_order(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sort_values("material_id", key=lambda ids: ids.map(id_key), ignore_index=True)

    return in_order(kept), in_order(dropped)[["material_id", "kept_id", *GROUP]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, default=store.STRUCTURES)
    parser.add_argument("--crystals", type=Path, default=store.CRYSTALS)
    parser.add_argument("--duplicates", type=Path, default=store.DUPLICATES)
    arguments = parser.parse_args()
    kept, dropped = deduplicate(
        read_table(arguments.structures, CRYSTAL_COLUMNS, optional=OBJECT_COLUMNS)
    )
    about = table_metadata(arguments.structures)
    write_table(arguments.duplicates, dropped, about)
    write_table(arguments.crystals, kept, about)
    print(f"deduplicate: {len(kept)} crystals kept, {len(dropped)} duplicates")


if __name__ == "__main__":
    command.run(main)
