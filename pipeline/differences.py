"""How far metrics made on one machine are from those of another, and how far they may be.

Names, counts and labels must be equal. Figures that no training stands behind are equal to
rounding. A training amplifies rounding until it is another draw of the same training: its scores
are compared within what trainings made twice differ by, on processors that round otherwise. Every
figure is compared; TOLERANCES says how and why.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crystalnet.errors import CrystalNetError

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
        theirs, ours = figures_of(name, recorded[name]), figures_of(name, here[name])
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


def figures_of(name: str, content: bytes) -> dict[str, object]:
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
