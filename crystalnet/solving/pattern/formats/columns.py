"""Two or three columns of text, whatever separates them, below a header or none."""

import re
from pathlib import Path

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.formats.pattern_format import PatternFormat, RawPattern
from crystalnet.solving.pattern.radiation import Radiation, radiation

# Rows of numbers that a text has at least, to be meant as a pattern.
FEWEST_ROWS = 3
_COMMENT = re.compile(r"^\s*(?:[#!;'%/*]|\"|data_|_)")
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eEdD][+-]?\d+)?|[+-]?(?:nan|inf)", re.I)
# Words of a header line that name the first column.
_NAMES: tuple[tuple[Quantity, str], ...] = (
    ("two_theta", r"2\s*-?_?\s*-?(?:theta|θ|th\b)|two_?-?\s?theta|\btth\b|degrees|\bdeg\b"),
    ("q", r"\bq\b|q\s*[\[(]"),
    ("d", r"\bd\b|d[\s_-]?spac|d\s*[\[(]"),
)
# What a header says of the wavelength: a number (in A unless it says nm), or a K-alpha line.
_SAID = re.compile(
    r"(?:wave[\s_-]?length|(?<![a-z])lambda|\u03bb)_?1?\b[^\d\n]{0,20}?(?P<number>\d+[.,]\d+)\s*(?P<nm>nm\b)?"
    r"|\b(?P<name>(?:Cr|Fe|Co|Cu|Mo|Ag)[\s_-]?K[\s_-]?(?:alpha|a|\u03b1)[\s_-]?[12]?)(?![a-z\d])",
    re.I,
)


def _may_hold_pattern(text: str) -> bool:
    """Rows of numbers make up most of it."""
    lines = [line for line in text.splitlines() if line.strip() and not _COMMENT.match(line)]
    rows = sum(len(_numbers(line) or ()) > 1 for line in lines)
    return rows >= FEWEST_ROWS and 2 * rows >= len(lines)


def _read(path: Path, text: str) -> RawPattern:
    """The numbers of a text, and what lines before them say: the first column, the wavelength."""
    rows: list[list[float]] = []
    named: Quantity | None = None
    told: Radiation | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        values = None if _COMMENT.match(line) else _numbers(line)
        if values is None:
            if not rows:
                named = named or _name_in(line)
                told = told or _radiation_in(line)
            elif line.strip() and not _COMMENT.match(line):
                raise CrystalNetError(
                    f"{path}: line {number} is {line.strip()[:40]!r} between numbers; want two or "
                    "three columns of numbers"
                )
            continue
        rows.append(values)
    # Headers of .chi and the like hold lines of one number or several.
    while len(rows) > 1 and len(rows[0]) != len(rows[-1]):
        rows.pop(0)
    if not rows:
        raise CrystalNetError(f"{path}: holds no numbers; want two columns, angle and intensity")
    lengths = {len(row) for row in rows}
    if max(lengths) < 2:
        raise CrystalNetError(f"{path}: one column of numbers; want two, angle and intensity")
    if len(lengths) > 1:
        odd = next(i for i, row in enumerate(rows) if len(row) != len(rows[-1]))
        raise CrystalNetError(
            f"{path}: rows of {len(rows[odd])} and of {len(rows[-1])} numbers; want as many in "
            "each: two or three"
        )
    return RawPattern(np.array(rows)[:, :3], named, told)


def _numbers(line: str) -> list[float] | None:
    """The numbers of a line of nothing else, whatever separates them; None for another line."""
    if ";" in line or "\t" in line:
        fields = re.split(r"[;\t]", line.strip(" ;\t\r\n"))
    elif re.search(r",\s", line) or (line.count(",") and "." in line) or line.count(",") == 1:
        # A comma between digits of which one has a point, or the only one, separates.
        fields = line.strip(" ,\r\n").split(",")
        if line.count(",") == 1 and len(line.split()) == 2 and not re.search(r",\s", line):
            fields = line.split()
    else:
        fields = line.split()
        if len(fields) == 1:
            fields = line.split(",")
    fields = [field.strip().strip('"') for field in fields]
    if len(fields) == 1:
        fields = fields[0].split()
    if not fields or not all(_NUMBER.fullmatch(field) for field in fields):
        return None
    return [float(field.replace(",", ".").lower().replace("d", "e")) for field in fields]


def _name_in(line: str) -> Quantity | None:
    return next((name for name, words in _NAMES if re.search(words, line, re.I)), None)


def _radiation_in(line: str) -> Radiation | None:
    """What a header line says; what cannot be one is not heard."""
    said = _SAID.search(line)
    if said is None:
        return None
    try:
        if said["name"]:
            return radiation(said["name"])
        return radiation(float(said["number"].replace(",", ".")) * (10 if said["nm"] else 1))
    except CrystalNetError:
        return None


FORMAT = PatternFormat(
    "columns of text",
    endings=(".xy", ".xye", ".chi"),
    shared_endings=(".dat", ".csv", ".tsv", ".txt"),
    recognises=lambda text: True,
    may_hold_pattern=_may_hold_pattern,
    read=_read,
)
