"""A clone in a folder whose name a shell, Snakemake or make could read as code."""

import os
import sys
from pathlib import Path
from typing import Any

Project = Any


NAME = 'a {b} {{c}} it\'s "so" $HOME `x` é'


def test_both_engines_and_make_work_there(tiny: Project, tmp_path: Path) -> None:
    project = tiny.copy(tmp_path / NAME)
    # An environment in the clone, as `make setup` leaves it, so that its path is as odd.
    environment = project.folder / ".venv"
    environment.mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (environment / part).symlink_to(Path(sys.prefix) / part)
    (environment / "installed").touch()
    # `python` of the steps is that of this environment, wherever it lies.
    done = project.run("make", "reproduce", "CORES=1 --until structures")
    assert (project.folder / "artifacts/structures.parquet").exists(), done.stdout + done.stderr
    path = f"PATH={environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    repro = ("env", path, "python", "-m", "dvc", "repro", "deduplicate")
    refused = project.run(*repro, check=False)
    assert refused.returncode
    assert "error: " in refused.stderr
    assert "DVC keeps no files in a folder with braces" in refused.stderr
    project.dvc("cache", "dir", "--local", str(tmp_path / "cache"))
    project.run(*repro)
    assert (project.folder / "artifacts/crystals.parquet").exists()
