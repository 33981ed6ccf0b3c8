"""Rigaku's .rasx: a zip archive with a table and a document of conditions for each scan."""

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

from crystalnet.solving.pattern.formats.archive import Archive, holds
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.ras import (
    check_number,
    over_two_theta,
    row_of,
    scan_of,
    tube,
)
from crystalnet.solving.pattern.formats.scans import MOST_POINTS, Scan, one_pattern, over_others
from crystalnet.solving.pattern.formats.xml_tree import parsed, words
from crystalnet.solving.pattern.radiation import Radiation

NAME = "Rigaku RASX"


def _read(content: Content, choice: Choice) -> RawPattern:
    """The scans over 2-theta and the tube."""
    archive = Archive(content.path, content.raw)
    scans: list[Scan] = []
    others: set[str] = set()
    told: Radiation | None = None
    for name in archive.named(r"(?:.*/)?Profile\d+\.txt"):
        # The name is Rigaku's own.
        folder = re.escape(name.rpartition("/")[0])
        conditions = archive.named(rf"{folder}/?Mea?surementConditions\d+\.xml")
        axis, radiation, fixed = _conditions(content.path, archive, conditions)
        if not over_two_theta(axis):
            others.add(axis)
            continue
        told = told or radiation
        lines = Content(content.path, archive.read(name)).lines()
        points = islice((line for line in lines if line.strip()), MOST_POINTS + 1)
        rows = [row_of(content, line) for line in points]
        check_number(content, rows)
        scans.append(replace(scan_of(rows), fixed=fixed))
    if not scans and others:
        raise over_others(content.path, others, "TwoThetaTheta")
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def _conditions(
    path: Path, archive: Archive, names: list[str]
) -> tuple[str, Radiation | None, tuple[float, ...]]:
    """The axis of a scan, the tube, and where other axes stand, as its conditions say."""
    if not names:
        return "", None, ()
    root = parsed(path, archive.read(names[0]), NAME)
    scanned = next(root.iter("ScanInformation"), root)
    axis = words(next(scanned.iter("AxisName"), None))
    told = [
        words(next(root.iter(item), None))
        for item in ("TargetName", "WavelengthKalpha1", "WavelengthKalpha2", "WaveType")
    ]
    fixed: tuple[float, ...] = ()
    if "theta" not in axis.lower().replace("twotheta", "") and "omega" not in axis.lower():
        # A detector scan; in the others omega goes along.
        stand = [each for each in root.iter("Axis") if each.get("Name") in ("Omega", "Chi")]
        at = [each.get("Position", "") for each in stand]
        fixed = tuple(round(float(p), 3) for p in at if re.fullmatch(r"-?\d{1,4}(\.\d*)?", p))
    return axis, tube(*told), fixed


FORMAT = PatternFormat(
    NAME,
    endings=(".rasx",),
    shared_endings=(".zip",),
    recognises=lambda content: holds(content, b"Profile0.txt"),
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
