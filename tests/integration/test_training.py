"""The training step as the pipeline starts it: in several processes, and from given weights."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from crystalnet.files import sha256
from crystalnet.network.card import read_card

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any


CURVES = "artifacts/models/cubic-main/curves"


def curve(table: Path) -> dict[int, float]:
    """One quantity of a learning curve by epoch."""
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return {int(epoch): float(value) for epoch, value in rows}


def train(project: Project, name: str, *arguments: str, check: bool = True) -> Any:
    out = project.folder / "out" / name
    return project.run(
        sys.executable, "-m", "pipeline.steps.train", "--model", "cubic-main",
        "--weights", str(out / "model.safetensors"), "--card", str(out / "card.yaml"),
        "--curves", str(out / "curves"),
        *arguments, check=check,
    )  # fmt: skip


def test_two_processes_leave_what_one_leaves(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    shutil.rmtree(project.folder / "work" / "training")
    train(project, "two", "--processes", "2")
    out = project.folder / "out" / "two"
    card = read_card(out / "card.yaml", out / "model.safetensors")
    alone = read_card(project.folder / "artifacts/models/cubic-main/card.yaml")
    assert card.hardware == alone.hardware.replace("1 thread", "2 threads")
    before = {path.name: curve(path) for path in (project.folder / CURVES).glob("*.tsv")}
    after = {path.name: curve(path) for path in (out / "curves").glob("*.tsv")}
    assert {name: list(found) for name, found in after.items()} == {
        name: list(found) for name, found in before.items()
    }
    # The same training: that it is so to rounding is tested at a small learning rate, here Adam's
    # first steps amplify the rounding of sums.
    assert after["loss.tsv"][1] == pytest.approx(before["loss.tsv"][1], rel=0.02)


def test_a_training_goes_on_from_the_weights_that_params_name(
    recorded: Project, tmp_path: Path
) -> None:
    project = recorded.copy(tmp_path / "p")
    weights = project.folder / "artifacts/models/cubic-main/model.safetensors"
    start = {"weights": str(weights.relative_to(project.folder)), "sha256": sha256(weights)}
    model = yaml.safe_load((project.folder / "params.yaml").read_text())["models"]["cubic-main"]
    project.put("models.cubic-main", {**model, "start": start})
    train(project, "on")
    assert (project.folder / "out/on/model.safetensors").read_bytes() != weights.read_bytes()

    project.put("models.cubic-main.start.sha256", "0" * 64)
    failed = train(project, "other", check=False)
    assert failed.returncode == 1
    assert "params.yaml names 0000" in failed.stderr
    assert "Traceback" not in failed.stderr
