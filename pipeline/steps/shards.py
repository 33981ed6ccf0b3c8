"""Cutting the crystals into shards that are worked on alone, and joining what they gave.

A shard holds whole files of the final arrays, so joining copies and never regroups.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS
from pipeline.params import load_params
from pipeline.sections import Store
from pipeline.steps import command
from pipeline.tables import read_table

# Attributes that hold one value per crystal; all others are the same in every shard.
PER_CRYSTAL = ("material_ids", "provenance")


def read_shard(split: Path, index: int, settings: Store) -> pd.DataFrame:
    """The rows of the split table that shard `index` works on."""
    rows = read_table(split, CRYSTAL_COLUMNS)
    shard = store.Shard.of(index, settings.shards, len(rows), settings.crystals_per_file)
    return rows.iloc[shard.first : shard.last]


def join(split: Path, shards: list[Path], kind: str, output: Path, settings: Store) -> None:
    """Join the shards of one kind of array into one store, in the order of the split table.

    Raises:
        CrystalNetError: for a shard that is damaged, or was made for other crystals.
    """
    ids = read_table(split, ["material_id"])["material_id"].tolist()
    attributes: dict[str, object] = {}

    def blocks() -> Iterator[dict[str, np.ndarray]]:
        for index, path in enumerate(command.progress(shards, f"{kind}, joining shards")):
            bounds = store.Shard.of(index, len(shards), len(ids), settings.crystals_per_file)
            if not len(bounds):
                continue
            arrays = store.Arrays(path, store.ARRAYS[kind])
            if arrays.attributes.get("material_ids") != ids[bounds.first : bounds.last]:
                raise CrystalNetError(
                    f"{path}: holds other crystals than rows {bounds.first} to {bounds.last} of "
                    f"{split}; delete it and run again"
                )
            for name, value in arrays.attributes.items():
                if name in PER_CRYSTAL:
                    attributes.setdefault(name, []).extend(value)  # type: ignore[attr-defined]
                elif attributes.setdefault(name, value) != value:
                    raise CrystalNetError(
                        f"{path}: {name} is {value!r}, but {attributes[name]!r} in the shards "
                        "before it; delete it and run again"
                    )
            yield from arrays.blocks(settings.crystals_per_file)

    store.write_arrays(
        output,
        blocks(),
        crystals=len(ids),
        crystals_per_file=settings.crystals_per_file,
        attributes=attributes,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=sorted(store.ARRAYS), required=True)
    parser.add_argument("--split", type=Path, default=store.SPLIT)
    parser.add_argument("--shards", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    join(
        arguments.split,
        arguments.shards,
        arguments.kind,
        arguments.output,
        load_params().store,
    )


if __name__ == "__main__":
    command.run(main)
