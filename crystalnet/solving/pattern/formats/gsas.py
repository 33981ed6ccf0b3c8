"""Powder data of GSAS: a title, then banks of counts (STD, ESD, FXYE, FXY).

A. C. Larson and R. B. Von Dreele, GSAS, Los Alamos report LAUR 86-748 (2004): `BANK number points
records bintype coefficients type`; comments above it may name the wavelength. With constant
wavelength the coefficients are the first angle and the step in hundredths of a degree, and so are
the angles of FXYE and FXY. STD has ten numbers of eight characters in a record, of which the first
two are how many detectors counted.
"""

import re

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.header_radiation import radiation_in
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern

_BANK = re.compile(r"^BANK\s+\d+\s+\d+", re.M)
_TYPES = ("STD", "ESD", "FXYE", "FXY", "ALT")
_CENTI = 100.0
_WIDTH = 8
MOST_BANKS = 10_000


def _read(content: Content, choice: Choice) -> RawPattern:
    """The bank that was chosen, else the only one."""
    if content.is_binary:
        # Titles of eighty characters may end in what was in the memory of the program.
        content = Content(content.path, content.raw.replace(b"\0", b" "))
    lines = list(content.lines())
    starts = [row for row, line in enumerate(lines) if _BANK.match(line)][:MOST_BANKS]
    path = content.path
    if not any(_constant(lines[start]) for start in starts):
        raise _by_flight(content, lines[starts[0]])
    if choice.scan is None and len(starts) > 1:
        raise CrystalNetError(f"{path}: holds {len(starts)} banks; choose one (--scan 1)")
    number = choice.scan or 1
    if not 1 <= number <= len(starts):
        raise CrystalNetError(f"{path}: the scan {number}; want 1 to {len(starts)}, its banks")
    start = starts[number - 1]
    end = starts[number] if number < len(starts) else len(lines)
    words = lines[start].split()
    if not _constant(lines[start]):
        raise _by_flight(content, lines[start])
    kind = _kind(words)
    body = [line for line in lines[start + 1 : end] if line.strip() and line[0] != "#"]
    points = _number(content, words[2])
    told = radiation_in(lines[: starts[0]])
    if kind in ("FXYE", "FXY"):
        table = _free(content, body, len(kind) if kind == "FXY" else 3)
        table = table[:, : 3 if kind == "FXYE" else 2][: int(points)]
        return RawPattern(np.column_stack([table[:, 0] / _CENTI, table[:, 1:]]), "two_theta", told)
    if len(words) < 7:
        raise CrystalNetError(f"{path}: a bank without first angle and step; give both")
    first, step = (_number(content, each) / _CENTI for each in words[5:7])
    values = _fixed(content, body, skip=2 if kind == "STD" else 0)
    if kind == "ESD":
        pairs = values[: len(values) // 2 * 2].reshape(-1, 2)[: int(points)]
        angles = first + step * np.arange(len(pairs))
        return RawPattern(np.column_stack([angles, pairs]), "two_theta", told)
    values = values[: int(points)]
    columns = np.column_stack([first + step * np.arange(len(values)), values])
    return RawPattern(columns, "two_theta", told)


def _kind(words: list[str]) -> str:
    return words[-1].upper() if words[-1].upper() in _TYPES else "STD"


def _bins(words: list[str]) -> str:
    return words[4].upper() if len(words) > 4 else ""


def _constant(line: str) -> bool:
    """Whether the line of a bank says that it is of constant wavelength."""
    words = line.split()
    return _bins(words).startswith("CON") and _kind(words) != "ALT"


def _by_flight(content: Content, line: str) -> CrystalNetError:
    words = line.split()
    return CrystalNetError(
        f"{content.path}: a bank of bins {_bins(words)[:20] or 'without a name'!r} "
        f"({_kind(words)}): neutrons by time of flight; want constant wavelength (CONST)"
    )


def _number(content: Content, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 <= value < 1e9:
        raise CrystalNetError(f"{content.path}: {text[:20]!r} in the line of a bank; want a number")
    return value


def _free(content: Content, body: list[str], columns: int) -> Float[ndarray, "rows columns"]:
    """Rows of numbers separated by blanks; a last one that was cut off is left out."""
    rows = [line.split() for line in body]
    if len(rows) > 1 and len(rows[-1]) < len(rows[0]):
        rows.pop()
    try:
        table = np.array([[float(each) for each in row] for row in rows])
    except ValueError as error:
        raise CrystalNetError(
            f"{content.path}: {str(error)[:80]} in a bank; want numbers"
        ) from None
    if table.ndim != 2 or table.shape[1] < min(columns, 2) or not len(table):
        raise CrystalNetError(
            f"{content.path}: a bank whose rows are not of {columns} numbers; want as many in each"
        )
    return table


def _fixed(content: Content, body: list[str], skip: int) -> Float[ndarray, " values"]:
    """Numbers of eight characters each, of which some may be another number."""
    found = []
    for line in body:
        for at in range(0, len(line.rstrip()), _WIDTH):
            field = line[at : at + _WIDTH]
            # Written by other programs the fields are separated by blanks alone.
            text = field[skip:] if skip and field[:skip].strip().isdecimal() else field
            if not field[skip:].strip():
                continue
            try:
                found.append(float(text))
            except ValueError:
                raise CrystalNetError(
                    f"{content.path}: {field!r} in a bank; want numbers of eight characters"
                ) from None
    return np.array(found)


FORMAT = PatternFormat(
    "GSAS",
    endings=(".gsa", ".gsas", ".gss", ".fxye", ".gda"),
    shared_endings=(".raw",),
    recognises=lambda content: _BANK.search(content.head) is not None,
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
