"""What the heading of a table says of its columns."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crystalnet.solving.pattern.axis import Quantity

Role = Literal["two_theta", "q", "d", "intensity", "sigma", "unknown", "other"]

# Longer lines are no headings, and search no further.
LONGEST = 400
# Coupled scans are named by both axes: TwoThetaOmega.
_TH = r"(?:theta|\u03b8|th)(?:omega|theta)?(?![a-z])"
# In this order: a width is in degrees 2-theta too, a background an intensity.
_ROLES: tuple[tuple[Role, str], ...] = (
    ("other", r"fwhm|width|breadth|^beta|^ib$"),
    ("other", r"^(?:no|nr|num|number|n|#|id|peak|peak no|line|point|idx|index)\.?$"),
    ("other", r"^\(?[hkl]\)?$|^\(?h\s*k\s*l\)?$|^m(?:ult\w*)?\.?$|^\|?f\|?(?:\^?2)?$"),
    ("sigma", r"e\.?s\.?d|sigma|\u03c3|^err|error|uncert|std"),
    (
        "other",
        r"time(?!.of.flight)|temp|back|bkg|calc|diff|weight|phase|asym|matched|monitor|phi|chi_deg",
    ),
    ("unknown", r"^r[_ (\[]|d\*|d\^\*|log10|tof|time.of.flight|energy|kev|^e$|channel|pixel"),
    ("unknown", r"\bsin|stol|1\s*/\s*d|^[st]$"),
    ("two_theta", rf"2\s*[-_*]?\s*{_TH}|two[-_ ]?{_TH}|\btth\b|^ttheta|^angle|^degrees?$|^deg$"),
    ("unknown", rf"^\W*{_TH}|omega"),
    ("q", r"^\|?q\|?(?![a-z])|scattering vector|momentum transfer"),
    ("d", r"^d(?![a-z])|d[\s_-]?spac|lattice spacing"),
    ("intensity", r"^i(?![a-z])|int|count|\bcts\b|\bcps\b|height|area|signal|psd|^y$|obs|lin"),
)
# Of several columns the one to take: areas say more than heights, counts more than percents.
_LIKELIER = ("area", "integr", "obs", "count", "^i$", "int")
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:e[+-]?\d+)?", re.I)
_NANO = re.compile(r"nm|\u207b\u2079", re.I)
_RADIANS = re.compile(r"(?:^|[^a-z])(m?)rad(?:ians?)?(?![a-z])", re.I)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: as it stands there.
        role: what it is; "unknown" is a position that cannot be used.
        unit: by which its numbers are multiplied: degrees, 1/A or A.
    """

    name: str
    role: Role
    unit: float = 1.0


def columns_named(line: str, width: int) -> list[Column] | None:
    """The columns that a line names, one for each of so many; None if it names none.

    A line may name the first ones alone, if the position is the first of them.
    """
    plain = line[:LONGEST].strip().lstrip("#!;*/%'").strip()
    for names in _split(plain):
        names = [name.strip().strip('"').strip() for name in names]
        if width > len(names) and any(re.fullmatch(r"\(?h\s*k\s*l\)?", n, re.I) for n in names):
            names = [each for name in names for each in _apart(name)]
        columns = [_column(name) for name in names]
        if [name.lower() for name in names[-2:]] == ["y", "e"]:
            # X, Y and E, the error, of other programs; E alone is an energy.
            columns[-1] = Column(names[-1], "sigma")
        if any(_NUMBER.fullmatch(name) for name in names):
            continue
        positions = [each for each in columns if each.role in ("two_theta", "q", "d", "unknown")]
        if not positions or len(names) < 2:
            continue
        if len(names) == width and any(each.role == "intensity" for each in columns):
            return columns
        if 1 < len(names) < width and columns[0] in positions and columns[1].role == "intensity":
            return columns + [Column("", "other")] * (width - len(names))
        if len(names) == width == 2 and columns[0] in positions:
            return [columns[0], Column(columns[1].name, "intensity")]
    return None


def quantity_named(line: str) -> tuple[Quantity, float] | None:
    """What a line that names no columns says of the position, and its unit."""
    plain = line[:LONGEST]
    for quantity, words in (
        ("two_theta", rf"2\s*[-_*]?\s*{_TH}|two[-_ ]?{_TH}|\btth\b|\bdegrees\b|\bdeg\b"),
        ("q", r"\bq\b|\bq\s*[\[(_]"),
        ("d", r"\bd\b\s*[\[(_]|^\W*d\b\W|d[\s_-]?spac"),
    ):
        if re.search(words, plain, re.I):
            known: Quantity = quantity  # type: ignore[assignment]
            return known, _unit(plain, known)
    return None


def likeliest(columns: list[Column], role: Role) -> int | None:
    """Which column of a role to take."""
    fit = [place for place, each in enumerate(columns) if each.role == role]

    def order(place: int) -> tuple[int, int]:
        name = columns[place].name.lower()
        found = (n for n, word in enumerate(_LIKELIER) if re.search(word, name))
        return next(found, len(_LIKELIER)), place

    return min(fit, key=order) if fit else None


def _column(name: str) -> Column:
    plain = name.lower().replace("\u00b0", "").strip()
    role = next((role for role, words in _ROLES if re.search(words, plain)), None)
    if role is None:
        # The unit alone may say it: "Pos. [2Th.]".
        return Column(name, "other")
    if role in ("two_theta", "q", "d"):
        return Column(name, role, _unit(name, role))
    return Column(name, role)


def _unit(name: str, role: str) -> float:
    """The factor that brings a position to degrees, 1/A or A."""
    if role == "two_theta":
        found = _RADIANS.search(name.replace("_", " "))
        if found is None:
            return 1.0
        return float(np.degrees(1e-3 if found[1] else 1.0))
    if not _NANO.search(name):
        return 1.0
    return 0.1 if role == "q" else 10.0


def _apart(name: str) -> list[str]:
    return ["h", "k", "l"] if re.fullmatch(r"\(?h\s*k\s*l\)?", name, re.I) else [name]


def _split(line: str) -> list[list[str]]:
    """The ways in which a heading may be names, the likelier first."""
    ways = [line.split(mark) for mark in ("\t", ";", ",") if mark in line]
    ways = [way[:-1] if way and not way[-1].strip() else way for way in ways]
    ways.append(re.split(r"\s{2,}", line))
    # A unit in brackets belongs to the name before it.
    joined = re.sub(r"\s+(?=[\[(])", "", line)
    ways.append(joined.split())
    ways.append(line.split())
    return ways
