"""What was found for the patterns of a folder, in one table."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import quote

from markupsafe import escape

from crystalnet.files import atomic_write, shown
from crystalnet.solving.output import PAGE, SUMMARY

TABLES = ("solved.csv", "solved.html")
"""Written into the folder of the results."""


@dataclass(frozen=True)
class Row:
    """What became of one pattern; None and "" is what is not known.

    Attributes:
        pattern: name of the file.
        verdict: how far the first candidate can be trusted.
        formula, space_group: of it.
        a, b, c, alpha, beta, gamma: its conventional cell, A and degrees.
        volume: A^3.
        rwp: as a fraction, of the peaks.
        peaks: that were found.
        wavelength: A.
        seconds: that it took.
        folder: of its results, in that of the table.
        error: why there are none.
    """

    pattern: str
    verdict: str = ""
    formula: str = ""
    space_group: str = ""
    a: float | None = None
    b: float | None = None
    c: float | None = None
    alpha: float | None = None
    beta: float | None = None
    gamma: float | None = None
    volume: float | None = None
    rwp: float | None = None
    peaks: int | None = None
    wavelength: float | None = None
    seconds: float | None = None
    folder: str = ""
    error: str = ""

    def line(self) -> str:
        """For a person."""
        if self.error:
            return self.error
        rwp = "" if self.rwp is None else f", Rwp {self.rwp:.3f}"
        return f"{self.formula} {self.space_group}{rwp}: {self.verdict or 'no verdict'}"


def row_of(pattern: Path, folder: Path, error: str = "") -> Row:
    """What a summary says of a pattern, or why there is none."""
    name = shown(pattern.name)
    if error:
        return Row(name, error=shown(error))
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        told, best = summary["told"], summary["candidates"][0]
        verdict = summary.get("verdict") or {}
        return Row(
            name,
            verdict.get("word", ""),
            best["formula"],
            best["space_group"]["symbol"],
            **best["lattice"],
            volume=best["volume"],
            rwp=best["rwp"],
            peaks=told["peaks"],
            wavelength=told["wavelength_A"],
            seconds=told["seconds"],
            folder=folder.name,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        return Row(name, error=f"its summary cannot be read ({shown(str(problem))[:80]})")


def write_table(folder: Path, rows: Sequence[Row]) -> None:
    """Write the table for other programs and for people; each file appears whole or not at all."""
    names = [each.name for each in fields(Row)]
    with (
        atomic_write(folder / TABLES[0]) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _safe(v) for k, v in asdict(row).items()} for row in rows)
    with atomic_write(folder / TABLES[1]) as temporary:
        temporary.write_text(_page(rows), encoding="utf-8")


def as_json(rows: Sequence[Row]) -> str:
    """The table for a program that reads along."""
    return json.dumps([asdict(row) for row in rows], indent=2)


def _safe(value: object) -> object:
    """What a spreadsheet would take for a command is text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value else value


HEADINGS = ("pattern", "verdict", "formula", "space group", "a, b, c (A)", "alpha, beta, gamma",
            "volume (A^3)", "Rwp", "peaks", "seconds")  # fmt: skip


def _page(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{name}</th>" for name in HEADINGS)
    body = "\n".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    solved = sum(not row.error for row in rows)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Solved patterns</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #222; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .3em .8em; text-align: left; border-bottom: 1px solid #ddd; }}
th, td {{ white-space: nowrap; }}
td.error {{ color: #a33; white-space: normal; }}
.wide {{ overflow-x: auto; }}
</style></head><body>
<h1>Solved patterns</h1>
<p>{solved} of {len(rows)} patterns.</p>
<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>
{body}
</tbody></table></div>
</body></html>
"""


def _cells(row: Row) -> str:
    if row.error:
        span = len(HEADINGS) - 1
        return f'<td>{escape(row.pattern)}</td><td class="error" colspan="{span}">' \
               f"{escape(row.error)}</td>"  # fmt: skip
    link = f"{quote(row.folder)}/{PAGE}"
    edges = ", ".join(f"{each:.4f}" for each in (row.a, row.b, row.c) if each is not None)
    angles = ", ".join(
        f"{each:.2f}" for each in (row.alpha, row.beta, row.gamma) if each is not None
    )
    numbers = (
        "" if row.volume is None else f"{row.volume:.2f}",
        "" if row.rwp is None else f"{row.rwp:.3f}",
        "" if row.peaks is None else str(row.peaks),
        "" if row.seconds is None else f"{row.seconds:.1f}",
    )
    texts = (row.verdict, row.formula, row.space_group, edges, angles, *numbers)
    first = f'<td><a href="{escape(link)}">{escape(row.pattern)}</a></td>'
    return first + "".join(f"<td>{escape(text)}</td>" for text in texts)
