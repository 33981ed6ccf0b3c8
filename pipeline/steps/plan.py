"""Say what fetching the densities will take, and stop if the disk cannot hold it."""

import argparse
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from pipeline import store
from pipeline.crystal_tables import OBJECT_COLUMNS
from pipeline.params import Params, load_params
from pipeline.sources.materials_project.objects import Bucket, StoredObject
from pipeline.sources.materials_project.parts import Parts, stored_objects
from pipeline.steps import command
from pipeline.tables import read_table

# What is fetched of objects to time the line: so much of each, from two for every thread.
PROBE = 2**20
# Kept in reserve of the free disk.
RESERVE = 2**30


@dataclass(frozen=True)
class Plan:
    """What is ahead.

    Attributes:
        crystals: to fetch; those kept already do not count.
        fetch_bytes: of their objects.
        bytes_per_second: of the line, as measured with all threads.
        seconds: for fetching at that rate.
        disk_bytes: that all files to come need; `free_bytes` are there.
    """

    crystals: int
    fetch_bytes: int
    bytes_per_second: float
    seconds: float
    disk_bytes: int
    free_bytes: int


def disk_bytes(params: Params, crystals: int, to_fetch: int, fetch_bytes: int) -> int:
    """What the kept densities, the shards and the joined array take, at most (uncompressed)."""
    points = params.densities.grid**3
    kept = to_fetch * points * 4
    # The shards in work/ and the array in artifacts/ that is joined from them.
    arrays = 2 * crystals * points * np.dtype(params.densities.dtype).itemsize
    return kept + arrays + (fetch_bytes if params.materials_project.keep_raw else 0)


def measured_rate(objects: list[StoredObject], params: Params) -> float:
    """Bytes per second over the beginnings of some objects, fetched as densities will be."""
    threads = params.materials_project.parallel_requests
    bucket = Bucket(params.materials_project)
    chosen = objects[:: max(1, len(objects) // (2 * threads))][: 2 * threads]
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        total = sum(pool.map(lambda stored: bucket.first_bytes(stored, PROBE), chosen))
    return total / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=Path, default=store.SPLIT)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    params = load_params()
    columns = ("material_id", *OBJECT_COLUMNS)
    table = read_table(arguments.split, columns)
    parts = Parts(store.MATERIALS_PROJECT_WORK, params.densities.grid, params.densities.resample)
    objects = stored_objects({name: table[name].to_numpy() for name in columns})
    # Crystals of one object share what is fetched.
    missing = [stored for stored in dict.fromkeys(objects.values()) if not parts.has(stored)]
    fetch_bytes = sum(stored.size for stored in missing)
    rate = measured_rate(missing, params) if missing else 0.0
    plan = Plan(
        crystals=len(missing),
        fetch_bytes=fetch_bytes,
        bytes_per_second=rate,
        seconds=fetch_bytes / rate if rate else 0.0,
        disk_bytes=disk_bytes(params, len(table), len(missing), fetch_bytes),
        free_bytes=shutil.disk_usage(".").free,
    )
    print(
        f"plan: {plan.crystals} of {len(table)} densities to fetch, {plan.fetch_bytes / 1e9:.2f} "
        f"GB; at the {rate / 1e6:.1f} MB/s measured now {plan.seconds / 3600:.1f} hours; "
        f"{plan.disk_bytes / 1e9:.2f} GB of disk, {plan.free_bytes / 1e9:.1f} GB are free"
    )
    if plan.disk_bytes + RESERVE > plan.free_bytes:
        raise CrystalNetError(
            f"{Path.cwd()}: {plan.free_bytes / 1e9:.2f} GB are free, the densities need "
            f"{plan.disk_bytes / 1e9:.2f} GB and {RESERVE / 1e9:.2f} GB in reserve; free some, "
            "move to a larger disk, or lower structures.limit or densities.grid in params.yaml"
        )
    with atomic_write(arguments.output) as temporary:
        temporary.write_text(json.dumps(asdict(plan), indent=2) + "\n")


if __name__ == "__main__":
    command.run(main)
