"""The one file of a new format: a heading with first angle and step, then counts alone."""

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.radiation import radiation


def _read(content: Content, choice: Choice) -> RawPattern:
    heading, *rows = content.text.splitlines()
    try:
        _, first, step, anode = heading.split()
        counts = np.array([float(each) for row in rows for each in row.split()])
    except ValueError:
        message = f"{content.path}: want START, first angle, step, anode; counts"
        raise CrystalNetError(message) from None
    angles = float(first) + float(step) * np.arange(len(counts))
    return RawPattern(np.column_stack([angles, counts]), "two_theta", radiation(anode))


FORMAT = PatternFormat(
    "counts only",
    endings=(".cnt",),
    shared_endings=(),
    recognises=lambda content: content.head.startswith("START "),
    may_hold_pattern=lambda content: True,
    read=_read,
)
