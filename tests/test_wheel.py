"""A wheel holds all that the library reads, as files of its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FREE_ATOMS = "crystalnet/solving/valence_gaussians.json"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a wheel of this repository installs."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    # A copy: a build leaves its folders behind. The link to data/ stays a link.
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, source)
    (source / "data").mkdir()
    shutil.copy2(ROOT / "data" / "valence_gaussians.json", source / "data")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "crystalnet", source / "crystalnet", symlinks=True, ignore=ignored)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(source)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    (wheel,) = folder.glob("crystalnet-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_it_holds_every_file_of_the_package(installed: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "crystalnet"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in tracked:
        if (ROOT / name).is_file():
            assert (installed / name).is_file(), name
            assert not (installed / name).is_symlink(), name


def test_free_atoms_are_one_file_in_git_and_a_real_one_in_the_wheel(installed: Path) -> None:
    once = ROOT / FREE_ATOMS
    assert once.is_symlink()
    assert once.resolve() == ROOT / "data" / "valence_gaussians.json"
    assert (installed / FREE_ATOMS).read_bytes() == once.read_bytes()
    script = (
        "from crystalnet.crystallography.iam import ValenceGaussians\n"
        "from crystalnet.solving.candidate import TEMPLATES\n"
        "print(TEMPLATES, ValenceGaussians.load(TEMPLATES).valence[8])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=installed, env={**os.environ, "PYTHONPATH": str(installed)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    path, valence = done.stdout.split()
    assert Path(path) == installed / FREE_ATOMS
    assert float(valence) == 6
