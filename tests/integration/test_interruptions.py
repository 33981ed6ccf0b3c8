"""kill -9 in the middle of any step, damaged files, a full disk: resumed, or one clear error."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

Project = Any

# The targets that steps write.
STEPS = {
    "structures": "artifacts/structures.parquet",
    "split": "artifacts/split.parquet",
    "patterns": "artifacts/patterns.zarr",
    "densities": "artifacts/densities.zarr",
    "dataset": "artifacts/dataset.parquet",
    "train": "artifacts/models/cubic-main/model.safetensors",
    "evaluate": "metrics/models/cubic-main.json",
}


def kill_when(project: Project, target: str, when: Callable[[], bool]) -> bool:
    """Start Snakemake on a target and kill its whole process group -9 when the time has come.

    Returns whether there was anything left to kill.
    """
    process = project.start(sys.executable, "-m", "snakemake", target, "--cores", "2")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and not when():
        time.sleep(0.01)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def forget(project: Project, *names: str) -> None:
    for name in names:
        project.run("rm", "-rf", name)


@pytest.mark.parametrize("step", ["densities", "train"])
def test_kill_9_and_resume(recorded: Project, tmp_path: Path, step: str) -> None:
    """Killed in the middle of a step, everything is made as if nothing had happened."""
    project = recorded.copy(tmp_path / "p")
    target = STEPS[step]
    whole = (project.folder / target).read_bytes() if step == "train" else None
    work = [str(p.relative_to(project.folder)) for p in (project.folder / "work").glob("*")]
    forget(project, target, *work)
    # What is made of it, and recorded in git.
    scores = f"metrics/{'dataset' if step == 'densities' else 'models/cubic-main'}.json"

    def begun() -> bool:
        partial = list(project.folder.glob("work/**/.*.partial"))
        state = list(project.folder.glob("work/training/*/lock"))
        return bool(partial if step == "densities" else state)

    assert kill_when(project, target, begun), "it ended before it could be killed"
    assert not (project.folder / target).exists()
    # What `make reproduce` does: the lock of the killed run goes, the run goes on.
    project.run(sys.executable, "-m", "pipeline.unlock")
    made_at = (project.folder / scores).stat().st_mtime_ns
    project.snakemake(target, scores)
    assert (project.folder / scores).stat().st_mtime_ns > made_at
    assert list(project.folder.glob("artifacts/**/.*.partial")) == []
    if whole is not None:
        assert (project.folder / target).read_bytes() == whole
    # Bytes of metrics are those of the undisturbed run.
    assert scores not in project.git("status", "--porcelain")


@pytest.mark.slow
@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("delay", [0.5, 1.5, 3.0])
def test_kill_9_at_any_moment(recorded: Project, tmp_path: Path, step: str, delay: float) -> None:
    project = recorded.copy(tmp_path / "p")
    target = STEPS[step]
    work = [str(p.relative_to(project.folder)) for p in (project.folder / "work").glob("*")]
    forget(project, target, *work)
    logs = project.folder / "work/logs"
    begun: list[float] = []

    def due() -> bool:
        if not begun and logs.exists() and any(logs.rglob("*.log")):
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() - begun[0] > delay

    # A step that was faster than the kill must have left a whole result all the same.
    kill_when(project, target, due)
    project.run(sys.executable, "-m", "pipeline.unlock")
    project.snakemake("all")
    assert project.planned() == ""
    assert list(project.folder.glob("artifacts/**/.*.partial")) == []
    changed = project.git("status", "--porcelain")
    # Bytes of tables, arrays and metrics are those of the undisturbed run.
    assert "metrics/dataset.json" not in changed
    assert "metrics/models/cubic-main.json" not in changed


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-c", "import time; time.sleep(60)", "snakemake"),
        # A step lives on where Snakemake alone was killed, here below its shell.
        ("bash", "-c", "sleep 60; python -m pipeline.steps.train 2>&1 | tee log"),
    ],
    ids=["snakemake", "step"],
)
def test_a_lock_that_is_in_use_stays(
    tiny: Project, tmp_path: Path, command: tuple[str, ...]
) -> None:
    project = replace(tiny, folder=tmp_path)
    locks = project.folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("x")
    process = project.start(*command)
    unlock = ("env", f"PYTHONPATH={tiny.folder}", sys.executable, "-m", "pipeline.unlock")
    try:
        time.sleep(0.5)
        done = project.run(*unlock, check=False)
        assert done.returncode == 1
        assert re.search(rf"process(es)? .*\b{process.pid}\b.*still at work", done.stderr)
        assert (locks / "0.input.lock").exists()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    project.run(*unlock)
    assert not locks.exists()


def step(project: Project, module: str, *arguments: str) -> str:
    """Run one step that must fail, and return its one line of error."""
    done = project.run(sys.executable, "-m", f"pipeline.steps.{module}", *arguments, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


def damage(path: Path, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])


@pytest.mark.parametrize(
    ("module", "file", "arguments"),
    [
        ("structures", "data/structures.parquet", []),
        ("structures", "data/dft_densities.parquet", []),
        ("deduplicate", "artifacts/structures.parquet", []),
        ("split", "artifacts/crystals.parquet", []),
        ("patterns", "artifacts/split.parquet", ["--shard", "0", "--output", "out.zarr"]),
        ("densities", "data/dft_densities.parquet", ["--shard", "0", "--output", "out.zarr"]),
        ("dataset", "artifacts/densities.zarr/densities/c/0/0/0/0", []),
        (
            "evaluate",
            "artifacts/models/cubic-main/model.safetensors",
            ["--model", "cubic-main", "--weights", "artifacts/models/cubic-main/model.safetensors",
             "--card", "artifacts/models/cubic-main/card.yaml",
             "--scores", "scores.parquet", "--metrics", "metrics.json", "--groups", "groups.json"],
        ),
    ],
)  # fmt: skip
def test_a_truncated_file_is_one_clear_error(
    recorded: Project, tmp_path: Path, module: str, file: str, arguments: list[str]
) -> None:
    project = recorded.copy(tmp_path / "p")
    path = project.folder / file
    before = sorted(p for p in project.folder.glob("artifacts/**/*"))
    damage(path, keep=0.6)
    message = step(project, module, *arguments)
    assert file.partition("/densities/c")[0] in message
    assert re.search(r"again|restore|fetch", message)
    assert sorted(p for p in project.folder.glob("artifacts/**/*")) == before
    assert not list(project.folder.glob("out.zarr*"))


def test_a_bad_knob_stops_the_graph_before_any_work(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    project.put("scales.quick.network.width", -3)
    done = project.snakemake("--dry-run", "all", check=False)
    assert done.returncode != 0
    assert "params.yaml: scales.quick.network.width: -3" in done.stdout + done.stderr


def test_a_full_disk_is_one_clear_error(recorded: Project, tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk without room."""
    project = recorded.copy(tmp_path / "p")
    script = (
        "import errno, sys\n"
        "from crystalnet.files import atomic_write\n"
        "import pipeline.store as store\n"
        "import zarr.storage._local as local\n"
        "def full(*a, **k): raise OSError(errno.ENOSPC, 'No space left on device', 'chunk')\n"
        "local._put = full\n"
        "sys.argv = ['patterns', '--shard', '0', '--output', 'out.zarr']\n"
        "from pipeline.steps import command, patterns\n"
        "command.run(patterns.main)\n"
    )
    done = project.run(sys.executable, "-c", script, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().startswith("error: the disk is full")
    assert "free some space" in done.stderr
    assert not list(project.folder.glob("*out.zarr*"))
