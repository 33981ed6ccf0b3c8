"""The notebook runs on what the pipeline leaves."""

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "density.ipynb"


# Of the packages that start the kernel, about themselves.
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_the_notebook_draws_a_density_and_its_pattern(
    recorded: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = recorded.copy(tmp_path / "p")
    monkeypatch.setenv("PYTHONPATH", str(project.folder))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "keep outputs out of git"
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": project.folder}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    text = "".join(output.get("text", "") for output in outputs)
    assert "SSIM of the guesses" in text
    assert [output for output in outputs if "image/png" in output.get("data", {})]
