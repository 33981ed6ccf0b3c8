"""Simulate the powder patterns of one shard of the crystals."""

import argparse
from pathlib import Path

import numpy as np

from crystalnet.crystallography.binning import bin_pattern
from crystalnet.crystallography.diffraction import powder_pattern
from pipeline import store
from pipeline.crystal_tables import crystals_of
from pipeline.params import load_params
from pipeline.steps import command
from pipeline.steps.shards import read_shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=Path, default=store.SPLIT)
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    params = load_params()
    settings = params.patterns
    rows = read_shard(arguments.split, arguments.shard, params.store)
    two_theta_range = settings.two_theta_range
    patterns = np.zeros((len(rows), settings.bins), dtype=np.float32)
    what = f"patterns, shard {arguments.shard}"
    for row, crystal in enumerate(command.progress(crystals_of(rows), what)):
        pattern = powder_pattern(crystal, settings.wavelength, two_theta_range)
        patterns[row] = bin_pattern(pattern, settings.bins, two_theta_range)
    store.write_arrays(
        arguments.output,
        [{"patterns": patterns}],
        crystals=len(rows),
        crystals_per_file=params.store.crystals_per_file,
        attributes={
            "material_ids": rows["material_id"].tolist(),
            "wavelength_A": settings.wavelength,
            "two_theta_range_degrees": two_theta_range,
        },
    )


if __name__ == "__main__":
    command.run(main)
