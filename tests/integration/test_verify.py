"""What is recorded in git is made again in a clone, from nothing."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engines")]

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any


def test_a_fresh_clone_gives_what_is_recorded(recorded: Project, tmp_path: Path) -> None:
    """The recipe of `make verify`."""
    project = recorded.clone(tmp_path / "p")
    verify = ("python", "-m", "pipeline.verify", "--fresh", "--cores", "2")
    out = project.run(*verify).stdout
    assert "what HEAD has recorded is what comes out here" in out
    made = project.folder / "work/verify/clone"
    assert (made / "artifacts/models/cubic-main/model.safetensors").is_file()
    assert not (project.folder / "artifacts").exists()
    assert project.git("status", "--porcelain") == ""

    # A result that is not what comes out is found; what was made is made once.
    metrics = project.folder / "metrics/models/cubic-main.json"
    metrics.write_text(metrics.read_text().replace('"crystals": ', '"crystals": 1'))
    project.commit("a slip")
    (made / "metrics/models/cubic-main.json").write_text(
        (recorded.folder / "metrics/models/cubic-main.json").read_text()
    )
    done = project.run(*verify, check=False)
    assert done.returncode == 1
    assert "models/cubic-main.json crystals" in done.stdout
