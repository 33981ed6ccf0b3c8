"""The graph on the Materials Project: planned, fetched, killed, resumed, and all accounted for."""

import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import zarr

from crystalnet.files import sha256
from pipeline.code import RULES
from tests.standin.crystals import stored_density
from tests.standin.materials_project import KEY, OF_BUCKET, OF_REST, PASSING, Fault, Standin
from tests.standin.server import environment, running

Project = Any

TARGETS = ["artifacts/dataset.parquet", "artifacts/left_out.parquet"]
MADE = [
    "artifacts/structures.parquet",
    "artifacts/split.parquet",
    "artifacts/densities.zarr",
    "artifacts/dataset.parquet",
    "artifacts/left_out.parquet",
    "metrics/dataset.json",
]


@pytest.fixture
def standin() -> Iterator[Standin]:
    with running() as standin:
        yield standin


@dataclass
class Site:
    """A project at scale paper beside a stand-in."""

    project: Project
    standin: Standin

    @property
    def command(self) -> list[str]:
        home = str(self.project.folder)
        variables = [f"{k}={v}" for k, v in environment(self.standin, home).items()]
        return ["env", *variables, sys.executable, "-m"]

    def run(self, *targets: str, check: bool = True) -> Any:
        self.project.run(*self.command, "pipeline.unlock")
        return self.project.run(
            *self.command, "snakemake", *(targets or TARGETS), "--cores", "2", check=check
        )

    def kill_when(self, due: Callable[[], bool]) -> None:
        """Run, and end the whole process group with -9 when the time has come."""
        self.project.run(*self.command, "pipeline.unlock")
        process = self.project.start(*self.command, "snakemake", *TARGETS, "--cores", "2")
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline and process.poll() is None and not due():
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def sums(self) -> dict[str, str]:
        return {name: sha256(self.project.folder / name) for name in MADE}

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.project.folder / name)


@pytest.fixture
def site(tiny: Project, standin: Standin, tmp_path: Path) -> Callable[[str], Site]:
    def make(name: str, *, shards: int = 2) -> Site:
        project = tiny.copy(tmp_path / name)
        for key, value in {
            "scale": "paper",
            "split.kind": "random",
            "structures.limit": None,
            "densities.grid": 14,
            "materials_project.first_wait": 0.02,
            "materials_project.longest_wait": 0.1,
            "store.crystals_per_file": 8,
            "scales.paper.store": {"shards": shards},
        }.items():
            project.put(key, value)
        # Ids of the paper that are in the stand-in, and some that are not.
        paper = pd.DataFrame(
            {
                "material_id": ["mp-1", "mp-2", "mp-90001", "mp-90002"],
                "crystal_system": "cubic",
                "split": ["test", "train", "train", "val"],
                "is_stable": [True, False, False, True],
            }
        )
        paper.to_parquet(project.folder / "data/paper_split.parquet")
        return Site(project, standin)

    return make


def fill(standin: Standin, crystals: int) -> dict[str, str]:
    """Crystals of which some cannot be had; returns the step that must leave each of those out."""
    expected = {"mp-90001": "structures", "mp-90002": "structures"}
    for number in range(1, crystals + 1):
        kind = number % 100
        content: bytes | None = b""
        changes: dict[str, Any] = {}
        step = "densities"
        if kind == 11:
            content = stored_density(number)[:-50]
        elif kind == 12:
            content, step = None, "structures"
        elif kind == 13:
            changes, step = {"structure": None}, "structures"
        elif kind == 14:
            changes, step = {"deprecated": True}, "structures"
        elif kind == 15:
            changes, step = {"builder_meta": {"license": "BY-NC"}}, "structures"
        elif kind == 16:
            content = stored_density(number, element="Ge")
        elif kind == 17:
            # The same formula as the one before that is sound.
            changes, step = {"formula_pretty": f"Si{number - 7}"}, "deduplicate"
        material = standin.add(number, content=content, **changes)
        if kind == 18:
            standin.core[material]["calc_types"] = None
            step = "structures"
        elif kind == 19:
            standin.faults.append(Fault("404", f"mp-{number + 1_000_000}.json", times=10**9))
        if 11 <= kind <= 19:
            expected[material] = step
    return expected


def check_account(site: Site, crystals: int, expected: dict[str, str]) -> None:
    """Every crystal is in the data set or on the list, once, and the numbers add up."""
    dataset, left_out = site.table(TARGETS[0]), site.table(TARGETS[1])
    assert dict(zip(left_out["material_id"], left_out["step"], strict=True)) == expected
    assert (left_out["reason"].str.len() > 5).all()
    here = set(dataset["material_id"]) | set(left_out["material_id"])
    assert here == {f"mp-{n}" for n in range(1, crystals + 1)} | {"mp-90001", "mp-90002"}
    assert len(dataset) + len(left_out) == crystals + 2
    metrics = json.loads((site.project.folder / "metrics/dataset.json").read_text())
    assert metrics["without_density"] == Counter(expected.values())["densities"]
    counted = sum(part["all"] for part in metrics["crystals"]["cubic"].values())
    assert counted == len(dataset)
    arrays = zarr.open_group(site.project.folder / "artifacts/densities.zarr", mode="r")
    provenance = arrays.attrs["provenance"]
    for material_id, row in zip(dataset["material_id"], dataset["row"], strict=True):
        assert arrays.attrs["material_ids"][row] == material_id
        assert provenance[row]["task_id"] == f"mp-{int(material_id[3:]) + 1_000_000}"
        assert {"md5", "etag", "database_version", "queried", "licence"} <= set(provenance[row])


def check_no_key(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            assert KEY.encode() not in path.read_bytes(), path


def fetched_twice(standin: Standin, since: int = 0) -> list[str]:
    """Objects that came whole more than once."""
    whole = Counter(
        asked.path
        for asked in standin.asked[since:]
        if "chgcars/mp-" in asked.path and asked.fault is None and "range" not in asked.headers
    )
    return [path for path, times in whole.items() if times > 1]


def test_a_dry_run_needs_no_key_and_the_rule_that_does_says_where_to_get_one(
    site: Callable[[str], Site],
) -> None:
    project = site("p").project
    without = ["env", "-u", "MP_API_KEY", sys.executable, "-m", "snakemake", "--cores", "2"]
    planned = project.run(*without, "--dry-run", "all").stdout
    rules = (RULES / "materials_project.smk").read_text().split("\nrule ")[1:]
    for rule in ("structures", "densities_shard", *(text.split(":")[0] for text in rules)):
        assert f"\n{rule} " in planned
    done = project.run(*without, *TARGETS, check=False)
    assert done.returncode != 0
    lines = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert "https://next-gen.materialsproject.org/api" in lines[0]
    assert project.run(*without, "--lint", check=False).returncode == 0


def test_killed_and_resumed_to_the_same_bytes(
    site: Callable[[str], Site], standin: Standin
) -> None:
    expected = fill(standin, 40)
    calm = site("calm")
    said = calm.run().stdout
    assert "plan: 34 of 34 densities to fetch" in said
    assert "GB of disk" in said
    # The plan is told before anything is fetched; how often progress is told hangs on the machine.
    told = said.index("plan: 34 of 34")
    assert all(told < found.start() for found in re.finditer(r"densities, (shard|fetched)", said))
    fetched = [asked for asked in standin.asked if "chgcars/mp-" in asked.path]
    probes = ["range" in asked.headers for asked in fetched]
    assert True in probes
    # Probes are the plan's, and all of them come before the first object.
    assert probes == sorted(probes, reverse=True)
    check_account(calm, 40, expected)
    check_no_key(calm.project.folder)
    wanted = calm.sums()

    standin.asked.clear()
    wild = site("wild")
    wild.kill_when(lambda: standin.count("chgcars/mp-") >= 45)
    wild.run()
    assert wild.sums() == wanted
    # What was on its way at the moment of the kill may come again.
    assert len(fetched_twice(standin)) <= 16


def test_a_disk_that_is_too_small_stops_before_the_first_density(
    site: Callable[[str], Site], standin: Standin
) -> None:
    fill(standin, 10)
    small = site("small")
    small.project.put("densities.grid", 504)
    small.project.put("densities.electron_tolerance", 1.0)
    small.project.put("split.train", 0.6)
    small.project.put("split.validation", 0.2)
    for name in ("training.validation_grid", "evaluation.grid"):
        small.project.put(name, 504)
    small.run("artifacts/split.parquet")
    script = (
        "import shutil, sys\n"
        "shutil.disk_usage = lambda path: type('D', (), {'free': 3 * 10**9})\n"
        "sys.argv = ['plan', '--output', 'plan.json']\n"
        "from pipeline.steps import command, plan\n"
        "command.run(plan.main)\n"
    )
    done = small.project.run(*small.command[:-1], "-c", script, check=False)
    assert done.returncode == 1
    assert "3.00 GB are free, the densities need 10.24 GB" in done.stderr
    assert "free some" in done.stderr
    assert not (small.project.folder / "plan.json").exists()
    assert all("range" in a.headers for a in standin.asked if "chgcars/mp-" in a.path)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_soak(site: Callable[[str], Site], standin: Standin) -> None:
    """2,000 crystals, every kind of failure in turn, two kills and a corrupt shard."""
    crystals = 2000
    start = time.monotonic()
    expected = fill(standin, crystals)
    calm = site("calm", shards=4)
    calm.run()
    check_account(calm, crystals, expected)
    wanted = calm.sums()
    print(f"undisturbed, with the filling: {time.monotonic() - start:.0f} s")

    standin.asked.clear()
    standin.every_of_bucket = 10
    # It is asked so seldom, in bulk, that a tenth would not meet every kind.
    standin.every_of_rest = 2
    start = time.monotonic()
    wild = site("wild", shards=4)
    wild.kill_when(lambda: standin.count("/materials/") >= 3)
    wild.kill_when(lambda: standin.count("chgcars/mp-") >= 900)
    at_kill = len(standin.asked)
    wild.run("artifacts/densities.zarr")
    # A shard that the disk spoilt, found when it is read.
    shard = sorted(wild.project.folder.glob("work/*/densities/*.zarr"))[1]
    chunk = next(path for path in shard.rglob("c/*/*/*/*") if path.is_file())
    content = chunk.read_bytes()
    chunk.write_bytes(content[: len(content) // 2] + b"\0" * 64 + content[len(content) // 2 + 64 :])
    wild.project.run("rm", "-r", "artifacts/densities.zarr")
    asked = standin.count("chgcars/mp-")
    failed = wild.run(check=False)
    assert failed.returncode != 0
    assert f"{shard.relative_to(wild.project.folder)}" in failed.stdout
    assert "delete" in failed.stdout
    wild.project.run("rm", "-r", str(shard.relative_to(wild.project.folder)))
    wild.run()
    assert standin.count("chgcars/mp-") == asked
    seconds = time.monotonic() - start
    assert wild.sums() == wanted
    check_account(wild, crystals, expected)
    check_no_key(wild.project.folder)
    assert len(fetched_twice(standin)) <= 16
    assert fetched_twice(standin, at_kill) == []
    kinds = Counter(asked.fault for asked in standin.asked if asked.fault)
    failures = sum(kinds.values()) - kinds["404"]
    assert kinds.keys() >= {*PASSING, *OF_REST, *OF_BUCKET}
    assert failures >= 0.1 * len(standin.asked)
    print(
        f"disturbed: {seconds:.0f} s, {len(standin.asked)} requests, {failures} of them failed in "
        f"passing: {dict(kinds)}; {dict(Counter(expected.values()))} left out of {crystals}"
    )
