"""Lines on the points of a profile, and what they change by: the inner loops, compiled.

Each line is a pseudo-Voigt of area 1 a degree, of a doublet two of them. Its asymmetry, by the
axial divergence of the beam, is that of C. J. Howard (doi 10.1107/S0021889882012783): a sum of five
pseudo-Voigts by Simpson's rule, moved by 0 to S.
"""

import math

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.compiling import compiled

VALUE, BY_FIRST, BY_SECOND, BY_WIDTH, BY_SHARE, BY_SKEW = range(6)
"""Rows of a line's numbers: itself, and derivatives by its places, width, share and skew."""

# Share of the width below which a skew is not drawn, and square of the widths beyond which a
# Gaussian is nothing: 2^-24 of its height.
UNSEEN, FAR = 0.02, 6.0
# Share of an area that is left at least when areas are shared out.
LEAST_LEFT = 0.1


@compiled
def fill(
    x: Float[ndarray, " points"],
    start: Int[ndarray, " lines"],
    offset: Int[ndarray, " lines_1"],
    first: Float[ndarray, " lines"],
    second: Float[ndarray, " lines"],
    ratio: float,
    width: Float[ndarray, " lines"],
    share: Float[ndarray, " lines"],
    skew: Float[ndarray, " lines"],
    out: Float[ndarray, "6 numbers"],
) -> None:
    """Writes the lines and their derivatives, one line after the other.

    Args:
        start: the first point of each line; offset: where its numbers begin in `out`.
        first, second: degrees 2-theta of the lines of a doublet; ratio: of the second, 0 for none.
        width, share: full width at half maximum in degrees, share of Lorentzian.
        skew: S in degrees.
    """
    ln2 = math.log(2.0)
    gauss_top, lorentz_top = 2 * math.sqrt(ln2 / math.pi), 2 / math.pi
    for k in range(len(start)):
        w, eta = width[k], share[k]
        # A skew that nobody sees moves the line by its mean.
        pieces = 5 if abs(skew[k]) > UNSEEN * w else 1
        for line in range(2):
            if line == 1 and ratio == 0.0:
                break
            part = 1 / (1 + ratio) if line == 0 else ratio / (1 + ratio)
            centre = first[k] if line == 0 else second[k]
            for piece in range(pieces):
                moved, much = 1.0 / 3.0, 1.0
                if pieces == 5:
                    moved = (piece / 4.0) ** 2
                    much = (4.0 if piece % 2 else (2.0 if piece == 2 else 1.0)) / 12.0
                much *= part
                for n in range(offset[k], offset[k + 1]):
                    u = (x[start[k] + n - offset[k]] - centre + moved * skew[k]) / w
                    square = u * u
                    below = 1 / (1 + 4 * square)
                    lorentz = lorentz_top * below / w
                    gauss = 0.0
                    if square < FAR:
                        gauss = gauss_top * math.exp(-4 * ln2 * square) / w
                    value = eta * lorentz + (1 - eta) * gauss
                    # By the place of the point.
                    slope = -8 * u / w * (eta * lorentz * below + (1 - eta) * gauss * ln2)
                    out[VALUE, n] += much * value
                    out[BY_FIRST + line, n] -= much * slope
                    out[BY_WIDTH, n] -= much * (value / w + slope * u)
                    out[BY_SHARE, n] += much * (lorentz - gauss)
                    out[BY_SKEW, n] += much * moved * slope


@compiled
def add_up(
    start: Int[ndarray, " lines"],
    offset: Int[ndarray, " lines_1"],
    area: Float[ndarray, " lines"],
    numbers: Float[ndarray, "6 numbers"],
    y: Float[ndarray, " points"],
) -> None:
    """Adds the lines to the points."""
    for k in range(len(start)):
        for n in range(offset[k], offset[k + 1]):
            y[start[k] + n - offset[k]] += area[k] * numbers[VALUE, n]


@compiled
def add_slopes(
    start: Int[ndarray, " lines"],
    offset: Int[ndarray, " lines_1"],
    area: Float[ndarray, " lines"],
    numbers: Float[ndarray, "6 numbers"],
    by_first: Float[ndarray, "lines places"],
    by_second: Float[ndarray, "lines places"],
    by_width: Float[ndarray, "lines 5"],
    by_share: Float[ndarray, "lines 5"],
    by_skew: Float[ndarray, " lines"],
    by_area: Float[ndarray, "lines areas"],
    slopes: Float[ndarray, "points parameters"],
) -> None:
    """Adds what the points change by with each parameter.

    Args:
        by_first, ...: derivatives of each line's places, width, share, skew and area by the
            parameters; those of places come first, then the five of widths, the skew, and areas.
    """
    places, areas = by_first.shape[1], by_area.shape[1]
    for k in range(len(start)):
        for n in range(offset[k], offset[k + 1]):
            i = start[k] + n - offset[k]
            one, two = area[k] * numbers[BY_FIRST, n], area[k] * numbers[BY_SECOND, n]
            for p in range(places):
                slopes[i, p] += one * by_first[k, p] + two * by_second[k, p]
            one, two = area[k] * numbers[BY_WIDTH, n], area[k] * numbers[BY_SHARE, n]
            for p in range(5):
                slopes[i, places + p] += one * by_width[k, p] + two * by_share[k, p]
            slopes[i, places + 5] += area[k] * numbers[BY_SKEW, n] * by_skew[k]
            for p in range(areas):
                slopes[i, places + 6 + p] += numbers[VALUE, n] * by_area[k, p]


@compiled
def shared_out(
    start: Int[ndarray, " lines"],
    offset: Int[ndarray, " lines_1"],
    area: Float[ndarray, " lines"],
    numbers: Float[ndarray, "6 numbers"],
    ratio: Float[ndarray, " points"],
    found: Float[ndarray, " lines"],
) -> None:
    """Writes the areas that lines get of the measured points, in the ratio of their own.

    Args:
        ratio: measured over calculated at each point, both without the background.
        found: written to; a line that is nowhere keeps its area.
    """
    for k in range(len(start)):
        all_, seen = 0.0, 0.0
        for n in range(offset[k], offset[k + 1]):
            all_ += numbers[VALUE, n]
            seen += numbers[VALUE, n] * ratio[start[k] + n - offset[k]]
        # What vanished could not come back.
        found[k] = area[k] * max(seen / all_, LEAST_LEFT) if all_ > 0 else area[k]


def room(
    x: Float[ndarray, " points"],
    first: Float[ndarray, " lines"],
    second: Float[ndarray, " lines"],
    reach: Float[ndarray, " lines"],
) -> tuple[Int[ndarray, " lines"], Int[ndarray, " lines_1"]]:
    """The first point of each line, and where its numbers begin."""
    start = np.searchsorted(x, np.minimum(first, second) - reach)
    stop = np.searchsorted(x, np.maximum(first, second) + reach)
    return start.astype(np.int64), np.append(0, np.cumsum(stop - start)).astype(np.int64)
