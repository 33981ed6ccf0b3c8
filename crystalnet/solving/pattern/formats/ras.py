"""Rigaku's .ras: keys and values in quotes, then rows of angle, intensity and absorber."""

import re

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.formats.scans import MOST_POINTS, Scan, one_pattern, over_others
from crystalnet.solving.pattern.radiation import Radiation, of_tube

_KEY = re.compile(r'\*(\w+)\s+"(.*)"')
# Axes of scans over 2-theta, in Rigaku's names without hyphens and slashes.
SCANNED = {"twotheta", "twothetatheta", "thetatwotheta", "twothetaomega", "omegatwotheta",
           "2theta", "2thetatheta", "theta2theta", "2thetaomega", "omega2theta"}  # fmt: skip


def _read(content: Content, choice: Choice) -> RawPattern:
    """The scans over 2-theta and the tube."""
    header: dict[str, str] = {}
    rows: list[list[float]] | None = None
    scans, others = [], set()
    told: Radiation | None = None
    for line in content.lines():
        line = line.strip()
        if line.startswith("*RAS_INT_START"):
            rows = []
        elif line.startswith("*"):
            if rows is not None:
                axis = header.get("MEAS_SCAN_AXIS_X_INTERNAL") or header.get("MEAS_SCAN_AXIS_X", "")
                if over_two_theta(axis):
                    scans.append(scan_of(rows))
                    told = told or tube(
                        header.get("HW_XG_TARGET_NAME", ""),
                        header.get("HW_XG_WAVE_LENGTH_ALPHA1", ""),
                        header.get("HW_XG_WAVE_LENGTH_ALPHA2", ""),
                        header.get("MEAS_COND_XG_WAVE_TYPE", ""),
                    )
                else:
                    others.add(axis)
                rows = None
            key = _KEY.match(line)
            if key:
                header[key[1]] = key[2].strip()
        elif rows is not None and line:
            rows.append(row_of(content, line))
            check_number(content, rows)
    if rows is not None:
        # The end was cut off: its last line may be half a number.
        scans.append(scan_of(rows[:-1]))
    if not scans and others:
        raise over_others(content.path, others, "TwoThetaTheta")
    return RawPattern(one_pattern(content.path, scans, choice), "two_theta", told)


def row_of(content: Content, line: str) -> list[float]:
    """Angle, intensity and the factor of the absorber, 1 if it is not there.

    Raises:
        CrystalNetError: for something else.
    """
    try:
        values = [float(each) for each in line.replace(",", " ").split()]
    except ValueError:
        values = []
    if not 2 <= len(values) <= 3:
        raise CrystalNetError(
            f"{content.path}: {line[:40]!r} between the points of a scan; want angle, intensity "
            "and absorber"
        )
    return [*values, 1.0][:3]


def check_number(content: Content, rows: list[list[float]]) -> None:
    """See to it that a scan has no more points than one may have.

    Raises:
        CrystalNetError: if it has.
    """
    if len(rows) > MOST_POINTS:
        raise CrystalNetError(f"{content.path}: more than {MOST_POINTS} points in a scan")


def scan_of(rows: list[list[float]]) -> Scan:
    """A scan of such rows."""
    values = np.array(rows, dtype=float).reshape(-1, 3)
    counts, factor = values[:, 1], values[:, 2]
    if len(factor) < 2 or not (factor > 0).all() or (factor == factor[0]).all():
        return Scan(values[:, 0], counts)
    return Scan(values[:, 0], counts, 0.0, None if _applied(counts, factor) else factor)


def _applied(counts: Float[ndarray, " points"], factor: Float[ndarray, " points"]) -> bool:
    """Whether the absorber's factor is in the intensities already, which no document says.

    It is if they jump less without it, from where the absorber was changed to the next point.
    """
    changed = np.flatnonzero(factor[1:] != factor[:-1])
    before, after = np.maximum(counts[changed], 1), np.maximum(counts[changed + 1], 1)
    jump = np.log(after / before)
    with_it = jump + np.log(factor[changed + 1] / factor[changed])
    return bool(np.abs(jump).sum() <= np.abs(with_it).sum())


def over_two_theta(axis: str) -> bool:
    """Whether a scan over an axis of this name is one over 2-theta; one without a name is."""
    plain = re.sub(r"[^a-z0-9]", "", axis.lower())
    return plain in SCANNED or not plain


def tube(anode: str, alpha_1: str, alpha_2: str, kind: str) -> Radiation | None:
    """What the header says of the tube; its wavelengths are in A."""

    def value(text: str) -> float | None:
        try:
            return float(text)
        except ValueError:
            return None

    return of_tube(anode, value(alpha_1), value(alpha_2), kind.lower().replace(" ", "") == "ka1")


FORMAT = PatternFormat(
    "Rigaku RAS",
    endings=(".ras",),
    shared_endings=(),
    recognises=lambda content: content.head.lstrip().startswith("*RAS_"),
    may_hold_pattern=lambda content: True,
    read=_read,
    chooses=("scan",),
)
