"""The graph on a real Slurm of one node: every rule through sbatch, GPU rules asking for GPUs."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "slurm" / "one_node.sh"
NEEDED = [name for name in ("sbatch", "slurmctld", "slurmd", "munged") if not shutil.which(name)]
if not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
    NEEDED.append("the extra `slurm` (make slurm)")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        bool(NEEDED) or os.geteuid() != 0,
        reason=f"needs root and Debian's slurm-wlm and munge; missing: {NEEDED}",
    ),
]

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([SCRIPT, "start", folder], check=True, timeout=60)
    yield
    subprocess.run([SCRIPT, "stop", folder], check=True, timeout=60)


def jobs() -> list[dict[str, str]]:
    """What Slurm knows of every job."""
    told = subprocess.run(
        ["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=True
    ).stdout
    return [
        dict(re.findall(r"(\S+?)=(\S*)", line)) for line in told.splitlines() if "JobId" in line
    ]


@pytest.mark.usefixtures("slurm")
def test_the_graph_runs_through_sbatch(tiny: Project, tmp_path: Path) -> None:
    project = tiny.copy(tmp_path / "p")
    project.run(
        sys.executable, "-m", "snakemake", "all", "--profile", "profiles/slurm",
        # As at the scales whose rules want a GPU each; the tiny one's own ask for none.
        "--set-resources", "train:gpu=1", "evaluate:gpu=1",
        # This Slurm keeps no accounts that sacct could tell of.
        "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3",
        "--seconds-between-status-checks", "3",
        timeout=800,
    )  # fmt: skip
    assert (project.folder / "reports/index.html").is_file()
    assert project.planned() == ""

    known = jobs()
    assert {job["JobState"] for job in known} == {"COMPLETED"}
    # 3 tables, 2 + 1 patterns, 2 + 1 densities, data set, 3 models x 2, baselines, ablate, report.
    assert len(known) == 19
    of_rule = [job["Comment"].removeprefix("rule_").split("_")[0] for job in known]
    asked = [job.get("TresPerJob", "") for job in known]
    assert {rule for rule, tres in zip(of_rule, asked, strict=True) if "gpu:1" in tres} == {
        "train",
        "evaluate",
    }
