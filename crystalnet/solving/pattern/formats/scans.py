"""Scans of one file made one pattern."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.files import shown
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice

MOST_POINTS = 2_000_000
"""Numbers of a scan."""
LONGEST_LINE = 10_000_000
# Scans are shown in a message up to this number.
SHOWN = 6


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan over 2-theta.

    Attributes:
        two_theta: degrees.
        counts: as the detector saw them.
        seconds: that each point was counted, one number or one for each; 0 is not known.
        factor: by which the counts are multiplied where an absorber stood in the beam.
        fixed: where other axes stood, of scans that are repeated only there.
    """

    two_theta: Float[ndarray, " points"]
    counts: Float[ndarray, " points"]
    seconds: float | Float[ndarray, " points"] = 0.0
    factor: Float[ndarray, " points"] | None = None
    fixed: tuple[float, ...] = ()


def counts_in(content: Content, line: str, before: int) -> list[float]:
    """The numbers of a line of counts, separated by blanks or commas.

    Args:
        before: how many there are already.

    Raises:
        CrystalNetError: for something else, or more than a scan has.
    """
    if len(line) > LONGEST_LINE or before > MOST_POINTS:
        raise CrystalNetError(
            f"{content.path}: more than {MOST_POINTS} counts; give the integrated pattern"
        )
    try:
        return [float(each) for each in line.replace(",", " ").split()]
    except ValueError:
        raise CrystalNetError(
            f"{content.path}: {line.strip()[:40]!r} among the counts; want numbers"
        ) from None


def number_in(header: Mapping[str, str], name: str) -> float | None:
    """What a header says of a quantity, if that is a number."""
    try:
        value = float(header.get(name, ""))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def over_others(path: Path, axes: Iterable[str], usual: str) -> CrystalNetError:
    """What is said where 2-theta stands still in all scans.

    Args:
        axes: that they go over, as the file names them.
        usual: what the axis of a scan over 2-theta is called there.
    """
    names = shown(", ".join(sorted(axes))[:80])
    return CrystalNetError(f"{path}: scans over {names} alone; give one over 2-theta ({usual})")


def one_pattern(
    path: Path, scans: Sequence[Scan], choice: Choice
) -> Float[ndarray, "points columns"]:
    """Angle and intensity of the scan that was chosen, or of all: repeated ones are added.

    Scans that go on from each other are joined at one counting time. A third column, the standard
    deviation by counting statistics, is there where counts alone do not say it.

    Raises:
        CrystalNetError: for no scan, no such scan, or scans that do not belong together.
    """
    if not scans:
        raise CrystalNetError(
            f"{path}: holds no scan over 2-theta; give one of a theta-2theta or detector scan"
        )
    if choice.scan is not None:
        if not 1 <= choice.scan <= len(scans):
            raise CrystalNetError(
                f"{path}: the scan {choice.scan}; want 1 to {len(scans)}, which the file holds"
            )
        scans = [scans[choice.scan - 1]]
    scans = [each for each in scans if len(each.two_theta)]
    if not scans:
        raise CrystalNetError(f"{path}: the scan holds no points; give another")
    first = scans[0]
    plain = all(each.factor is None and np.ndim(each.seconds) == 0 for each in scans)
    if len(scans) == 1:
        angle, intensity, variance = first.two_theta, *_one_time(first, _mean_time(scans))
    elif all(_repeats(first, each) for each in scans[1:]):
        angle = first.two_theta
        # Added at one time each: what was counted longer has more to say.
        parts = [_one_time(each, float(np.mean(each.seconds))) for each in scans]
        intensity, variance = (np.sum([part[i] for part in parts], axis=0) for i in (0, 1))
    else:
        scans = sorted(scans, key=lambda each: float(each.two_theta.min()))
        if not all(one.two_theta.max() < other.two_theta.min() for one, other in pairwise(scans)):
            ranges = [f"{each.two_theta[0]:g} to {each.two_theta[-1]:g}" for each in scans]
            more = " ..." if len(ranges) > SHOWN else ""
            raise CrystalNetError(
                f"{path}: holds {len(scans)} scans ({', '.join(ranges[:SHOWN])}{more}) that are "
                "not one; choose one (--scan 1)"
            )
        time = _mean_time(scans)
        plain = plain and len({float(np.mean(each.seconds)) for each in scans}) == 1
        parts = [_one_time(each, time) for each in scans]
        angle = np.concatenate([each.two_theta for each in scans])
        intensity, variance = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    columns = [angle, intensity] if plain else [angle, intensity, np.sqrt(variance)]
    return np.column_stack(columns)


def _mean_time(scans: Sequence[Scan]) -> float:
    """Seconds that all are brought to; 0 where one does not say its own."""
    if not all((np.asarray(each.seconds) > 0).all() for each in scans):
        return 0.0
    return float(np.mean(np.concatenate([np.atleast_1d(each.seconds) for each in scans])))


def _one_time(
    scan: Scan, seconds: float
) -> tuple[Float[ndarray, " points"], Float[ndarray, " points"]]:
    """Counts as they would be at one counting time without absorber, and their variances."""
    known = seconds > 0 and bool((np.asarray(scan.seconds) > 0).all())
    scale = seconds / np.asarray(scan.seconds) if known else np.asarray(1.0)
    if scan.factor is not None:
        scale = scale * scan.factor
    return scan.counts * scale, np.maximum(scan.counts, 1) * scale**2


def _repeats(one: Scan, other: Scan) -> bool:
    a, b = one.two_theta, other.two_theta
    if len(a) != len(b) or len(a) < 2 or one.fixed != other.fixed:
        return False
    return bool(np.abs(a - b).max() < 0.1 * max(float(np.median(np.abs(np.diff(a)))), 1e-9))
