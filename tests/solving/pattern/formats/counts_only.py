"""The one file of a new format: a heading with first angle and step, then counts alone."""

from pathlib import Path

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.pattern_format import PatternFormat, RawPattern
from crystalnet.solving.pattern.radiation import radiation


def _read(path: Path, text: str) -> RawPattern:
    heading, *rows = text.splitlines()
    try:
        _, first, step, anode = heading.split()
        counts = np.array([float(each) for row in rows for each in row.split()])
    except ValueError:
        raise CrystalNetError(f"{path}: want START, first angle, step, anode; counts") from None
    angles = float(first) + float(step) * np.arange(len(counts))
    return RawPattern(np.column_stack([angles, counts]), "two_theta", radiation(anode))


FORMAT = PatternFormat(
    "counts only",
    endings=(".cnt",),
    shared_endings=(),
    recognises=lambda text: text.startswith("START "),
    may_hold_pattern=lambda text: True,
    read=_read,
)
