"""Bruker's .brml: a zip archive of XML, one document for each scan.

A point is a `Datum`, whose numbers the `DataViews` name. Where they do not: the time of counting,
the absorber, whose factor is in the counts already, the axes in the order in which the scan names
them, others, and the counts at last.
"""

import re
from xml.etree.ElementTree import Element

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.archive import Archive, holds
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import Scan, one_pattern
from crystalnet.solving.pattern.formats.xml_tree import number, parsed, words
from crystalnet.solving.pattern.radiation import Radiation, of_tube

NAME = "Bruker BRML"
# Numbers of a point before those of the axes.
_BEFORE_AXES = 2
_FIELD, _RECORDED = "FieldDefinitions", "RecordedRawDataView"


def _read(content: Content, choice: Choice) -> RawPattern:
    """The scans over 2-theta of all documents, and the tube of the first."""
    archive = Archive(content.path, content.raw)
    names = archive.named(r"(?:.*/)?RawData\d+\.xml")
    scans: list[Scan] = []
    told: Radiation | None = None
    for name in names:
        root = parsed(content.path, archive.read(name), NAME)
        told = told or _radiation(root)
        for route in root.iter("DataRoute"):
            found = _scan(content, route)
            scans += [] if found is None else [found]
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def _scan(content: Content, route: Element) -> Scan | None:
    """One scan; None without points, or if 2-theta stands still."""
    rows = [words(each).split(",") for each in route.iter("Datum")]
    information = route.find("ScanInformation")
    axes = None if information is None else information.find("ScanAxes")
    if information is None or axes is None or not rows:
        return None
    named = [each.get("AxisId", "") for each in axes.iter("ScanAxisInfo")]
    if "TwoTheta" not in named:
        return None
    if len({len(row) for row in rows}) > 1:
        raise CrystalNetError(
            f"{content.path}: points of {len(rows[0])} and of other numbers in one scan; want as "
            "many in each"
        )
    try:
        values = np.array(rows, dtype=float)
    except ValueError as error:
        raise CrystalNetError(f"{content.path}: {str(error)[:80]} in a point") from None
    where, counts = _angle(route, named), _counts(content, route, values.shape[1])
    if values.shape[1] < max(where, counts) + 1 or where == counts:
        raise CrystalNetError(
            f"{content.path}: points of {values.shape[1]} numbers, too few for {len(named)} axes "
            "and counts; export it as text"
        )
    seconds = number(information.find("TimePerStepEffective"))
    seconds = seconds or number(information.find("TimePerStep"))
    return Scan(values[:, where], values[:, counts], seconds or 0.0)


def _angle(route: Element, named: list[str]) -> int:
    """The column of 2-theta."""
    for view in route.iter("RawDataView"):
        axes = [each.get("AxisId") or each.get("FieldName") for each in view.iter(_FIELD)]
        if view.get("type") == "VaryingRawDataView" and "TwoTheta" in axes:
            return _start(view, _BEFORE_AXES) + axes.index("TwoTheta")
    return _BEFORE_AXES + named.index("TwoTheta")


def _counts(content: Content, route: Element, width: int) -> int:
    """The column of the counts: among what was recorded may be temperatures too.

    Raises:
        CrystalNetError: where a point is a whole picture.
    """
    found = width - 1
    views = [each for each in route.iter("RawDataView") if each.get("type") == _RECORDED]
    for view in views:
        recording = view.find("Recording")
        name = "" if recording is None else recording.get("LogicName", "")
        if len(views) > 1 and "counter" not in name.lower():
            continue
        if view.get("Length", "1") != "1":
            raise CrystalNetError(
                f"{content.path}: points that are pictures of an area detector; integrate them "
                "over it and give that"
            )
        found = _start(view, width - 1)
        break
    return found


def _start(view: Element, otherwise: int) -> int:
    start = view.get("Start", "")
    return int(start) if re.fullmatch(r"\d{1,6}", start) else otherwise


def _radiation(root: Element) -> Radiation | None:
    one, two = (number(next(root.iter(f"WaveLengthAlpha{n}"), None)) for n in (1, 2))
    ratio = number(next(root.iter("WaveLengthRatio"), None))
    anode = words(next(root.iter("TubeMaterial"), None))
    return of_tube(anode, one, two, resolved=ratio == 0)


FORMAT = PatternFormat(
    NAME,
    endings=(".brml",),
    shared_endings=(".zip",),
    recognises=lambda content: holds(content, b"RawData0.xml"),
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
