"""Compare metrics made on this machine with those recorded in git, within stated tolerances.

    python -m pipeline.verify            what lies in metrics/ against the revision HEAD
    python -m pipeline.verify --fresh    make everything in a clone of HEAD first (make verify)

Names, counts and labels must be equal. Figures that no training stands behind are equal to
rounding. A training amplifies rounding until it is another draw of the same training: its scores
are compared within what trainings made twice differ by, on processors that round otherwise. Every
figure is compared; TOLERANCES says how and why.
"""

import argparse
import csv
import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.steps import command

FRESH = store.WORK / "verify"
# Bytes of each file of metrics by its path below the project.
Files = dict[str, bytes]


@dataclass(frozen=True)
class Tolerance:
    """How far figures may be from what is recorded.

    Attributes:
        files: pattern of the paths that it holds for.
        keys: pattern of the last name on the way to the figure.
        within: largest difference, in the unit of the figure.
        why: where it comes from.
    """

    files: str
    keys: str
    within: float
    why: str


ROUNDING = "no training: rounding of sums; 2e-6 between two instruction sets"
TWICE = "four times the root mean square difference of trainings made twice: "
# The first that fits is taken. The twelve trainings of scale `quick` were made twice, by one
# processor with AVX-512 and with SSE alone (ATEN_CPU_CAPABILITY=default, MKL_CBWR=COMPATIBLE,
# ONEDNN_MAX_CPU_ISA=SSE41, OPENBLAS_CORETYPE=Nehalem).
TOLERANCES = (
    Tolerance(r"dataset\.json", "", 1e-9, "rounding of the electron counts"),
    Tolerance(r"baselines/", "", 1e-4, ROUNDING),
    Tolerance(r"", r"ssim_spread", 0.007, TWICE + "0.0017"),
    Tolerance(r"", r"psnr_spread", 0.15, TWICE + "0.036 dB"),
    Tolerance(r"", r"ssim.*difference", 0.035, "as SSIM, of two trainings"),
    Tolerance(r"", r"psnr.*difference", 0.9, "as PSNR, of two trainings"),
    Tolerance(r"", r"share_below_half", 0.11, TWICE + "0.028"),
    Tolerance(r"", r"ssim", 0.025, TWICE + "0.0061"),
    Tolerance(r"", r"psnr", 0.62, TWICE + "0.154 dB"),
    Tolerance(r"", r"nmae_percent", 6.8, TWICE + "1.7"),
    Tolerance(r"", r"map_correlation", 0.064, TWICE + "0.016"),
    Tolerance(r"", r"electron_error_percent", 8.8, TWICE + "2.2"),
    Tolerance(r"", r"negative_mass_percent", 0.0012, TWICE + "0.0003"),
)
# Medians and quartiles lie at single crystals and move farther than means do, the ends of a
# distribution farthest. Groups of few crystals have long tails: for them eight times, not four
# (of 5,214 figures of groups the farthest was at 7.5 times).
FARTHER = {r"median|quartile": 2.0, r"distribution": 4.0, r"^groups/": 2.0}


@dataclass(frozen=True)
class Difference:
    """One figure that is not what is recorded; `within` is None where only equality will do."""

    file: str
    key: str
    recorded: object
    here: object
    within: float | None

    @property
    def share(self) -> float:
        """The difference in tolerances; infinite where only equality will do."""
        if self.within is None:
            return math.inf
        assert isinstance(self.recorded, float | int)
        assert isinstance(self.here, float | int)
        return abs(self.here - self.recorded) / self.within


def compare(recorded: Files, here: Files) -> list[Difference]:
    """Every figure that differs, the farthest from what is allowed first.

    Raises:
        CrystalNetError: if a file cannot be read.
    """
    found = [
        Difference(name, "", _there(name, recorded), _there(name, here), None)
        for name in sorted(recorded.keys() ^ here.keys())
    ]
    for name in sorted(recorded.keys() & here.keys()):
        theirs, ours = _figures(name, recorded[name]), _figures(name, here[name])
        fewer = _fewer(theirs)
        for key in [*theirs, *(ours.keys() - theirs.keys())]:
            one, other = theirs.get(key, "missing"), ours.get(key, "missing")
            if one != other:
                within = _within(name, key, fewer) if _floats(one, other) else None
                found.append(Difference(name, key, one, other, within))
    return sorted(found, key=lambda each: (-each.share, each.file, each.key))


def _there(name: str, files: Files) -> str:
    return "there" if name in files else "missing"


def _floats(*values: object) -> bool:
    return all(isinstance(value, float) and math.isfinite(value) for value in values)


def _within(file: str, key: str, fewer: Mapping[str, float]) -> float | None:
    """The tolerance of a figure, None if it must be equal."""
    names = key.split(".")
    # The name of what was measured stands last or before the name of the statistic.
    told = " ".join(names[-2:])
    fitting = next(
        (t for t in TOLERANCES if re.search(t.files, file) and re.search(t.keys, told)), None
    )
    if fitting is None:
        return None
    within = fitting.within
    for pattern, factor in FARTHER.items():
        if re.search(pattern, f"{file} {key}"):
            within *= factor
    # The mean of fewer crystals moves farther, as the mean of fewer draws does.
    return within * math.sqrt(fewer.get(".".join(names[:2]), 1.0))


def _fewer(figures: Mapping[str, object]) -> dict[str, float]:
    """Of each group of crystals, how many times fewer it has than all groups of its kind."""
    crystals = {
        key.removesuffix(".crystals"): value
        for key, value in figures.items()
        if re.fullmatch(r"[^.]+\.[^.]+\.crystals", key) and isinstance(value, int)
    }
    every: dict[str, int] = {}
    for group, count in crystals.items():
        kind = group.split(".")[0]
        every[kind] = every.get(kind, 0) + count
    return {group: every[group.split(".")[0]] / max(n, 1) for group, n in crystals.items()}


def _figures(name: str, content: bytes) -> dict[str, object]:
    """Each figure by the names on the way to it, joined by dots.

    Integers are counts and stay integers; everything else that is a number is a float.
    """
    try:
        text = content.decode()
        if name.endswith(".csv"):
            rows = list(csv.DictReader(io.StringIO(text)))
            return {
                f"{index}.{column}": _number(value)
                for index, row in enumerate(rows)
                for column, value in row.items()
            }
        return dict(_flat(json.loads(text), []))
    except (UnicodeDecodeError, ValueError) as error:
        raise CrystalNetError(f"{name}: not to be read ({error}); make it again") from None


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _flat(value: Any, names: list[str]) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, [*names, str(name).replace(".", "_")])
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, [*names, str(index)])
    else:
        yield ".".join(names), value


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
    figures = sum(len(_figures(name, content)) for name, content in recorded.items())
    print(tell(differences, figures))
    beyond = sum(each.share > 1 for each in differences)
    if beyond:
        raise CrystalNetError(
            f"{beyond} of {figures} figures are not what {given.revision} has recorded"
        )
    print(f"what {given.revision} has recorded is what comes out here")


if __name__ == "__main__":
    command.run(main)
