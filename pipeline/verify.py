"""Compare metrics made on this machine with those recorded in git, within stated tolerances.

    python -m pipeline.verify            what lies in metrics/ against the revision HEAD
    python -m pipeline.verify --fresh    make everything in a clone of HEAD first (make verify)

Every figure is compared; `pipeline.differences` says how and why.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.differences import Difference, Files, compare, figures_of
from pipeline.steps import command

FRESH = store.WORK / "verify"


def recorded_in_git(folder: Path, revision: str) -> Files:
    """The metrics of a revision.

    Raises:
        CrystalNetError: if git has no such revision, or none of its metrics.
    """
    names = _git(folder, "ls-tree", "-r", "--name-only", revision, "--", f"{store.METRICS}/")
    files = {
        name.removeprefix(f"{store.METRICS}/"): _git(folder, "show", f"{revision}:{name}")
        for name in names.decode().splitlines()
    }
    if not files:
        raise CrystalNetError(f"{revision}: holds no {store.METRICS}/; name a revision that does")
    return files


def made_here(folder: Path) -> Files:
    """The metrics that lie in a folder."""
    metrics = folder / store.METRICS
    return {
        str(path.relative_to(metrics)): path.read_bytes()
        for path in sorted(metrics.rglob("*"))
        if path.suffix in (".json", ".csv")
    }


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise CrystalNetError(f"git {' '.join(arguments)}: {told[-1] if told else 'failed'}")
    return done.stdout


def make_anew(revision: str, cores: str) -> Path:
    """Everything made in a clone of the revision; a clone that was begun is gone on with.

    Raises:
        CrystalNetError: if Snakemake fails there.
    """
    wanted = _git(Path(), "rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip()
    clone = FRESH / "clone"
    if clone.exists() and _git(clone, "rev-parse", "HEAD").decode().strip() != wanted:
        shutil.rmtree(clone)
    if not clone.exists():
        _git(Path(), "clone", "--quiet", "--no-checkout", ".", str(clone))
        _git(clone, "checkout", "--quiet", "--detach", wanted)
    environment = {**os.environ, "PYTHONPATH": str(clone.resolve())}
    for arguments in (
        ("pipeline.unlock",),
        ("snakemake", "all", "--cores", cores, "--quiet", "rules", "host", "reason"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=clone, env=environment, check=False
        )
        if done.returncode:
            raise CrystalNetError(f"{clone}: {arguments[0]} failed, see above; run again to go on")
    return clone


def tell(differences: list[Difference], figures: int, most: int = 20) -> str:
    """What differs and by how much, the worst first."""
    beyond = [each for each in differences if each.share > 1]
    shown = differences[: max(most, len(beyond))]
    lines = [
        f"{figures} figures are recorded; {len(differences)} differ here, "
        f"{len(beyond)} by more than is allowed"
    ]
    if shown:
        lines.append(f"{'recorded':>12} {'here':>12} {'difference':>12} {'allowed':>9}")
    for each in shown:
        mark = "!" if each.share > 1 else " "
        place = f"{each.file} {each.key}"
        if each.within is None:
            lines.append(
                f"{each.recorded!s:>12} {each.here!s:>12} {'':>12} {'none':>9} {mark} {place}"
            )
        else:
            assert isinstance(each.recorded, float)
            assert isinstance(each.here, float)
            lines.append(
                f"{each.recorded:>12.5g} {each.here:>12.5g} {each.here - each.recorded:>+12.2g} "
                f"{each.within:>9.2g} {mark} {place}"
            )
    if len(shown) < len(differences):
        lines.append(f"and {len(differences) - len(shown)} more, all nearer than these")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="make everything in a clone first")
    parser.add_argument("--revision", default="HEAD", help="whose metrics are the recorded ones")
    parser.add_argument("--cores", default="all", help="for --fresh")
    given = parser.parse_args()
    recorded = recorded_in_git(Path(), given.revision)
    folder = make_anew(given.revision, given.cores) if given.fresh else Path()
    differences = compare(recorded, made_here(folder))
    figures = sum(len(figures_of(name, content)) for name, content in recorded.items())
    print(tell(differences, figures))
    beyond = sum(each.share > 1 for each in differences)
    if beyond:
        raise CrystalNetError(
            f"{beyond} of {figures} figures are not what {given.revision} has recorded"
        )
    print(f"what {given.revision} has recorded is what comes out here")


if __name__ == "__main__":
    command.run(main)
