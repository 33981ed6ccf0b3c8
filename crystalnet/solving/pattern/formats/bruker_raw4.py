"""Bruker's .raw of version 4, RAW4.00.

A head of 61 bytes, then segments, each of a four-byte kind and length; the kinds 0 and 160 begin a
range: a header of 160 bytes with the scan, segments for the drives, and a record for each point.
Bruker has published none of it; what is read here is what public descriptions agree on.
"""

from dataclasses import dataclass

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.bruker_raw import MOST_RANGES, Bytes, even
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import Scan, one_pattern
from crystalnet.solving.pattern.radiation import Radiation, of_tube

_HEAD, _RANGE_HEADER = 61, 160
_RANGES = (0, 160)
_HARDWARE, _DRIVE = 30, 50
_SCANNED = ("locked coupled", "unlocked coupled", "detector scan", "2theta")


@dataclass(frozen=True)
class _Range:
    """A range: the kind of its scan, the scan, and where it ends."""

    kind: str
    scan: Scan
    end: int


def _read(content: Content, choice: Choice) -> RawPattern:
    """The ranges over 2-theta, and the tube."""
    file, place = Bytes(content), _HEAD
    told: Radiation | None = None
    scans, others, ranges = [], set(), 0
    while place + 8 <= len(content.raw) and ranges < MOST_RANGES:
        kind, length = file.field(place, "I"), file.field(place + 4, "I")
        if kind in _RANGES:
            # What pads the end is no range.
            if place + _RANGE_HEADER > len(content.raw):
                break
            found = _range(file, place)
            ranges, place = ranges + 1, found.end
            if found.kind.lower() in _SCANNED:
                scans.append(found.scan)
            else:
                others.add(found.kind)
            continue
        if length < 8:
            raise file.short()
        if kind == _HARDWARE and length >= 120:
            one, two = file.field(place + 80, "d"), file.field(place + 88, "d")
            ratio = file.field(place + 104, "d")
            told = of_tube(file.text(place + 116, 4), one, two, resolved=ratio == 0 and one > 0)
        place += length
    if not scans and others:
        raise CrystalNetError(
            f"{content.path}: scans of the kind {', '.join(sorted(others))[:80]!r} alone; give "
            "one over 2-theta (Locked Coupled)"
        )
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def _range(file: Bytes, place: int) -> _Range:
    first, step = file.field(place + 72, "d"), file.field(place + 80, "d")
    points, seconds = file.field(place + 88, "I"), file.field(place + 92, "f")
    size, drives = file.field(place + 136, "I"), file.field(place + 140, "I")
    data = place + _RANGE_HEADER + drives
    at, kind = place + _RANGE_HEADER, file.text(place + 32, 24)
    while at + 64 <= data:
        length = file.field(at + 4, "I")
        if length < 8:
            raise file.short()
        if file.field(at, "I") == _DRIVE and file.text(at + 12, 24) == "2Theta":
            # A coupled scan may be told by its theta, half the angle.
            first = file.field(at + 56, "d")
        at += length
    counts = file.floats(data, points, size)
    return _Range(kind, Scan(even(first, step, points), counts, max(seconds, 0.0)),
                  data + points * size)  # fmt: skip


FORMAT = PatternFormat(
    "Bruker RAW4",
    endings=(),
    shared_endings=(".raw",),
    recognises=lambda content: content.raw.startswith(b"RAW4.00"),
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
