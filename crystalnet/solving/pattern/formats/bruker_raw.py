"""Bruker's and Siemens' .raw of the versions 1 to 3: RAW, RAW2 and RAW1.01.

The layout is that of the appendix of the manual of DIFFRAC^plus XCH (2002): little-endian; a file
header, then for each range a header and the counts as four-byte floats.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import Scan, one_pattern
from crystalnet.solving.pattern.radiation import Radiation, of_tube

NAME = "Bruker RAW"
MOST_RANGES = 10_000
# Of RAW1.01: locked and unlocked coupled, and detector scans go over 2-theta.
_SCANNED = (0, 1, 2)


@dataclass(frozen=True)
class Bytes:
    """Fields of a binary file by their place.

    Raises:
        CrystalNetError: where the file is too short for what it says.
    """

    content: Content

    def field(self, place: int, kind: str) -> Any:
        """One number: a type of the module struct, little-endian."""
        try:
            return struct.unpack_from("<" + kind, self.content.raw, place)[0]
        except struct.error:
            raise self.short() from None

    def text(self, place: int, length: int) -> str:
        """Characters up to the first that is zero."""
        return self.content.raw[place : place + length].split(b"\0")[0].decode("latin-1").strip()

    def floats(self, place: int, count: int, size: int) -> np.ndarray:
        """The first four-byte float of each of so many records of a size in bytes."""
        if size < 4 or place < 0 or place + count * size > len(self.content.raw):
            raise self.short()
        records = np.frombuffer(self.content.raw, np.uint8, count * size, place)
        found: np.ndarray = records.reshape(count, size)[:, :4].copy().view("<f4")[:, 0]
        return found.astype(np.float64)

    def short(self) -> CrystalNetError:
        """What is said of a file that ends too early."""
        return CrystalNetError(
            f"{self.content.path}: ends before its {NAME} header says, or the header is broken; "
            "copy it once more, or export it as text"
        )


def even(first: float, step: float, points: int) -> np.ndarray:
    """Angles of a scan in even steps."""
    with np.errstate(over="ignore", invalid="ignore"):
        return first + step * np.arange(points)


def _read(content: Content, choice: Choice) -> RawPattern:
    """The ranges over 2-theta, and the tube."""
    if content.raw.startswith(b"RAW1.01"):
        scans, told = _version_3(Bytes(content))
    elif content.raw.startswith(b"RAW2"):
        scans, told = _version_2(Bytes(content))
    else:
        scans, told = _version_1(Bytes(content))
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def _version_1(file: Bytes) -> tuple[list[Scan], Radiation | None]:
    scans: list[Scan] = []
    place, told, follows = 0, None, True
    while follows and len(scans) < MOST_RANGES:
        # The first files did not repeat the mark before their other ranges.
        place += 4 if file.content.raw[place : place + 4] == b"RAW " else 0
        points = file.field(place, "I")
        seconds, step, first = (file.field(place + at, "f") for at in (4, 8, 20))
        one, two = file.field(place + 68, "f"), file.field(place + 72, "f")
        told = told or of_tube(None, one, two)
        follows = file.field(place + 148, "I") > 0
        counts = file.floats(place + 152, points, 4)
        scans.append(Scan(even(first, step, points), counts, max(seconds, 0.0)))
        place += 152 + 4 * points
    return scans, told


def _version_2(file: Bytes) -> tuple[list[Scan], Radiation | None]:
    scans: list[Scan] = []
    told = of_tube(file.text(188, 2), file.field(190, "f"), file.field(194, "f"))
    place = 256
    for _ in range(min(file.field(4, "H"), MOST_RANGES)):
        header, points = file.field(place, "H"), file.field(place + 2, "H")
        if header < 48:
            raise file.short()
        seconds, step, first = (file.field(place + at, "f") for at in (8, 12, 16))
        counts = file.floats(place + header, points, 4)
        scans.append(Scan(even(first, step, points), counts, max(seconds, 0.0)))
        place += header + 4 * points
    return scans, told


def _version_3(file: Bytes) -> tuple[list[Scan], Radiation | None]:
    scans: list[Scan] = []
    ratio = file.field(648, "d")
    one, two = file.field(624, "d"), file.field(632, "d")
    told = of_tube(file.text(608, 4), one, two, resolved=ratio == 0 and one > 0)
    place = 712
    for _ in range(min(file.field(12, "I"), MOST_RANGES)):
        header, points = file.field(place, "I"), file.field(place + 4, "I")
        size, more = file.field(place + 252, "I"), file.field(place + 256, "I")
        if header < 260:
            raise file.short()
        first, step = file.field(place + 16, "d"), file.field(place + 176, "d")
        seconds, kind = file.field(place + 192, "f"), file.field(place + 196, "I")
        counts = file.floats(place + header + more, points, max(size, 4))
        if kind in _SCANNED:
            scans.append(Scan(even(first, step, points), counts, max(seconds, 0.0)))
        place += header + more + max(size, 4) * points
    return scans, told


FORMAT = PatternFormat(
    NAME,
    endings=(),
    shared_endings=(".raw",),
    recognises=lambda content: content.raw.startswith((b"RAW ", b"RAW2", b"RAW1.01")),
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
