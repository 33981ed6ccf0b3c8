"""Rigaku's older text, .asc or .dat: *KEY = value, then groups of counts without their angles.

Nobody has published it; what is read here is what public files and descriptions agree on.
"""

import re

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.ras import over_two_theta, tube
from crystalnet.solving.pattern.formats.scans import (
    Scan,
    counts_in,
    number_in,
    one_pattern,
    over_others,
)
from crystalnet.solving.pattern.radiation import Radiation

_KEY = re.compile(r"\*(\w+)\s*=\s*(.*)")
# Other texts have comments that begin with a star.
_OWN = re.compile(r"^\*(?:SCAN_AXIS|GROUP_COUNT|COUNT)\s*=", re.M)


def _read(content: Content, choice: Choice) -> RawPattern:
    """The groups over 2-theta, and the tube of the first."""
    header: dict[str, str] = {}
    counts: list[float] | None = None
    scans, others = [], set()
    told: Radiation | None = None
    for line in [*content.lines(), "*END"]:
        line = line.strip()
        if line.startswith("*"):
            if counts:
                axis = header.get("SCAN_AXIS", "")
                if over_two_theta(axis):
                    scans.append(_scan(content, header, counts))
                    told = told or _radiation(header)
                else:
                    others.add(axis)
            key = _KEY.match(line)
            if key:
                header[key[1].upper()] = key[2].strip()
            counts = [] if key and key[1].upper() == "COUNT" else None
        elif counts is not None and line and not line.startswith("#"):
            counts += counts_in(content, line, len(counts))
    if not scans and others:
        raise over_others(content.path, others, "2theta/theta")
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def _scan(content: Content, header: dict[str, str], counts: list[float]) -> Scan:
    first, step, wanted = (number_in(header, name) for name in ("START", "STEP", "COUNT"))
    if first is None or step is None:
        raise CrystalNetError(
            f"{content.path}: counts without angles, and no *START and *STEP; give them"
        )
    if wanted is not None and len(counts) != wanted:
        raise CrystalNetError(
            f"{content.path}: {len(counts)} counts, but *COUNT says {wanted:g}; copy it once more"
        )
    seconds = _seconds(header, step)
    values = np.array(counts)
    if header.get("YUNIT", "").lower() == "cps" and seconds > 0:
        values = values * seconds
    return Scan(first + step * np.arange(len(values)), values, seconds)


def _seconds(header: dict[str, str], step: float) -> float:
    """That a point was counted; 0 where the group does not say."""
    speed, unit = number_in(header, "SPEED"), header.get("SPEED_DIM", "").lower()
    if speed is None or speed <= 0:
        return 0.0
    if unit.startswith("sec"):
        return speed
    return 60 * abs(step) / speed if "min" in unit else 0.0


def _radiation(header: dict[str, str]) -> Radiation | None:
    kind = re.sub(r"[^a-z0-9]", "", header.get("XRAY_CHAR", "").lower()).replace("alpha", "a")
    return tube("", header.get("WAVE_LENGTH1", ""), header.get("WAVE_LENGTH2", ""), kind)


FORMAT = PatternFormat(
    "Rigaku ASC",
    endings=(),
    shared_endings=(".asc", ".dat", ".txt"),
    recognises=lambda content: not content.is_binary and _OWN.search(content.head) is not None,
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
