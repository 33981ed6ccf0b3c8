"""Fetching densities beside the client's own way: processor time per material, memory, days.

All against a stand-in of the service on this machine, with the real clients; nothing is fetched
from outside. Run from the top folder: OMP_NUM_THREADS=1 python -m benchmarks.materials_project
"""

import argparse
import gzip
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
from isal import igzip

from benchmarks.machine import machine
from benchmarks.resampling import synthetic
from crystalnet.crystallography.resampling import resample_pyrho
from pipeline.params import load_params
from pipeline.sources.materials_project.client import Service
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.objects import Bucket, StoredObject
from pipeline.sources.materials_project.parse import parse
from pipeline.sources.materials_project.resolve import resolve
from pipeline.tables import write_table
from tests.standin.crystals import document

# Crystals of the paper; and bytes of one object, as one public sample has it.
PAPER_CRYSTALS = 26_783
OBJECT_BYTES = 12e6
GRID = 50
LINES = {"100 Mbit/s": 100e6 / 8, "1 Gbit/s": 1e9 / 8}

_SERVE = """
import json, sys
from tests.standin.server import environment, running
with running() as standin:
    for number in range(1, int(sys.argv[1]) + 1):
        standin.add(number, grid=int(sys.argv[2]))
    print(json.dumps([environment(standin, sys.argv[3]), list(standin.summary)]), flush=True)
    sys.stdin.read()
"""


def processor_seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Processor and wall time of a call in this process."""
    wall, start = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - start, time.perf_counter() - wall


def fetching(ids: list[str]) -> float:
    """Print the processor time per material of both ways; returns ours in seconds."""
    from mp_api.client import MPRester

    settings = load_params().materials_project
    client = MPRester(os.environ["MP_API_KEY"], mute_progress_bars=True)
    service = Service(settings)
    # Both load what they need before they are timed.
    client.get_charge_density_from_material_id(ids[0])
    bucket = Bucket(settings)

    def one_by_one() -> None:
        for material_id in ids:
            assert client.get_charge_density_from_material_id(material_id) is not None

    def in_bulk() -> None:
        with tempfile.TemporaryDirectory() as folder:
            kept = Kept(Path(folder), service.database_version)
            listing = bucket.listing(kept)
            tasks, reasons = resolve(service, ids, listing.keys(), kept)
            assert len(tasks) == len(ids)
            assert not reasons
            with ThreadPoolExecutor(settings.parallel_requests) as threads:
                got = threads.map(lambda task: len(bucket.fetch(listing[task])), tasks.values())
                assert all(got)

    theirs, their_wall = processor_seconds(one_by_one)
    ours, our_wall = processor_seconds(in_bulk)
    for name, processor, wall in (
        ("get_charge_density_from_material_id", theirs, their_wall),
        ("listing, bulk resolution, 16 threads", ours, our_wall),
    ):
        print(
            f"{name:<38} {1e3 * processor / len(ids):8.1f} ms of processor, "
            f"{1e3 * wall / len(ids):8.1f} ms of time a material"
        )
    print(
        f"ratio of processor times: {theirs / ours:.1f} ({len(ids)} small objects, listing and all)"
    )
    return ours / len(ids)


def stored_object(points: int) -> bytes:
    """A density of points^3 as the service stores it."""
    content = document(1, 6)
    values = synthetic(points)
    values *= 4 / values.mean()
    # VASP writes eleven digits.
    digits = np.array([float(f"{value:.10E}") for value in values.ravel()])
    content["data"]["data"]["total"]["data"] = digits.reshape(values.shape).tolist()
    return gzip.compress(json.dumps(content).encode(), 6)


def their_parse(raw: bytes) -> Any:
    """json, pymatgen and mp-pyrho, as the paper's code does it."""
    from pymatgen.io.vasp import Chgcar

    chgcar = Chgcar.from_dict(json.loads(gzip.decompress(raw))["data"])
    return resample_pyrho(chgcar.data["total"] / chgcar.structure.volume, GRID)


def clients_parse(raw: bytes) -> Any:
    """orjson and monty, as the client does it, then mp-pyrho."""
    from monty.json import MontyDecoder

    chgcar = MontyDecoder().process_decoded(orjson.loads(gzip.decompress(raw)))["data"]
    return resample_pyrho(chgcar.data["total"] / chgcar.structure.volume, GRID)


def parsing(points: int, repeats: int) -> float:
    """Print the processor time of parsing and resampling one object; returns ours for a byte.

    What is returned holds the checksum, which is taken twice: on arrival, and to be recorded.
    All ways take turns, and the least time of each counts, so that other work disturbs little.
    """
    raw = stored_object(points)
    ways: dict[str, Callable[[], object]] = {
        "igzip, simdjson, exact (ours)": lambda: parse(raw, GRID, "exact", 2**31),
        "gunzip, json, pymatgen, mp-pyrho": lambda: their_parse(raw),
        "gunzip, orjson, monty, mp-pyrho": lambda: clients_parse(raw),
        "igzip alone, part of ours": lambda: igzip.decompress(raw),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            times[name].append(processor_seconds(way)[0])
    ours, *_ = (min(found) for found in times.values())
    print(f"\nan object of {points}^3 points, {len(raw) / 1e6:.1f} MB compressed, to {GRID}^3")
    for name, found in times.items():
        print(f"{name:<38} {1e3 * min(found):8.0f} ms of processor, ratio {min(found) / ours:.1f}")
    checksum = processor_seconds(lambda: StoredObject.digest(raw))[0]
    return (ours + 2 * checksum) / len(raw)


def memory(folder: Path, counts: list[int]) -> None:
    """Print the largest memory of a process that fetches and resamples so many densities."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from pipeline.params import load_params\n"
        "from pipeline.sources.materials_project.query import MaterialsProjectCrystals\n"
        "from pipeline.sources.materials_project.densities import MaterialsProjectDensities\n"
        "from pipeline.crystal_tables import crystals_of\n"
        "from pipeline.tables import write_table\n"
        "folder, count = Path(sys.argv[1]), int(sys.argv[2])\n"
        "settings = load_params().materials_project\n"
        "tables = folder / 'paper.parquet', folder / 'others.parquet'\n"
        "source = MaterialsProjectCrystals(['cubic'], *tables, folder, settings)\n"
        "table = source.crystals().head(count)\n"
        "write_table(folder / 'table.parquet', table, {})\n"
        "source = MaterialsProjectDensities(\n"
        "    folder / 'table.parquet', folder / str(count), 'exact', 1e-4, settings, 1)\n"
        "if __name__ == '__main__':\n"
        "    assert sum(1 for _ in source.densities(crystals_of(table), 50)) == count\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    print()
    paper = pd.DataFrame(columns=["material_id", "crystal_system", "split", "is_stable"])
    write_table(folder / "paper.parquet", paper, {})
    (folder / "memory.py").write_text(script)
    for count in counts:
        done = subprocess.run(
            [sys.executable, str(folder / "memory.py"), str(folder), str(count)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        print(
            f"{count:5d} densities: at most {int(done.stdout.split()[-1]) / 1024:.0f} MB of memory"
        )


def projection(fetch_seconds: float, seconds_a_byte: float, object_bytes: float) -> None:
    """Print how long the paper's crystals take, and what bounds it."""
    print(f"\n{PAPER_CRYSTALS} crystals of {object_bytes / 1e6:.0f} MB each, projected:")
    for name, rate in LINES.items():
        line = PAPER_CRYSTALS * object_bytes / rate
        for cores in (1, 8):
            each = fetch_seconds + seconds_a_byte * object_bytes
            work = PAPER_CRYSTALS * each / cores
            bound = "the line" if line > work else "the processors"
            print(
                f"{name:>10}, {cores} core(s): {max(line, work) / 3600:5.1f} hours, bound by "
                f"{bound} (line {line / 3600:.1f}, processors {work / 3600:.1f})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crystals", type=int, default=200)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(arguments.crystals), "12", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as server:  # fmt: skip
            assert server.stdout is not None
            variables, ids = json.loads(server.stdout.readline())
            os.environ.update(variables)
            logging.disable(logging.WARNING)
            fetch_seconds = fetching(ids)
            seconds_a_byte = parsing(arguments.points, arguments.repeats)
            memory(folder, [arguments.crystals // 4, arguments.crystals])
            server.communicate()
    projection(fetch_seconds, seconds_a_byte, OBJECT_BYTES)


if __name__ == "__main__":
    main()
