"""Put the densities of one shard of the crystals on the stored grid."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline import store
from pipeline.crystal_tables import crystals_of
from pipeline.device import best_device
from pipeline.params import load_params
from pipeline.sources import density_source
from pipeline.sources.base import DensityFailure, DensityRecord
from pipeline.steps import command
from pipeline.steps.shards import read_shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=Path, default=store.SPLIT)
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1, help="for a source that fetches")
    arguments = parser.parse_args()
    params = load_params()
    settings = params.densities
    # Only the independent-atom model computes anything worth a GPU.
    device = best_device() if settings.source == "iam" else "cpu"
    source = density_source(
        params, device=device, table=arguments.split, processes=arguments.processes
    )
    rows = read_shard(arguments.split, arguments.shard, params.store)
    records = source.densities(crystals_of(rows), settings.grid)
    provenance: list[dict[str, str | float]] = []

    def blocks() -> Iterator[dict[str, np.ndarray]]:
        size = params.store.crystals_per_file
        pending: list[DensityRecord | DensityFailure] = []
        what = f"densities, shard {arguments.shard} of {len(rows)} crystals"
        for record in command.progress(records, what):
            if isinstance(record, DensityFailure):
                print(f"densities: {record.material_id} is left out: {record.reason}", flush=True)
                provenance.append({store.LEFT_OUT_BECAUSE: record.reason})
            else:
                provenance.append(record.provenance)
            pending.append(record)
            if len(pending) == size:
                yield _stack(pending, settings.grid, settings.dtype)
                pending.clear()
        if pending:
            yield _stack(pending, settings.grid, settings.dtype)

    store.write_arrays(
        arguments.output,
        blocks(),
        crystals=len(rows),
        crystals_per_file=params.store.crystals_per_file,
        attributes={
            "material_ids": rows["material_id"].tolist(),
            "density_source": source.name,
            "density_label": source.label,
            "licence": source.licence,
            "resample": settings.resample,
            "provenance": provenance,
        },
    )


def _stack(
    records: list[DensityRecord | DensityFailure], grid: int, dtype: str
) -> dict[str, np.ndarray]:
    """The arrays of some crystals; one without a density is all zeros, as no density is."""
    densities = np.zeros((len(records), grid, grid, grid), dtype=dtype)
    electrons = np.zeros(len(records), dtype=np.float64)
    for row, record in enumerate(records):
        if isinstance(record, DensityRecord):
            densities[row] = record.density
            electrons[row] = record.electrons
    return {"densities": densities, "electrons": electrons}


if __name__ == "__main__":
    command.run(main)
