"""A clone of the project with a tiny data set, run by the real Snakemake and the real DVC."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from crystalnet.files import locked

ROOT = Path(__file__).resolve().parents[2]

# Seconds for one test. The longest took 278 s alone on a slow machine: a limit is there to end what
# hangs, and none may be near what a test takes under load.
LIMIT = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start engines get that limit, and are begun with by every worker.

    `--dist worksteal` gives each worker one stretch of the list, and what is left of it to those
    that are done: short tests at the end of each stretch keep all of them at work to the end.
    """
    engines = [item for item in items if item.path.parent == Path(__file__).parent]
    others = [item for item in items if item.path.parent != Path(__file__).parent]
    for item in engines:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LIMIT))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ends = [len(others) * worker // workers for worker in range(workers + 1)]
    items[:] = [
        item
        for worker in range(workers)
        for item in (*engines[worker::workers], *others[ends[worker] : ends[worker + 1]])
    ]


# Both engines start Python programs in turn; BLAS threads would only fight over the cores, and each
# program would compile the project anew where bytecode is not kept.
ENVIRONMENT = {
    **{
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTEST", "GIT_")) and key != "PYTHONDONTWRITEBYTECODE"
    },
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "OMP_NUM_THREADS": "1",
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}

MODES_TRAINING = yaml.safe_load((ROOT / "params.yaml").read_text())["modes"]["training"]

TINY: dict[str, Any] = {
    "systems": ["cubic"],
    "structures": {"limit": 6},
    "densities": {"grid": 28},
    "patterns": {"bins": 64},
    "training": {"validation_grid": 14},
    "evaluation": {"grid": 14},
    "learned": {"scored": 2},
    "models": {
        "cubic-main": {"system": "cubic", "input": "baseline", "protocol": "main"},
        "cubic-baseline": {"system": "cubic", "input": "baseline", "protocol": "ablation"},
        "cubic-no_formula": {"system": "cubic", "input": "no_formula", "protocol": "ablation"},
        "cubic-modes": {"system": "cubic", "architecture": "modes", "input": "no_pattern",
                        "protocol": "ablation"},
    },
    "scales": {
        "quick": {  # a model of more than 1 MB, as real ones are
            "store": {"shards": 2, "crystals_per_file": 8},
            "network": {"width": 96, "fourier_features": 4, "regressor_layers": 1,
                        "regressor_blocks": 1, "dense_layers": 1, "dense_growth": 2},
            "training": {"cycles": [2], "batch_size": 4, "points_per_axis": 2,
                         "validation_every": 1, "validation_grid": 7, "validation_guesses": 1},
            "evaluation": {"grid": 14, "guesses": 2},
            "modes": {"order": 4, "count": 3, "substitutes": 0.5,
                      "network": {"width": 8, "blocks": 1, "latents": 2, "latent_width": 4,
                                  "dropout": 0.0},
                      "training": {**MODES_TRAINING, "epochs": 2, "batch_size": 4,
                                   "validation_every": 1}},
        },
        "cpu": {"evaluation": {"grid": 14}},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Project:
    """A clone in a folder of its own."""

    folder: Path

    def run(
        self, *command: str, check: bool = True, timeout: float = LIMIT
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return done

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own, without its output."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "snakemake", "--cores", "2", *arguments, check=check)

    def dvc(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "dvc", *arguments, check=check)

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments).stdout

    def planned(self) -> str:
        """What Snakemake would do, empty for nothing."""
        out = self.snakemake("--dry-run", "all").stdout
        return "" if "Nothing to be done" in out else out

    def put(self, key: str, value: object) -> None:
        """Change one value of params.yaml."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        *parents, last = key.split(".")
        section = params
        for parent in parents:
            section = section[parent]
        section[last] = value
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def copy(self, folder: Path) -> "Project":
        """The same project with all its work and records, elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def clone(self, folder: Path) -> "Project":
        """What somebody else gets: what is in git."""
        subprocess.run(
            ["git", "clone", "--quiet", str(self.folder), str(folder)], check=True, env=ENVIRONMENT
        )
        return Project(folder)


def merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict) and key != "models":
            merge(into[key], value)
        else:
            into[key] = value


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Project:
    """A project that the first worker makes that wants it, and all workers copy."""
    base = factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "engines"
    folder = shared / name
    with locked(shared / f"{name}.lock"):
        if not folder.exists():
            beginning = shared / f"{name}.begun"
            shutil.rmtree(beginning, ignore_errors=True)
            make(beginning)
            beginning.rename(folder)
    return Project(folder)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone with the tiny data set, committed, nothing run yet. Do not change it: copy it."""

    def make(folder: Path) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        kept = ("crystalnet", "pipeline", "reports", "profiles", "data", "docs/learned_", ".dvc")
        for name in filter(None, listed.split("\0")):
            source = ROOT / name
            if not source.is_file() or not (name.startswith(kept) or "/" not in name):
                continue
            if name == "dvc.lock" or name.startswith("data/chgcars"):
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        params = yaml.safe_load((folder / "params.yaml").read_text())
        merge(params, TINY)
        (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        project = Project(folder)
        project.git("init", "--quiet", "--initial-branch", "main")
        project.commit("a tiny data set")

    return made_once(tmp_path_factory, "tiny", make)


@pytest.fixture(scope="session")
def recorded(tiny: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny project after `snakemake all`, `dvc commit -f` and a git commit. Copy it."""

    def make(folder: Path) -> None:
        project = tiny.copy(folder)
        project.snakemake("all")
        project.dvc("commit", "--force")
        project.commit("the results")

    return made_once(tmp_path_factory, "recorded", make)
