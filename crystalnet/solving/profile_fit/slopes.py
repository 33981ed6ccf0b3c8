"""What a calculated profile changes by with each parameter, and the sums that least squares wants.

Most parameters change all points; the area of a line, those near it alone. Sums over points that a
line does not reach are left out, which for hundreds of lines is nearly all of them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.compiling import compiled


@dataclass(frozen=True, eq=False)
class LineColumns:
    """Parameters that are areas of lines.

    Attributes:
        start: the first point of each line; offset: where its values begin in `value`.
        value: of the lines with area 1 a degree, one line after the other.
        chosen: the lines whose areas are parameters.
    """

    start: Int[ndarray, " lines"]
    offset: Int[ndarray, " lines_1"]
    value: Float[ndarray, " numbers"]
    chosen: Int[ndarray, " some"]


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives of the points by the parameters: those of all points, then those of areas.

    Attributes:
        own: by the parameters that change all points.
        areas: the others, if there are some.
    """

    own: Float[ndarray, "points some"]
    areas: LineColumns | None = None

    def along(self, vector: Float[ndarray, " points"]) -> Float[ndarray, " parameters"]:
        """The sum over points of derivative times a vector."""
        found = self.own.T @ vector
        if self.areas is None:
            return np.asarray(found)
        lines = self.areas
        rest = np.zeros(len(lines.chosen))
        _along(lines.start, lines.offset, lines.value, lines.chosen, vector, rest)
        return np.concatenate([found, rest])

    def normal(self, weight: Float[ndarray, " points"]) -> Float[ndarray, "parameters parameters"]:
        """The sum over points of weight times the derivatives by two parameters."""
        some = self.own.shape[1]
        rest = 0 if self.areas is None else len(self.areas.chosen)
        found = np.zeros((some + rest, some + rest))
        weighted = self.own * weight[:, None]
        found[:some, :some] = self.own.T @ weighted
        if self.areas is not None:
            lines = self.areas
            _normal(lines.start, lines.offset, lines.value, lines.chosen, weight, weighted, found)
        return found


@compiled
def _along(
    start: Int[ndarray, " lines"],
    offset: Int[ndarray, " lines_1"],
    value: Float[ndarray, " numbers"],
    chosen: Int[ndarray, " some"],
    vector: Float[ndarray, " points"],
    found: Float[ndarray, " some"],
) -> None:
    for i in range(len(chosen)):
        k = chosen[i]
        for n in range(offset[k], offset[k + 1]):
            found[i] += value[n] * vector[start[k] + n - offset[k]]


@compiled
def _normal(
    start: Int[ndarray, " lines"],
    offset: Int[ndarray, " lines_1"],
    value: Float[ndarray, " numbers"],
    chosen: Int[ndarray, " some"],
    weight: Float[ndarray, " points"],
    weighted: Float[ndarray, "points some"],
    found: Float[ndarray, "parameters parameters"],
) -> None:
    """Writes the rows and columns of the areas.

    Args:
        weighted: weight times the derivatives by the other parameters.
    """
    before = weighted.shape[1]
    for i in range(len(chosen)):
        k, row = chosen[i], before + i
        # Of a number of this line, at the point n + shift.
        shift = start[k] - offset[k]
        for n in range(offset[k], offset[k + 1]):
            for p in range(before):
                found[row, p] += value[n] * weighted[n + shift, p]
        for p in range(before):
            found[p, row] = found[row, p]
        for j in range(i, len(chosen)):
            other = chosen[j]
            there = start[other] - offset[other]
            first = max(start[k], start[other])
            stop = min(offset[k + 1] + shift, offset[other + 1] + there)
            total = 0.0
            for point in range(first, stop):
                total += weight[point] * value[point - shift] * value[point - there]
            found[row, before + j] = total
            found[before + j, row] = total
