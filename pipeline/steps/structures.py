"""Collect the crystals that have a density, for the chosen systems."""

import argparse
import json
from collections.abc import Sequence, Set
from pathlib import Path

import pandas as pd

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, OBJECT_COLUMNS, by_id
from pipeline.params import load_params
from pipeline.sources import crystal_source, density_source
from pipeline.steps import command
from pipeline.tables import refuse_repeats, write_table

# Metadata of the table: the crystals that the source left out, with their reasons, as JSON.
LEFT_OUT_KEY = "left_out"


def collect(
    crystals: pd.DataFrame,
    systems: Sequence[str],
    available: Set[str] | None,
    limit: int | None,
) -> pd.DataFrame:
    """The crystals of `systems` among those `available` (None: all), in the order of their ids.

    Raises:
        CrystalNetError: for a duplicate id, or a system that no crystal is left for.
    """
    refuse_repeats(crystals, "structures")
    kept = crystals[crystals["crystal_system"].isin(list(systems))]
    if available is not None:
        kept = kept[kept["material_id"].isin(list(available))]
    kept = by_id(kept)
    if limit is not None:
        kept = kept.groupby(["crystal_system", "split"], dropna=False, sort=False).head(limit)
    for system in systems:
        if not (kept["crystal_system"] == system).any():
            found = crystals["crystal_system"].value_counts().to_dict()
            raise CrystalNetError(
                f"no {system} crystal with a density; the source holds {found}: "
                "change `systems` in params.yaml or give it crystals"
            )
    objects = [name for name in OBJECT_COLUMNS if name in kept]
    return kept[[*CRYSTAL_COLUMNS, "source", *objects]].reset_index(drop=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=store.STRUCTURES)
    output = parser.parse_args().output
    params = load_params()
    source = crystal_source(params)
    crystals = source.crystals()
    densities = density_source(params)
    kept = collect(crystals, params.systems, densities.available(), params.structures.limit)
    about = {"structures": params.structures.source, "densities": densities.label}
    if source.left_out:
        about[LEFT_OUT_KEY] = json.dumps(source.left_out, sort_keys=True)
    write_table(output, kept, about)
    print(f"structures: {len(kept)} of {len(crystals)} crystals have {densities.label}")


if __name__ == "__main__":
    command.run(main)
