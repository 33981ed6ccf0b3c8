"""The whole graph on other systems than the paper's, by `systems` and the densities alone."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from crystalnet.settings import CrystalSystem

Project = Any


def of_systems(tiny: Project, folder: Path, systems: list[str]) -> Project:
    project = tiny.copy(folder)
    project.put("systems", systems)
    project.put("structures.limit", 4)
    project.put("densities.source", "iam")
    # Of cubic crystals, which the others take for their own.
    line = {"system": "cubic", "input": "baseline", "protocol": "ablation"}
    project.put("models", {"cubic-baseline": line})
    return project


def check_scores(project: Project, systems: list[str]) -> None:
    crystals = json.loads((project.folder / "metrics/dataset.json").read_text())["crystals"]
    assert set(crystals) == set(systems)
    for system in systems:
        scores = json.loads((project.folder / f"metrics/models/{system}-baseline.json").read_text())
        assert scores["density_source"] == "iam"
        assert (project.folder / f"metrics/baselines/{system}.json").exists()


def test_any_system_runs_from_crystals_to_scores(tiny: Project, tmp_path: Path) -> None:
    project = of_systems(tiny, tmp_path / "p", ["triclinic"])
    project.snakemake("metrics/models/triclinic-baseline.json", "metrics/baselines/triclinic.json")
    check_scores(project, ["triclinic"])


@pytest.mark.slow
def test_all_systems_run_from_crystals_to_report(tiny: Project, tmp_path: Path) -> None:
    systems = list(get_args(CrystalSystem))
    project = of_systems(tiny, tmp_path / "p", systems)
    project.snakemake("all")
    check_scores(project, systems)
    page = (project.folder / "reports/index.html").read_text()
    assert [system for system in systems if system not in page] == []
    assert project.planned() == ""
