"""Columns of text, whatever separates them, below a heading or none."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.formats.column_names import (
    Column,
    columns_named,
    likeliest,
    quantity_named,
)
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.header_radiation import names_neutrons, radiation_in
from crystalnet.solving.pattern.formats.number_rows import row_of
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.radiation import Radiation, radiation

FEWEST_ROWS = 3
"""Rows of numbers that a text has at least, to be meant as a pattern."""
MOST_ROWS = 1_000_000
LOOKED_AT = 50_000
"""Lines among which the first numbers are, at least."""
MOST_COLUMNS = 100
"""Columns of a table of which nobody said which ones are meant."""
# Lines above the numbers that are looked at for names and wavelength.
_HEADER = 500
_COMMENT = re.compile(r"^\s*(?:[#!;'%/*]|data_|_)")
# 2 d sin theta of a list is its wavelength, to the share that its last digits leave.
_SAME_WAVELENGTH = 5e-3


def _may_hold_pattern(content: Content) -> bool:
    """Rows of numbers make up most of it."""
    lines = (line for line in content.lines() if line.strip() and not _COMMENT.match(line))
    rows = [len(row_of(line) or ()) > 1 for line in islice(lines, LOOKED_AT)]
    return sum(rows) >= FEWEST_ROWS and 2 * sum(rows) >= len(rows)


def _read(content: Content, choice: Choice) -> RawPattern:
    """The columns of a text that are meant, and what its heading says: quantity, wavelength."""
    header, rows = _lines(content)
    table = _table(content, rows)
    if names_neutrons(header):
        raise CrystalNetError(
            f"{content.path}: says that it is of neutrons; want X-rays: atoms scatter those by "
            "other laws"
        )
    if choice.columns is None and table.shape[1] > MOST_COLUMNS:
        raise CrystalNetError(
            f"{content.path}: rows of {table.shape[1]} numbers, a picture or a series; say which "
            "columns hold position and intensity (--columns 1,2)"
        )
    columns = _columns(content, header, table.shape[1], choice)
    told = radiation_in(header)
    places: Sequence[int | None] = [likeliest(columns, role) for role in ("intensity", "sigma")]
    position = _position(content, columns, choice)
    if choice.columns is None and table.shape[1] > 2 and not columns[position].name:
        _no_row_numbers(content, table)
    if choice.columns is not None:
        position, *places = [each - 1 for each in choice.columns]
    told = told or _wavelength_of(columns, table)
    column = columns[position]
    quantity: Quantity | None = None
    if column.role in ("two_theta", "q", "d"):
        quantity = column.role
    # What the caller says the position is goes before the heading, and so does its unit.
    scale = column.unit if choice.quantity in (None, quantity) else 1.0
    taken = [scale * table[:, position]]
    taken += [table[:, place] for place in places if place is not None]
    if len(taken) < 2:
        raise CrystalNetError(
            f"{content.path}: its heading names no intensity; say which columns hold position and "
            "intensity (--columns 1,2)"
        )
    return RawPattern(np.column_stack(taken), quantity, told)


def _lines(content: Content) -> tuple[list[str], list[list[float]]]:
    """The lines above the numbers, and the rows; what is below them is left out.

    Raises:
        CrystalNetError: for another line between numbers, or too many.
    """
    header: list[str] = []
    rows: list[list[float]] = []
    foreign: tuple[int, str] | None = None
    for number, line in enumerate(content.lines(), start=1):
        if not line or line.isspace():
            continue
        values = None if _COMMENT.match(line) else row_of(line)
        if values is not None:
            if foreign is not None:
                raise CrystalNetError(
                    f"{content.path}: line {foreign[0]} is {foreign[1]!r} between numbers; want "
                    "two or three columns of numbers"
                )
            rows.append(values)
            if len(rows) > MOST_ROWS:
                raise CrystalNetError(
                    f"{content.path}: more than {MOST_ROWS} rows; give the integrated pattern"
                )
        elif not rows:
            header += [line] if len(header) < _HEADER else []
            if number > LOOKED_AT:
                break
        elif foreign is None and not _COMMENT.match(line):
            foreign = number, line.strip()[:40]
    return header, rows


def _table(content: Content, rows: list[list[float]]) -> Float[ndarray, "rows columns"]:
    """Rows of one length: headings of numbers above them and half a line below are left out."""
    if not rows:
        raise CrystalNetError(
            f"{content.path}: holds no numbers; want two columns, angle and intensity"
        )
    width = Counter(map(len, rows)).most_common(1)[0][0]
    first = next(place for place, row in enumerate(rows) if len(row) == width)
    rows = rows[first:]
    if len(rows) > 1 and len(rows[-1]) < width:
        rows = rows[:-1]
    if width < 2:
        raise CrystalNetError(
            f"{content.path}: one column of numbers; want two, angle and intensity"
        )
    odd = next((row for row in rows if len(row) != width), None)
    if odd is not None:
        raise CrystalNetError(
            f"{content.path}: rows of {len(odd)} and of {width} numbers; want as many in each: "
            "two or three"
        )
    return np.array(rows)


def _columns(content: Content, header: list[str], width: int, choice: Choice) -> list[Column]:
    """What each column is, by the heading nearest to the numbers, else by its place."""
    named = next(
        (found for line in reversed(header) if (found := columns_named(line, width))), None
    )
    if named is None:
        said = next((words for line in header if (words := quantity_named(line))), None)
        role, unit = said or ("other", 1.0)
        named = [Column("", role, unit), Column("", "intensity")]
        # Further columns than the third are of some program's own.
        named += [Column("", "sigma")] if width == 3 else [Column("", "other")] * (width - 2)
    if choice.columns is not None and max(choice.columns) > width:
        raise CrystalNetError(
            f"{content.path}: the columns {','.join(map(str, choice.columns))}; it has {width}"
        )
    return named


def _position(content: Content, columns: list[Column], choice: Choice) -> int:
    """The column of the position: of 2-theta, Q and d that which was asked for, or the first."""
    if choice.columns is not None:
        place = choice.columns[0] - 1
        if columns[place].role != "unknown" or choice.quantity:
            return place
        raise _not_understood(content, columns[place])
    if choice.quantity is not None:
        place_of = likeliest(columns, choice.quantity)
        return 0 if place_of is None else place_of
    for role in ("two_theta", "q", "d"):
        found = likeliest(columns, role)
        if found is not None:
            return found
    unknown = likeliest(columns, "unknown")
    if unknown is not None:
        raise _not_understood(content, columns[unknown])
    return 0


def _not_understood(content: Content, column: Column) -> CrystalNetError:
    return CrystalNetError(
        f"{content.path}: its position is {column.name[:40]!r}; want 2-theta (degrees or radians), "
        "Q (1/A or 1/nm) or d (A or nm), or say what it is (--quantity)"
    )


def _no_row_numbers(content: Content, table: Float[ndarray, "rows columns"]) -> None:
    """Refuse a table whose first column counts the rows, and that has no heading."""
    if np.array_equal(table[:, 0], np.arange(1, len(table) + 1)):
        raise CrystalNetError(
            f"{content.path}: the first of {table.shape[1]} columns counts the rows; say which "
            "hold position and intensity (--columns 2,3)"
        )


def _wavelength_of(
    columns: list[Column], table: Float[ndarray, "rows columns"]
) -> Radiation | None:
    """The wavelength of a list that has both 2-theta and d."""
    angle, spacing = likeliest(columns, "two_theta"), likeliest(columns, "d")
    if angle is None or spacing is None:
        return None
    theta = np.radians(columns[angle].unit * table[:, angle]) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        each = 2 * columns[spacing].unit * table[:, spacing] * np.sin(theta)
    middle = float(np.median(each))
    if (
        not np.isfinite(each).all()
        or not (np.abs(each - middle) < _SAME_WAVELENGTH * abs(middle)).all()
    ):
        return None
    try:
        return radiation(round(middle, 5))
    except CrystalNetError:
        return None


FORMAT = PatternFormat(
    "columns of text",
    endings=(".xy", ".xye", ".chi"),
    shared_endings=(".dat", ".csv", ".tsv", ".txt", ".asc", ".gz"),
    recognises=lambda content: True,
    may_hold_pattern=_may_hold_pattern,
    read=_read,
    chooses=("columns",),
)
