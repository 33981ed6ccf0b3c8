"""Counts below first angle, step and last angle: FullProf's .dat (INSTRM=0), DBWS, LHPM.

J. Rodriguez-Carvajal, FullProf manual: the first line that is no comment has the three numbers,
and words perhaps; the counts follow, as many in a line as one likes.
"""

import re

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.header_radiation import radiation_in
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import counts_in

# Lines of titles before the three numbers, at most.
_TITLES = 3
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SCAN = re.compile(rf"\s*({_NUMBER})[\s,]+({_NUMBER})[\s,]+({_NUMBER})(?:\s+(\D.*))?$")
# Longer lines are no heading.
_LONGEST = 200


def _heading(lines: list[str]) -> tuple[int, float, float, float] | None:
    """The line of first angle, step and last angle, and the three."""
    titles = 0
    for row, line in enumerate(lines[:50]):
        if not line.strip() or line.lstrip()[0] in "!#":
            continue
        found = _SCAN.match(line[:_LONGEST])
        if found:
            first, step, last = (float(found[each]) for each in (1, 2, 3))
            steps = (last - first) / step if step > 0 else 0.0
            if 0 <= first < last <= 180 and steps > 10 and abs(steps - round(steps)) < 0.1:
                return row, first, step, last
            return None
        titles += 1
        if titles > _TITLES:
            return None
    return None


def _recognises(content: Content) -> bool:
    """The heading, and below it lines that are not three columns once more."""
    if content.is_binary:
        return False
    lines = content.head.splitlines()[:-1]
    found = _heading(lines)
    if found is None or len(lines) < found[0] + 2:
        return False
    row, first, step, _ = found
    below = lines[row + 1].split()
    if len(below) in (2, 3) and below[0].replace(".", "", 1).isdecimal():
        # Columns begin with the first angle or near to it, and their rows are not counts.
        return not abs(float(below[0]) - first) < 2 * step
    return bool(below)


def _read(content: Content, choice: Choice) -> RawPattern:
    """As many counts as the heading says."""
    lines = list(content.lines())
    found = _heading(lines)
    if found is None:
        raise CrystalNetError(
            f"{content.path}: no line with first angle, step and last angle above the counts"
        )
    row, first, step, last = found
    counts: list[float] = []
    wanted = round((last - first) / step) + 1
    for line in lines[row + 1 :]:
        if len(counts) >= wanted or (line.lstrip()[:1] in "!#" and line.strip()):
            continue
        counts += counts_in(content, line, len(counts))
    # Some programs leave out the last point, or write the end of a line of ten.
    if len(counts) < wanted - 1:
        raise CrystalNetError(
            f"{content.path}: {len(counts)} counts, but {first:g} to {last:g} by {step:g} degrees "
            f"are {wanted}; mend one of them"
        )
    counts = counts[:wanted]
    columns = np.column_stack([first + step * np.arange(len(counts)), counts])
    return RawPattern(columns, "two_theta", radiation_in(lines[: row + 1]))


FORMAT = PatternFormat(
    "FullProf counts",
    endings=(),
    shared_endings=(".dat",),
    recognises=_recognises,
    may_hold_pattern=lambda content: True,
    read=_read,
)
