"""Siemens' and Bruker's .uxd: _KEY=value, then counts with or without their angles."""

import re

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import (
    Scan,
    counts_in,
    number_in,
    one_pattern,
    over_others,
)
from crystalnet.solving.pattern.radiation import Radiation, of_tube

_KEY = re.compile(r"_(\w+)\s*=\s*(.*)")
# What stands before counts: whether angles are among them, and what they are.
_DATA = re.compile(r"_(2THETA)?(COUNTS|CPS)\s*$")
_FIRST = re.compile(r"^_(?:FILEVERSION|DRIVE|SAMPLE)\s*=", re.M)
_SCANNED = ("COUPLED", "2THETA", "LOCKED COUPLED", "UNLOCKED COUPLED", "DETECTOR")


def _read(content: Content, choice: Choice) -> RawPattern:
    """The ranges over 2-theta and the tube."""
    header: dict[str, str] = {}
    data: re.Match[str] | None = None
    values: list[float] = []
    scans, others = [], set()

    def finish() -> None:
        if data is None or not values:
            return
        drive = header.get("DRIVE", "COUPLED")
        if drive.upper() in _SCANNED:
            scans.append(_scan(content, header, values, data[1] is not None, data[2] == "CPS"))
        else:
            others.add(drive)

    for line in content.lines():
        line = line.strip()
        if line.startswith("_"):
            finish()
            values = []
            data = _DATA.match(line)
            key = _KEY.match(line)
            if key:
                header[key[1].upper()] = key[2].strip().strip("'\"")
        elif line and not line.startswith(";") and data is not None:
            values += counts_in(content, line, len(values))
    finish()
    if not scans and others:
        raise over_others(content.path, others, "COUPLED")
    columns = one_pattern(content.path, scans, choice)
    return RawPattern(columns, "two_theta", _radiation(header))


def _scan(
    content: Content, header: dict[str, str], values: list[float], angles: bool, rates: bool
) -> Scan:
    seconds = number_in(header, "STEPTIME") or 0.0
    if angles:
        # Half a pair is what is left of a line that was cut off.
        pairs = np.array(values[: len(values) // 2 * 2]).reshape(-1, 2)
        angle, counts = pairs[:, 0], pairs[:, 1]
    else:
        first = number_in(header, "START")
        first = number_in(header, "2THETA") if first is None else first
        step = number_in(header, "STEPSIZE")
        if first is None or step is None:
            raise CrystalNetError(
                f"{content.path}: counts without angles, and no _START and _STEPSIZE; give them"
            )
        counts = np.array(values)
        angle = first + step * np.arange(len(counts))
    return Scan(angle, counts * seconds if rates and seconds > 0 else counts, seconds)


def _radiation(header: dict[str, str]) -> Radiation | None:
    nano = header.get("WL_UNIT", "A").lower().startswith("n")
    one, two = (number_in(header, name) for name in ("WL1", "WL2"))
    scale = 10.0 if nano else 1.0
    return of_tube(
        header.get("ANODE"),
        None if one is None else one * scale,
        None if two is None else two * scale,
        resolved=number_in(header, "WLRATIO") == 0,
    )


FORMAT = PatternFormat(
    "Siemens UXD",
    endings=(".uxd",),
    shared_endings=(),
    recognises=lambda content: not content.is_binary and _FIRST.search(content.head) is not None,
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
