"""What the rows of a file must be to be a pattern, and which of them are peaks."""

import math
import sys
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat
from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.settings import ReadingSettings

# The largest intensity is brought to about 1 where it is below this, or above its inverse.
SMALLEST_SCALE = 1e-30


def agreed_wavelength(
    path: Path, given: Radiation | None, told: Radiation | None, settings: ReadingSettings
) -> Radiation:
    """The wavelength that was given, or that the file tells.

    Raises:
        CrystalNetError: where there is none, or they contradict each other.
    """
    if given is None:
        if told is None:
            raise CrystalNetError(
                f"{path}: does not say its wavelength; give it (--wavelength CuKa, or in A)"
            )
        return told
    same = settings.same_wavelength * given.wavelength
    if told and abs(told.wavelength - given.wavelength) > same:
        raise CrystalNetError(
            f"{path}: says {told.wavelength:g} A, but the wavelength given is "
            f"{given.wavelength:.5f} A ({given.name}); give one that agrees, or none"
        )
    return given


def check_points(
    path: Path, x: Float[ndarray, " points"], intensity: Float[ndarray, " points"]
) -> None:
    """See to it that there are points, all of them numbers, and not all of them 0.

    Raises:
        CrystalNetError: in one sentence, with the first that is wrong.
    """
    for name, values in (("angle", x), ("intensity", intensity)):
        wrong = ~np.isfinite(values)
        if wrong.any():
            raise CrystalNetError(
                f"{path}: the {name} of point {int(np.argmax(wrong)) + 1} is "
                f"{values[np.argmax(wrong)]}; leave such points out"
            )
    if not len(x):
        raise CrystalNetError(f"{path}: holds no points; give a measured pattern")
    if not (intensity > 0).any():
        raise CrystalNetError(f"{path}: all {len(x)} intensities are 0; give a measured pattern")


def above_zero(
    path: Path, intensity: Float[ndarray, " points"], is_peaks: bool, settings: ReadingSettings
) -> Float[ndarray, " points"]:
    """A profile whose background was taken off, raised so that its lowest point is 0.

    Raises:
        CrystalNetError: for a negative peak, or a profile that is as much below 0 as above.
    """
    lowest = float(intensity.min())
    if lowest >= 0:
        return intensity
    if is_peaks or -lowest > settings.below_zero * float(intensity.max()):
        where = int(np.argmin(intensity))
        raise CrystalNetError(
            f"{path}: the intensity of {'peak' if is_peaks else 'point'} {where + 1} is negative; "
            "want counts, or a profile whose background alone was taken off"
        )
    return intensity - lowest


def usable_sigma(sigma: Float[ndarray, " points"]) -> Float[ndarray, " points"] | None:
    """Standard deviations, if they are such: a point of no counts has that of its faintest."""
    positive = sigma > 0
    if not np.isfinite(sigma).all() or (sigma < 0).any() or not positive.any():
        return None
    return np.where(positive, sigma, sigma[positive].min())


def check_choice(path: Path, choice: Choice, kind: PatternFormat) -> None:
    """See to it that what somebody chose of a file can be chosen in its format.

    Raises:
        CrystalNetError: if not.
    """
    columns, scan = choice.columns, choice.scan
    if columns is not None and (
        not 2 <= len(columns) <= 3
        or len(set(columns)) < len(columns)
        or not all(isinstance(each, int) and each >= 1 for each in columns)
    ):
        raise CrystalNetError(
            f"{path}: the columns {list(columns)}; want two or three different numbers from 1, "
            "such as 1,3"
        )
    if scan is not None and (not isinstance(scan, int) or scan < 1):
        raise CrystalNetError(f"{path}: the scan {scan}; want a number from 1")
    for name, value in (("columns", columns), ("scan", scan)):
        if value is not None and name not in kind.chooses:
            raise CrystalNetError(f"{path}: is {kind.name}, of which no {name} can be chosen")


def scale_of(intensity: Float[ndarray, " points"]) -> float:
    """By what intensities are multiplied, a power of two: squares must have numbers too."""
    largest = float(np.abs(intensity).max())
    if SMALLEST_SCALE < largest < 1 / SMALLEST_SCALE:
        return 1.0
    # The smallest numbers there are would want a power that is none.
    return 2.0 ** min(-math.frexp(largest)[1], sys.float_info.max_exp - 1)


def is_list(
    x: Float[ndarray, " rows"], two_theta: Float[ndarray, " rows"], settings: ReadingSettings
) -> bool:
    """Whether rows are peaks: few, farther apart than a scan's points, or at uneven distances.

    Args:
        x: as they stand in the file.
        two_theta: degrees.
    """
    steps = np.abs(np.diff(x))
    widest = settings.widest_step
    if len(steps) < settings.fewest_points or np.median(np.abs(np.diff(two_theta))) > widest:
        return True
    # Rounded angles of an even scan stay within their last digit of a straight line.
    even = np.linspace(x[0], x[-1], len(x))
    if (steps > 0).all() and np.abs(x - even).max() <= 1.001 * steps.min():
        return False
    # Steps in d or Q grow along a profile, but never from one to the next.
    ratio = np.maximum(steps[1:], 1e-12) / np.maximum(steps[:-1], 1e-12)
    return bool(np.mean((ratio > settings.uneven) | (ratio < 1 / settings.uneven)) > 0.2)
