"""Collect the crystals that have a density, for the chosen systems."""

import argparse
from collections.abc import Sequence, Set
from pathlib import Path

import pandas as pd

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, by_id
from pipeline.params import load_params
from pipeline.sources import crystal_source, density_source
from pipeline.steps import command
from pipeline.tables import refuse_repeats, write_table


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
    return kept[[*CRYSTAL_COLUMNS, "source"]].reset_index(drop=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=store.STRUCTURES)
    output = parser.parse_args().output
    params = load_params()
    crystals = crystal_source(params).crystals()
    densities = density_source(params)
    kept = collect(crystals, params.systems, densities.available(), params.structures.limit)
    write_table(
        output,
        kept,
        {"structures": params.structures.source, "densities": densities.label},
    )
    print(f"structures: {len(kept)} of {len(crystals)} crystals have {densities.label}")


if __name__ == "__main__":
    command.run(main)
