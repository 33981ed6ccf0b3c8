"""A named revision for each input, and what DVC says between two of them, in a fresh clone."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any

ROOT = Path(__file__).resolve().parents[2]


def name_inputs(project: Project) -> None:
    """The recipe of `make inputs`, without its set-up of an environment."""
    recipe = re.search(r"^inputs:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe is not None
    script = recipe[1].replace("\t", "").replace("\\\n", " ").replace("$$", "$")
    project.run("bash", "-c", script)


def test_inputs_are_compared_by_name_without_retraining(recorded: Project, tmp_path: Path) -> None:
    project = recorded.clone(tmp_path / "clone")
    before = project.git("status", "--porcelain")
    name_inputs(project)
    assert project.git("status", "--porcelain") == before
    assert not (project.folder / "artifacts").exists()

    told = json.loads(project.dvc("metrics", "diff", "--json", "baseline", "no_formula").stdout)
    assert list(told) == ["metrics/focus.json"]
    scores = {
        name: json.loads((project.folder / f"metrics/models/cubic-{name}.json").read_text())
        for name in ("baseline", "no_formula")
    }
    ssim = told["metrics/focus.json"]["cubic.ssim.mean"]
    assert ssim["old"] == scores["baseline"]["ssim"]["mean"]
    assert ssim["new"] == scores["no_formula"]["ssim"]["mean"]
    assert ssim["diff"] == pytest.approx(ssim["new"] - ssim["old"])

    shown = project.dvc("exp", "show", "--csv").stdout
    assert {"baseline", "no_formula"} <= set(re.split(r"[,\n]", shown))
    plots = project.folder / "plots"
    project.dvc("plots", "diff", "baseline", "no_formula", "--out", str(plots))
    page = (plots / "index.html").read_text()
    assert "focus_distribution.csv" in page
    assert "no_formula" in page
    shutil.rmtree(plots)


@pytest.mark.slow
def test_a_second_time_the_names_are_made_anew(recorded: Project, tmp_path: Path) -> None:
    project = recorded.clone(tmp_path / "clone")
    told = []
    for _ in range(2):
        name_inputs(project)
        diff = project.dvc("metrics", "diff", "--json", "baseline", "no_formula").stdout
        told.append(json.loads(diff))
    assert told[0] == told[1]


def test_an_input_without_a_model_is_refused(recorded: Project, tmp_path: Path) -> None:
    project = recorded.clone(tmp_path / "clone")
    project.put("focus", "no_pattern")
    failed = project.run("python", "-m", "pipeline.steps.focus", check=False)
    assert failed.returncode == 1
    assert "no model has the input 'no_pattern'" in failed.stderr
