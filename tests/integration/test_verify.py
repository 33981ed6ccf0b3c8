"""What is recorded in git is made again in a clone, from nothing."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any


def test_a_fresh_clone_gives_what_is_recorded(recorded: Project, tmp_path: Path) -> None:
    """The recipe of `make verify`."""
    project = recorded.clone(tmp_path / "p")
    verify = ("python", "-m", "pipeline.verify", "--fresh", "--cores", "2")
    out = project.run(*verify, timeout=800).stdout
    assert "what HEAD has recorded is what comes out here" in out
    made = project.folder / "work/verify/clone"
    assert (made / "artifacts/models/cubic-main/model.safetensors").is_file()
    assert not (project.folder / "artifacts").exists()
    assert project.git("status", "--porcelain") == ""

    # What was made is made once; damage is found.
    made_at = (made / "artifacts/models/cubic-main/model.safetensors").stat().st_mtime_ns
    metrics = made / "metrics/models/cubic-main.json"
    metrics.write_text(metrics.read_text().replace('"crystals": ', '"crystals": 1'))
    done = project.run("python", "-m", "pipeline.verify", check=False)
    assert done.returncode == 0
    done = project.run(*verify, check=False)
    assert (made / "artifacts/models/cubic-main/model.safetensors").stat().st_mtime_ns == made_at
    assert done.returncode == 1
    assert "models/cubic-main.json crystals" in done.stdout
