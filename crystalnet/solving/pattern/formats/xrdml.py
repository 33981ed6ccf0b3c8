"""PANalytical's .xrdml, versions 1.0 to 2.x.

The schemas are at http://www.xrdml.com: `intensities` are corrected for absorbers, `counts` are
not; the positions of an axis are a start and an end, a list, or one place.
"""

import re
from xml.etree.ElementTree import Element

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import Scan, one_pattern, over_others
from crystalnet.solving.pattern.formats.xml_tree import number, numbers, parsed, words
from crystalnet.solving.pattern.radiation import Radiation, of_tube, radiation

NAME = "PANalytical XRDML"
_ROOT = re.compile(r"<(?:\w+:)?xrdMeasurements[\s>]")
_SCANNED = {"gonio", "2theta", "2theta-omega", "omega-2theta", "2theta-theta", "theta-2theta"}


def _read(content: Content, choice: Choice) -> RawPattern:
    """Scans whose 2-theta moves, and the wavelength of the first."""
    root = parsed(content.path, content.raw, NAME)
    scans, others, told = [], set(), None
    for measurement in root.iter("xrdMeasurement"):
        for scan in measurement.iter("scan"):
            found = _scan(content, scan)
            if found is None:
                others.add(scan.get("scanAxis", "nothing"))
                continue
            told = told or _radiation(measurement)
            scans.append(found)
    if not scans and others:
        raise over_others(content.path, others, "Gonio")
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def _scan(content: Content, scan: Element) -> Scan | None:
    """One scan; None if 2-theta stands still in it."""
    axis = scan.get("scanAxis", "Gonio").lower()
    points = scan.find("dataPoints")
    if points is None or axis not in _SCANNED:
        return None
    corrected, raw = points.find("intensities"), points.find("counts")
    values = numbers(content.path, raw if corrected is None else corrected, "intensities")
    angles = None
    for each in points.iter("positions"):
        if each.get("axis") == "2Theta":
            listed = each.find("listPositions")
            first, last = number(each.find("startPosition")), number(each.find("endPosition"))
            if listed is not None:
                angles = numbers(content.path, listed, "positions")
            elif first is not None and last is not None:
                angles = np.linspace(first, last, len(values))
    if angles is None:
        return None
    if len(angles) != len(values):
        raise CrystalNetError(
            f"{content.path}: {len(angles)} positions and {len(values)} intensities of one scan; "
            "want as many of each"
        )
    times = numbers(content.path, points.find("countingTimes"), "counting times")
    factors = numbers(content.path, points.find("beamAttenuationFactors"), "attenuation factors")
    factor = factors if len(factors) == len(values) and (factors != 1).any() else None
    if factor is not None and corrected is not None:
        # Back to what was counted, whose scatter is known.
        values = values / np.where(factor > 0, factor, 1)
    seconds = number(points.find("commonCountingTime")) or 0.0
    fixed = [number(each.find("commonPosition")) for each in points.iter("positions")
             if each.get("axis") in ("Omega", "Chi")]  # fmt: skip
    return Scan(
        angles,
        values,
        times if len(times) == len(values) else seconds,
        factor,
        tuple(round(place, 3) for place in fixed if place is not None),
    )


def _radiation(measurement: Element) -> Radiation | None:
    used = measurement.find("usedWavelength")
    anode = words(next(measurement.iter("anodeMaterial"), None))
    if used is None:
        return of_tube(anode, None, None)
    intended = used.get("intended", "").lower()
    one, two = number(used.find("kAlpha1")), number(used.find("kAlpha2"))
    if "beta" in intended:
        beta = number(used.find("kBeta"))
        return None if beta is None else radiation(beta)
    ratio = number(used.find("ratioKAlpha2KAlpha1"))
    # "K-Alpha 1" is what the user wants the angles of; the ratio says what the beam is.
    alone = ratio == 0 or (ratio is None and intended.endswith("1")) or _monochromator(measurement)
    return of_tube(anode, one, two, resolved=alone)


def _monochromator(measurement: Element) -> bool:
    """Whether a monochromator before the sample leaves K-alpha-1 alone."""
    beam = measurement.find("incidentBeamPath")
    return beam is not None and beam.find("monochromator") is not None


FORMAT = PatternFormat(
    NAME,
    endings=(".xrdml",),
    shared_endings=(".xml",),
    recognises=lambda content: _ROOT.search(content.head) is not None,
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
