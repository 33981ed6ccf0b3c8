"""Reading powder patterns: columns of text, powder CIF, lists of peaks."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.axis import Quantity, to_two_theta
from crystalnet.solving.pattern.formats.cif import read_cif
from crystalnet.solving.pattern.formats.text import pattern_text
from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.pattern.radiation import radiation as known_radiation

# A profile has at least so many points, a list of peaks at least this many.
FEWEST_POINTS, FEWEST_PEAKS = 20, 3
# Points of a scan are no farther apart than this, in degrees: peaks would fall between them.
WIDEST_STEP = 0.6
# One step of a profile is less than so many times the one before it.
UNEVEN = 1.5
# Two wavelengths are the same if they differ by less than this share: doublets and their means.
SAME_WAVELENGTH = 2e-3
# The largest intensity is brought to about 1 where it is below this, or above its inverse.
SMALLEST_SCALE = 1e-30
_COMMENT = re.compile(r"^\s*(?:[#!;'%/*]|\"|data_|_)")
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eEdD][+-]?\d+)?|[+-]?(?:nan|inf)", re.I)
# Words of a header line that name the first column.
_NAMES: tuple[tuple[Quantity, str], ...] = (
    ("two_theta", r"2\s*-?_?\s*-?(?:theta|θ|th\b)|two_?-?\s?theta|\btth\b|degrees|\bdeg\b"),
    ("q", r"\bq\b|q\s*[\[(]"),
    ("d", r"\bd\b|d[\s_-]?spac|d\s*[\[(]"),
)
# What a header says of the wavelength: a number (in A unless it says nm), or a K-alpha line.
_SAID = re.compile(
    r"(?:wave[\s_-]?length|(?<![a-z])lambda|\u03bb)_?1?\b[^\d\n]{0,20}?(?P<number>\d+[.,]\d+)\s*(?P<nm>nm\b)?"
    r"|\b(?P<name>(?:Cr|Fe|Co|Cu|Mo|Ag)[\s_-]?K[\s_-]?(?:alpha|a|\u03b1)[\s_-]?[12]?)(?![a-z\d])",
    re.I,
)


@dataclass(frozen=True, eq=False)
class PatternFile:
    """A pattern as it was read.

    Attributes:
        path: the file.
        two_theta: degrees, ascending.
        intensity: counts, or any scale; of peaks, their areas or heights.
        sigma: standard deviation of each, where the file has it.
        radiation: what it was measured with.
        is_peaks: whether it is a list of peaks and no profile.
    """

    path: Path
    two_theta: Float[ndarray, " points"]
    intensity: Float[ndarray, " points"]
    sigma: Float[ndarray, " points"] | None
    radiation: Radiation
    is_peaks: bool


def read_pattern(
    path: Path | str,
    quantity: Quantity | None = None,
    wavelength: Radiation | str | float | None = None,
    peaks: bool | None = None,
) -> PatternFile:
    """Read a pattern.

        >>> from crystalnet import read_pattern
        >>> pattern = read_pattern("data/measured_patterns/rockjock_halite.xy", wavelength="CuKa")
        >>> len(pattern.two_theta), pattern.is_peaks
        (3001, False)

    Args:
        path: two or three columns of text (.xy, .xye, .dat, .csv, .chi ...), or a powder CIF.
        quantity: of the first column: 2-theta in degrees, Q in 1/A or d in A; None takes what the
            header or the CIF says, else degrees.
        wavelength: a name such as "CuKa", or A; None only where a header or a CIF names it: it
            is never guessed.
        peaks: whether it is a list of peaks; None decides by their number, distances and
            evenness.

    Raises:
        CrystalNetError: one sentence for anything that is no pattern, or is one that contradicts
            the wavelength.
    """
    path = Path(path)
    if quantity is not None and quantity not in get_args(Quantity):
        raise CrystalNetError(
            f"{path}: the quantity {quantity!r}; want {' or '.join(get_args(Quantity))}"
        )
    if not (wavelength is None or isinstance(wavelength, Radiation)):
        wavelength = known_radiation(wavelength)
    text = pattern_text(path)
    if path.suffix.lower() == ".cif":
        cif = read_cif(path, text)
        columns = cif.columns
        found: Quantity | None = cif.quantity
        told = None if cif.wavelength is None else known_radiation(cif.wavelength)
        structure_factors = cif.structure_factors
    else:
        columns, found, told = _columns(path, text)
        structure_factors = False
    radiation = _wavelength(path, wavelength, told)
    quantity = quantity or found or "two_theta"
    x, intensity = columns[:, 0], columns[:, 1]
    sigma = columns[:, 2] if columns.shape[1] > 2 else None
    _check(path, x, intensity)
    scale = _scale(intensity)
    intensity, sigma = intensity * scale, None if sigma is None else sigma * scale
    try:
        two_theta = to_two_theta(x, quantity, radiation)
    except CrystalNetError as error:
        raise CrystalNetError(f"{path}: {error}") from None
    is_peaks = structure_factors or (_is_list(x, two_theta) if peaks is None else peaks)
    fewest = FEWEST_PEAKS if is_peaks else FEWEST_POINTS
    if len(x) < fewest:
        raise CrystalNetError(
            f"{path}: {len(x)} {'peaks' if is_peaks else 'points'}; want at least {fewest}"
        )
    if structure_factors:
        intensity = intensity * lorentz_polarisation(np.sin(np.radians(two_theta / 2)) ** 2)
    if is_peaks:
        # A list may name two reflections at one angle: they are one peak.
        two_theta, of = np.unique(two_theta, return_inverse=True)
        intensity = np.bincount(of, intensity)
        sigma = None if sigma is None else np.sqrt(np.bincount(of, sigma**2))
        x = two_theta
    order = np.argsort(two_theta, kind="stable")
    rising = np.array_equal(order, np.arange(len(x)))
    falling = np.array_equal(order, np.arange(len(x))[::-1])
    if not is_peaks and not (rising or falling):
        where = int(np.argmax(np.diff(x) * np.sign(x[-1] - x[0]) <= 0)) + 1
        raise CrystalNetError(
            f"{path}: the angles do not go one way: {x[where]:g} after {x[where - 1]:g} at point "
            f"{where + 1}; give one scan, in order"
        )
    if (np.diff(two_theta[order]) <= 0).any():
        where = int(np.argmin(np.diff(two_theta[order])))
        raise CrystalNetError(
            f"{path}: {x[order][where]:g} stands there twice; give each angle once"
        )
    return PatternFile(
        path,
        two_theta[order],
        intensity[order],
        None if sigma is None else sigma[order],
        radiation,
        is_peaks,
    )


def may_be_pattern(path: Path) -> bool:
    """Whether a file may be meant as a pattern: rows of numbers make up most of it.

    Raises:
        CrystalNetError: for a file that cannot be read, or is no text.
    """
    text = pattern_text(path)
    if path.suffix.lower() == ".cif":
        return bool(re.search(r"^\s*_(?:pd_(?:meas|proc|peak)_|refln_F_squared_meas)", text, re.M))
    lines = [line for line in text.splitlines() if line.strip() and not _COMMENT.match(line)]
    rows = sum(len(_numbers(line) or ()) > 1 for line in lines)
    return rows >= FEWEST_PEAKS and 2 * rows >= len(lines)


def _columns(
    path: Path, text: str
) -> tuple[Float[ndarray, "rows columns"], Quantity | None, Radiation | None]:
    """The numbers of a text, and what lines before them say: the first column, the wavelength."""
    rows: list[list[float]] = []
    named: Quantity | None = None
    told: Radiation | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        values = None if _COMMENT.match(line) else _numbers(line)
        if values is None:
            if not rows:
                named = named or _name_in(line)
                told = told or _radiation_in(line)
            elif line.strip() and not _COMMENT.match(line):
                raise CrystalNetError(
                    f"{path}: line {number} is {line.strip()[:40]!r} between numbers; want two or "
                    "three columns of numbers"
                )
            continue
        rows.append(values)
    # Headers of .chi and the like hold lines of one number or several.
    while len(rows) > 1 and len(rows[0]) != len(rows[-1]):
        rows.pop(0)
    if not rows:
        raise CrystalNetError(f"{path}: holds no numbers; want two columns, angle and intensity")
    lengths = {len(row) for row in rows}
    if max(lengths) < 2:
        raise CrystalNetError(f"{path}: one column of numbers; want two, angle and intensity")
    if len(lengths) > 1:
        odd = next(i for i, row in enumerate(rows) if len(row) != len(rows[-1]))
        raise CrystalNetError(
            f"{path}: rows of {len(rows[odd])} and of {len(rows[-1])} numbers; want as many in "
            "each: two or three"
        )
    return np.array(rows)[:, :3], named, told


def _numbers(line: str) -> list[float] | None:
    """The numbers of a line of nothing else, whatever separates them; None for another line."""
    if ";" in line or "\t" in line:
        fields = re.split(r"[;\t]", line.strip(" ;\t\r\n"))
    elif re.search(r",\s", line) or (line.count(",") and "." in line) or line.count(",") == 1:
        # A comma between digits of which one has a point, or the only one, separates.
        fields = line.strip(" ,\r\n").split(",")
        if line.count(",") == 1 and len(line.split()) == 2 and not re.search(r",\s", line):
            fields = line.split()
    else:
        fields = line.split()
        if len(fields) == 1:
            fields = line.split(",")
    fields = [field.strip().strip('"') for field in fields]
    if len(fields) == 1:
        fields = fields[0].split()
    if not fields or not all(_NUMBER.fullmatch(field) for field in fields):
        return None
    return [float(field.replace(",", ".").lower().replace("d", "e")) for field in fields]


def _name_in(line: str) -> Quantity | None:
    return next((name for name, words in _NAMES if re.search(words, line, re.I)), None)


def _radiation_in(line: str) -> Radiation | None:
    """What a header line says; what cannot be one is not heard."""
    said = _SAID.search(line)
    if said is None:
        return None
    try:
        if said["name"]:
            return known_radiation(said["name"])
        return known_radiation(float(said["number"].replace(",", ".")) * (10 if said["nm"] else 1))
    except CrystalNetError:
        return None


def _wavelength(path: Path, given: Radiation | None, told: Radiation | None) -> Radiation:
    if given is None:
        if told is None:
            raise CrystalNetError(
                f"{path}: does not say its wavelength; give it (--wavelength CuKa, or in A)"
            )
        return told
    if told and abs(told.wavelength - given.wavelength) > SAME_WAVELENGTH * given.wavelength:
        raise CrystalNetError(
            f"{path}: says {told.wavelength:g} A, but the wavelength given is "
            f"{given.wavelength:.5f} A ({given.name}); give one that agrees, or none"
        )
    return given


def _check(path: Path, x: Float[ndarray, " points"], intensity: Float[ndarray, " points"]) -> None:
    for name, values in (("angle", x), ("intensity", intensity)):
        wrong = ~np.isfinite(values)
        if wrong.any():
            raise CrystalNetError(
                f"{path}: the {name} of point {int(np.argmax(wrong)) + 1} is "
                f"{values[np.argmax(wrong)]}; leave such points out"
            )
    if (intensity < 0).any():
        where = int(np.argmax(intensity < 0))
        raise CrystalNetError(
            f"{path}: the intensity of point {where + 1} is {intensity[where]:g}; counts are never "
            "negative: give the pattern before its background was taken off"
        )
    if not (intensity > 0).any():
        raise CrystalNetError(f"{path}: all {len(x)} intensities are 0; give a measured pattern")


def _scale(intensity: Float[ndarray, " points"]) -> float:
    """By what intensities are multiplied, a power of two: squares must have numbers too."""
    largest = float(intensity.max())
    if SMALLEST_SCALE < largest < 1 / SMALLEST_SCALE:
        return 1.0
    return 2.0 ** -math.frexp(largest)[1]


def _is_list(x: Float[ndarray, " rows"], two_theta: Float[ndarray, " rows"]) -> bool:
    """Whether rows are peaks: few, farther apart than a scan's points, or at uneven distances.

    Args:
        x: as they stand in the file.
        two_theta: degrees.
    """
    steps = np.abs(np.diff(x))
    if len(steps) < FEWEST_POINTS or np.median(np.abs(np.diff(two_theta))) > WIDEST_STEP:
        return True
    # Rounded angles of an even scan stay within their last digit of a straight line.
    even = np.linspace(x[0], x[-1], len(x))
    if (steps > 0).all() and np.abs(x - even).max() <= 1.001 * steps.min():
        return False
    # Steps in d or Q grow along a profile, but never from one to the next.
    ratio = np.maximum(steps[1:], 1e-12) / np.maximum(steps[:-1], 1e-12)
    return bool(np.mean((ratio > UNEVEN) | (ratio < 1 / UNEVEN)) > 0.2)
