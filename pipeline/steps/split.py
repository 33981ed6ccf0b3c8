"""Divide the crystals of each system into train, val and test."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, OBJECT_COLUMNS, by_id, known_stable
from pipeline.params import load_params
from pipeline.sections import Split
from pipeline.steps import command
from pipeline.tables import read_table, table_metadata, write_table

# Fewer crystals than this in a split cannot be normalised over a batch, or scored with a spread.
FEWEST = 2


def assign(crystals: pd.DataFrame, split: Split, seed: int) -> pd.DataFrame:
    """The crystals that are in a split, with the column `split`, ordered by system, split and id.

    `paper`: the authors' own assignment, and for crystal systems that they did not have that of
    the embedded table; crystals without one are left out.
    `random`: stable crystals (e_above_hull = 0) drawn with the shares of `split`, what exceeds a
    cap goes to train; the others to train only. Of a system in which nothing is known of any
    crystal's stability, all are drawn.

    Raises:
        CrystalNetError: if a split of a system is left with fewer than two crystals.
    """
    parts = []
    for system, of_system in crystals.groupby("crystal_system", sort=True):
        ordered = by_id(of_system)
        if split.kind == "random":
            unknown = bool(ordered["is_stable"].isna().all())
            ordered = ordered.assign(split=_draw(known_stable(ordered) | unknown, split, seed))
        for name in store.SPLITS:
            part = ordered[ordered["split"] == name]
            if len(part) < FEWEST:
                raise CrystalNetError(
                    f"{len(part)} {system} crystals in split {name!r} of kind {split.kind!r}; want "
                    f"at least {FEWEST}: give more crystals or change `split` in params.yaml"
                )
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _draw(stable: np.ndarray, split: Split, seed: int) -> np.ndarray:
    names = np.full(len(stable), "train", dtype=object)
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(stable))
    validation = min(round(split.validation * len(drawn)), split.validation_cap)
    test = min(round((1 - split.train - split.validation) * len(drawn)), split.test_cap)
    names[drawn[:validation]] = "val"
    names[drawn[validation : validation + test]] = "test"
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crystals", type=Path, default=store.CRYSTALS)
    parser.add_argument("--output", type=Path, default=store.SPLIT)
    arguments = parser.parse_args()
    params = load_params()
    crystals = read_table(arguments.crystals, CRYSTAL_COLUMNS, optional=OBJECT_COLUMNS)
    assigned = assign(crystals, params.split, params.seed)
    about = table_metadata(arguments.crystals)
    write_table(arguments.output, assigned, {**about, "split": params.split.kind})
    counts = assigned.groupby(["crystal_system", "split"], sort=False).size()
    for (system, name), count in counts.items():
        print(f"split: {system} {name} {count}")
    if left_out := len(crystals) - len(assigned):
        print(f"split: {left_out} crystals are in no split of kind {params.split.kind!r}")


if __name__ == "__main__":
    command.run(main)
