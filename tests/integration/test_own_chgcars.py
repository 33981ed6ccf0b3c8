"""CHGCAR files of one's own go through the same graph as the embedded densities."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.io.vasp import Chgcar, Poscar

from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from pipeline.crystal_tables import crystals_of
from pipeline.params import load_params
from pipeline.sources import crystal_source

Project = Any


def test_a_folder_of_chgcars_becomes_a_data_set(tiny: Project, tmp_path: Path) -> None:
    project = tiny.copy(tmp_path / "p")
    table = crystal_source(load_params()).crystals()
    chosen = table[(table["crystal_system"] == "cubic") & (table["nsites"] <= 4)].head(9)
    gaussians = ValenceGaussians.load(Path("data/valence_gaussians.json"))
    crystals = crystals_of(chosen)
    for crystal, density in zip(crystals, iam_density(crystals, 32, gaussians), strict=True):
        total = np.asarray(density, dtype=np.float64) * crystal.volume
        Chgcar(Poscar(crystal.to_structure()), {"total": total}).write_file(
            str(project.folder / f"data/own/{crystal.material_id}.CHGCAR")
        )
    for key, value in {
        "structures.source": "chgcar",
        "structures.limit": None,
        "densities.source": "chgcar",
        "densities.electron_tolerance": 0.01,  # sharp atoms on 32 points
        "split.kind": "random",
        "split.train": 0.5,
        "split.validation": 0.25,
    }.items():
        project.put(key, value)
    project.snakemake("artifacts/dataset.parquet")
    metrics = json.loads((project.folder / "metrics/dataset.json").read_text())
    assert metrics["density_source"] == "chgcar"
    counted = metrics["crystals"]["cubic"]
    assert sum(split["all"] for split in counted.values()) == len(chosen)
    assert metrics["worst_relative_electron_error"] < 0.01
    # One file more is seen, and the graph goes on from there.
    (project.folder / f"data/own/{chosen['material_id'].iat[0]}.CHGCAR").unlink()
    planned = project.snakemake("--dry-run", "artifacts/dataset.parquet").stdout
    assert "structures" in planned
    assert "Nothing to be done" not in planned
