"""The whole graph on other systems than the paper's, by `systems` and the densities alone."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from crystalnet.settings import CrystalSystem

Project = Any


@pytest.mark.parametrize(
    "systems",
    [
        ["triclinic"],
        pytest.param(list(get_args(CrystalSystem)), marks=pytest.mark.slow),
    ],
    ids=["one", "seven"],
)
def test_any_systems_run_from_crystals_to_report(
    tiny: Project, tmp_path: Path, systems: list[str]
) -> None:
    project = tiny.copy(tmp_path / "p")
    project.put("systems", systems)
    project.put("structures.limit", 4)
    project.put("densities.source", "iam")
    # Of cubic crystals, which the others take for their own.
    line = {"system": "cubic", "input": "baseline", "protocol": "ablation"}
    project.put("models", {"cubic-baseline": line})
    project.snakemake("all")
    crystals = json.loads((project.folder / "metrics/dataset.json").read_text())["crystals"]
    assert set(crystals) == set(systems)
    page = (project.folder / "reports/index.html").read_text()
    for system in systems:
        scores = json.loads((project.folder / f"metrics/models/{system}-baseline.json").read_text())
        assert scores["density_source"] == "iam"
        assert (project.folder / f"metrics/baselines/{system}.json").exists()
        assert system in page
    assert project.planned() == ""
