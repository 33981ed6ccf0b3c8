"""Lattices of one system that put lines where a pattern has them.

The squared length of a reciprocal vector is linear in one or two numbers: q^2 = A n with
n = h^2 + k^2 + l^2 (cubic), q^2 = A m + C l^2 with m = h^2 + h k + k^2 (trigonal and hexagonal) or
m = h^2 + k^2 (tetragonal). So a line or two with their indices give a lattice, and the other lines
say whether it is right. Lattices of more numbers are fitted, see `fitted`.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.retrieval.metrics import volumes
from crystalnet.settings import CrystalSystem

TWO_NUMBERS: tuple[CrystalSystem, ...] = ("tetragonal", "trigonal", "hexagonal")
"""Systems whose lattices have two free edges."""

# Lines looked at, the share of q within which two are one, and the share of q^2 a line may be off.
_LINES = 14
_CUBIC_MERGED, _MERGED = 3e-3, 1.5e-3
_OFF = 4e-3
# Of a cubic lattice: the largest n of the first line, and the multiples of the coarsest lattice.
_CUBIC_FIRST = 40
_CUBIC_MULTIPLES = (1, 2, 3, 4, 8, 11)
# Of one with two edges: m of all lines, the first five of which, with l, make a lattice.
_HEXAGONAL = np.array([0, 1, 3, 4, 7, 9, 12, 13, 16, 19, 21])
_SQUARE = np.array([0, 1, 2, 4, 5, 8, 9, 10, 13, 16, 17, 18, 20])
_LOW, _ORDERS, _FIRST = 5, 10, 5
# Solutions that agree to this share are one.
_SAME = 2e-3
# Formula units in a conventional cell, by the sum of atomic volumes.
_UNITS = (0.6, 31.0)


def merged_share(system: CrystalSystem) -> float:
    """Lines of a system nearer than this share of q are treated as one."""
    return _CUBIC_MERGED if system == "cubic" else _MERGED


def lattices(
    system: CrystalSystem, q: Float[ndarray, " lines"], formula_volume: float
) -> Float[ndarray, "lattices numbers"]:
    """A, or A and C, in 1/A^2, of the lattices that explain the first lines.

    Args:
        system: cubic, or one of TWO_NUMBERS.
        q: 1 / d of the lines in 1/A, ascending and merged.
        formula_volume: A^3 of a formula unit, roughly; bounds a cell of two edges.
    """
    squared = q[:_LINES] ** 2
    return _cubic(squared) if system == "cubic" else _two_edges(system, squared, formula_volume)


def _cubic(squared: Float[ndarray, " lines"]) -> Float[ndarray, "lattices 1"]:
    for first in range(1, _CUBIC_FIRST):
        index = squared * first / squared[0]
        if (np.abs(index - np.rint(index)) < 0.02 + _OFF * index).all():
            coarsest = float((squared / np.rint(index)).mean())
            return np.array([[coarsest / multiple] for multiple in _CUBIC_MULTIPLES])
    return np.empty((0, 1))


def _two_edges(
    system: CrystalSystem, squared: Float[ndarray, " lines"], formula_volume: float
) -> Float[ndarray, "lattices 2"]:
    found = []
    every = _SQUARE if system == "tetragonal" else _HEXAGONAL
    low = [(m, order**2) for m in every[:_LOW] for order in range(_ORDERS) if m or order]
    m, l2 = np.array(low).T
    determinant = m[:, None] * l2 - m * l2[:, None]
    for i in range(min(_FIRST, len(squared))):
        for j in range(i + 1, min(_FIRST + 1, len(squared))):
            with np.errstate(divide="ignore", invalid="ignore"):
                a = (squared[i] * l2 - squared[j] * l2[:, None]) / determinant
                c = (m[:, None] * squared[j] - m * squared[i]) / determinant
            positive = np.isfinite(a) & np.isfinite(c) & (a > 1e-4) & (c > 1e-5)
            pairs = np.stack([a[positive], c[positive]], axis=1)
            units = volumes(pairs, system) / formula_volume
            found.append(pairs[(units > _UNITS[0]) & (units < _UNITS[1])])
    if not found or not sum(map(len, found)):
        return np.empty((0, 2))
    solutions = np.concatenate(found)
    _, one_of = np.unique(np.rint(np.log(solutions) / _SAME), axis=0, return_index=True)
    solutions = solutions[one_of]
    for line in squared:
        rest = line - solutions[:, :1] * every
        order = np.rint(np.sqrt(np.maximum(rest, 0) / solutions[:, 1:]))
        off = np.abs(rest - order**2 * solutions[:, 1:]).min(axis=1)
        solutions = solutions[off < 3e-3 * line]
    return np.array([_refined(each, squared, every) for each in solutions]).reshape(-1, 2)


def _refined(
    numbers: Float[ndarray, "2"], squared: Float[ndarray, " lines"], every: Int[ndarray, " m"]
) -> Float[ndarray, "2"]:
    """A and C by least squares from all lines, with the indices that they have in a lattice."""
    rest = squared[:, None] - numbers[0] * every
    order = np.rint(np.sqrt(np.maximum(rest, 0) / numbers[1]))
    nearest = np.abs(rest - order**2 * numbers[1]).argmin(axis=1)
    lines = np.arange(len(squared))
    forms = np.stack([every[nearest], order[lines, nearest] ** 2], axis=1)
    # Relative errors count alike; lines that say nothing of one number leave it as it was.
    weighted = forms / squared[:, None]
    change = np.linalg.lstsq(weighted, 1 - weighted @ numbers, rcond=1e-9)[0]
    refined: ndarray = numbers + change
    return refined if (refined > 0).all() else numbers
