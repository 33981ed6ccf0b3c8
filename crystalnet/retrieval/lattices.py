"""Lattices of one system that put lines where a pattern has them.

The squared length of a reciprocal vector is linear in one or two numbers: q^2 = A n with
n = h^2 + k^2 + l^2 (cubic), q^2 = A (h^2 + h k + k^2) + C l^2 (trigonal, hexagonal axes). So a line
or two with their indices give a lattice, and the other lines say whether it is right.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

System = Literal["cubic", "trigonal"]

# Lines looked at, the share of q within which two are one, and the share of q^2 a line may be off.
_CUBIC_LINES, _TRIGONAL_LINES = 14, 14
_CUBIC_MERGED, _TRIGONAL_MERGED = 3e-3, 1.5e-3
_OFF = 4e-3
# Of a cubic lattice: the largest n of the first line, and the multiples of the coarsest lattice.
_CUBIC_FIRST = 40
_CUBIC_MULTIPLES = (1, 2, 3, 4, 8, 11)
# Of a trigonal one: h^2 + h k + k^2 and l of the lines that it is made from, and of all lines.
_TRIGONAL_LOW = np.array(
    [(m, order**2) for m in (0, 1, 3, 4, 7) for order in range(10) if m or order]
)
_TRIGONAL_ALL = np.array([0, 1, 3, 4, 7, 9, 12, 13, 16, 19, 21])
_TRIGONAL_FIRST = 5
# Solutions that agree to this share are one.
_SAME = 2e-3
# Formula units in a hexagonal cell, by the sum of atomic volumes.
_UNITS = (0.6, 31.0)


def merged_share(system: System) -> float:
    """Lines of a system nearer than this share of q are treated as one."""
    return _CUBIC_MERGED if system == "cubic" else _TRIGONAL_MERGED


def lattices(
    system: System, q: Float[ndarray, " lines"], formula_volume: float
) -> Float[ndarray, "lattices numbers"]:
    """A (cubic) or A and C (trigonal), in 1/A^2, of the lattices that explain the first lines.

    Args:
        q: 1 / d of the lines in 1/A, ascending and merged.
        formula_volume: A^3 of a formula unit, roughly; bounds the trigonal cell.
    """
    if system == "cubic":
        return _cubic(q[:_CUBIC_LINES] ** 2)
    return _trigonal(q[:_TRIGONAL_LINES] ** 2, formula_volume)


def _cubic(squared: Float[ndarray, " lines"]) -> Float[ndarray, "lattices 1"]:
    for first in range(1, _CUBIC_FIRST):
        index = squared * first / squared[0]
        if (np.abs(index - np.rint(index)) < 0.02 + _OFF * index).all():
            coarsest = float((squared / np.rint(index)).mean())
            return np.array([[coarsest / multiple] for multiple in _CUBIC_MULTIPLES])
    return np.empty((0, 1))


def _trigonal(
    squared: Float[ndarray, " lines"], formula_volume: float
) -> Float[ndarray, "lattices 2"]:
    found = []
    m, l2 = _TRIGONAL_LOW.T
    determinant = m[:, None] * l2 - m * l2[:, None]
    for i in range(min(_TRIGONAL_FIRST, len(squared))):
        for j in range(i + 1, min(_TRIGONAL_FIRST + 1, len(squared))):
            with np.errstate(divide="ignore", invalid="ignore"):
                a = (squared[i] * l2 - squared[j] * l2[:, None]) / determinant
                c = (m[:, None] * squared[j] - m * squared[i]) / determinant
            positive = np.isfinite(a) & np.isfinite(c) & (a > 1e-4) & (c > 1e-5)
            a, c = a[positive], c[positive]
            units = trigonal_volume(a, c) / formula_volume
            kept = (units > _UNITS[0]) & (units < _UNITS[1])
            found.append(np.stack([a[kept], c[kept]], axis=1))
    if not found or not sum(map(len, found)):
        return np.empty((0, 2))
    solutions = np.concatenate(found)
    _, one_of = np.unique(np.rint(np.log(solutions) / _SAME), axis=0, return_index=True)
    solutions = solutions[one_of]
    for line in squared:
        rest = line - solutions[:, :1] * _TRIGONAL_ALL
        order = np.rint(np.sqrt(np.maximum(rest, 0) / solutions[:, 1:]))
        off = np.abs(rest - order**2 * solutions[:, 1:]).min(axis=1)
        solutions = solutions[off < 3e-3 * line]
    return np.array([_refined(each, squared) for each in solutions]).reshape(-1, 2)


def _refined(
    numbers: Float[ndarray, "2"], squared: Float[ndarray, " lines"]
) -> Float[ndarray, "2"]:
    """A and C by least squares from all lines, with the indices that they have in a lattice."""
    rest = squared[:, None] - numbers[0] * _TRIGONAL_ALL
    order = np.rint(np.sqrt(np.maximum(rest, 0) / numbers[1]))
    nearest = np.abs(rest - order**2 * numbers[1]).argmin(axis=1)
    lines = np.arange(len(squared))
    forms = np.stack([_TRIGONAL_ALL[nearest], order[lines, nearest] ** 2], axis=1)
    # Relative errors count alike; lines that say nothing of one number leave it as it was.
    weighted = forms / squared[:, None]
    change = np.linalg.lstsq(weighted, 1 - weighted @ numbers, rcond=1e-9)[0]
    refined: ndarray = numbers + change
    return refined if (refined > 0).all() else numbers


def trigonal_volume(
    a: Float[ndarray, " lattices"], c: Float[ndarray, " lattices"]
) -> Float[ndarray, " lattices"]:
    """Volumes in A^3 of hexagonal cells of A = 4 / (3 a^2) and C = 1 / c^2."""
    volume: ndarray = np.sqrt(3) / 2 * (4 / (3 * a)) / np.sqrt(c)
    return volume
