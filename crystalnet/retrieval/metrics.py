"""Lattices as the numbers that the squared lengths of reciprocal vectors are linear in.

q^2 = numbers . forms(hkl) on conventional axes: one number in a cubic lattice, two in a tetragonal,
trigonal or hexagonal one (hexagonal axes), three, four and six in an orthorhombic, a monoclinic
(b unique) and a triclinic one.
"""

import itertools
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.centring import PRIMITIVE
from crystalnet.settings import CrystalSystem

# Lattices differ from the ideal of their system by rounding, and by up to this in metric.
_METRIC = 0.01
# Numbers that agree to this share are those of one setting.
_SAME = 1e-6

_CENTRINGS: dict[CrystalSystem, str] = {
    "cubic": "PFI",
    "trigonal": "PR",
    "hexagonal": "P",
    "tetragonal": "PI",
    "orthorhombic": "PCAFI",
    "monoclinic": "PC",
    "triclinic": "P",
}
# What multiplies h^2, k^2, l^2, k l, h l and h k in each form.
_FORMS: dict[CrystalSystem, list[list[int]]] = {
    "cubic": [[1, 1, 1, 0, 0, 0]],
    "trigonal": [[1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0]],
    "hexagonal": [[1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0]],
    "tetragonal": [[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]],
    "orthorhombic": np.eye(6, dtype=int)[:3].tolist(),
    "monoclinic": np.eye(6, dtype=int)[[0, 1, 2, 4]].tolist(),
    "triclinic": np.eye(6, dtype=int).tolist(),
}
# The first of the six that tells each number.
_TOLD = {system: [row.index(1) for row in rows] for system, rows in _FORMS.items()}


def forms(hkl: Int[ndarray, "reflections 3"], system: CrystalSystem) -> Int[ndarray, "hkl numbers"]:
    """What q^2 is linear in, of reflections on conventional axes."""
    first, second = np.array([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]).T
    products = hkl[:, first] * hkl[:, second]
    found: ndarray = products @ np.array(_FORMS[system]).T
    return found


def reciprocal_metrics(
    numbers: Float[ndarray, "lattices numbers"], system: CrystalSystem
) -> Float[ndarray, "lattices 3 3"]:
    """Products of the reciprocal axes, 1/A^2."""
    squares = numbers @ np.array(_FORMS[system], dtype=float)
    metric = np.zeros((len(numbers), 3, 3))
    metric[:, [0, 1, 2], [0, 1, 2]] = squares[:, :3]
    for (i, j), product in zip(((1, 2), (0, 2), (0, 1)), squares[:, 3:].T, strict=True):
        metric[:, i, j] = metric[:, j, i] = product / 2
    return metric


def volumes(
    numbers: Float[ndarray, "lattices numbers"], system: CrystalSystem
) -> Float[ndarray, " lattices"]:
    """A^3 of the conventional cells; 0 for numbers that are those of no lattice."""
    determinant = np.linalg.det(reciprocal_metrics(numbers, system))
    found: ndarray = np.where(determinant > 0, 1 / np.sqrt(np.maximum(determinant, 1e-30)), 0)
    return found


def distortions(
    numbers: Float[ndarray, "lattices numbers"],
    own: Float[ndarray, " numbers"],
    system: CrystalSystem,
) -> Float[ndarray, " lattices"]:
    """Half of the logarithm by which two directions stretch differently from a lattice to others.

    With two numbers that is half the change of ln(c / a)^2; inf for numbers of no lattice.
    """
    inverse = np.linalg.inv(np.linalg.cholesky(reciprocal_metrics(own[None], system)[0]))
    stretch = np.linalg.eigvalsh(inverse @ reciprocal_metrics(numbers, system) @ inverse.T)
    real = stretch[:, 0] > 0
    ratio = stretch[:, 2] / np.where(real, stretch[:, 0], 1)
    found: ndarray = np.where(real, np.log(np.where(real, ratio, 1)) / 2, np.inf)
    return found


def lattice_numbers(
    lattice: Float[ndarray, "3 3"], system: CrystalSystem
) -> tuple[Float[ndarray, " numbers"], Int[ndarray, "3 3"]] | None:
    """The numbers of a primitive cell, and the integer rows of its conventional axes in it.

    None for a lattice that is not of the system, or in axes other than the usual ones.
    """
    for axes in _axes(system):
        numbers, fits = _numbers(lattice[None], axes, system)
        if fits[0]:
            return numbers[0], axes
    return None


def in_every_setting(
    lattice: Float[ndarray, "3 3"], system: CrystalSystem
) -> Float[ndarray, "settings numbers"]:
    """The numbers of a primitive cell in all its settings that are usual for the system.

    The axes of an orthorhombic lattice can be named in six ways, say; those of a monoclinic or
    triclinic one are chosen among near lattice vectors. None for a lattice of another system.
    """
    cells = unimodular() @ lattice
    found = []
    for axes in _axes(system):
        numbers, fits = _numbers(cells, axes, system)
        found.append(numbers[fits])
    every = np.concatenate(found)
    scale = np.abs(every[:, :1]) if len(every) else 1
    _, first = np.unique(np.rint(every / (scale * _SAME)), axis=0, return_index=True)
    settings: ndarray = every[np.sort(first)]
    return settings


def stretched(
    lattice: Float[ndarray, "3 3"], numbers: Float[ndarray, " numbers"], system: CrystalSystem
) -> Float[ndarray, "3 3"]:
    """A primitive cell in usual axes, stretched until its lattice has other numbers."""
    known = lattice_numbers(lattice, system)
    assert known is not None
    own, axes = known
    before, after = (
        np.linalg.cholesky(np.linalg.inv(reciprocal_metrics(each[None], system)[0]))
        for each in (own, numbers)
    )
    left, _, right = np.linalg.svd(np.linalg.inv(before) @ axes @ lattice)
    turn = left @ right
    found: ndarray = lattice @ turn.T @ np.linalg.inv(before) @ after @ turn
    return found


def _numbers(
    cells: Float[ndarray, "cells 3 3"], axes: Int[ndarray, "3 3"], system: CrystalSystem
) -> tuple[Float[ndarray, "cells numbers"], ndarray]:
    """Numbers of primitive cells by some conventional axes, and whether they are of the system."""
    rows = axes @ cells
    metric = rows @ rows.transpose(0, 2, 1)
    ideal = metric.copy()
    one, two, three = np.arange(3)
    if system == "cubic":
        ideal[:] = 0
        ideal[:, [0, 1, 2], [0, 1, 2]] = metric.trace(axis1=1, axis2=2)[:, None] / 3
    elif system in ("trigonal", "hexagonal", "tetragonal"):
        square = (metric[:, one, one] + metric[:, two, two]) / 2
        ideal[:] = 0
        ideal[:, one, one] = ideal[:, two, two] = square
        ideal[:, three, three] = metric[:, three, three]
        if system != "tetragonal":
            ideal[:, one, two] = ideal[:, two, one] = -square / 2
    elif system == "orthorhombic":
        ideal *= np.eye(3)
    elif system == "monoclinic":
        ideal[:, [0, 1, 1, 2], [1, 0, 2, 1]] = 0
    largest = metric.diagonal(axis1=1, axis2=2).max(axis=1)
    fits = np.abs(metric - ideal).max(axis=(1, 2)) < _METRIC * largest
    reciprocal = np.linalg.inv(ideal)
    six = np.concatenate(
        [
            reciprocal.diagonal(axis1=1, axis2=2),
            2 * reciprocal[:, [1, 0, 0], [2, 2, 1]],
        ],
        axis=1,
    )
    return six[:, _TOLD[system]], fits


@lru_cache(maxsize=8)
def _axes(system: CrystalSystem) -> list[Int[ndarray, "3 3"]]:
    """Conventional axes (rows) of primitive cells, by centring."""
    return [
        np.rint(np.linalg.inv(PRIMITIVE[centring])).astype(np.int64)
        for centring in _CENTRINGS[system]
    ]


@lru_cache(maxsize=1)
def unimodular() -> Int[ndarray, "matrices 3 3"]:
    """Matrices of -1, 0 and 1 with determinant 1, those with the fewest entries first."""
    every = np.array(list(itertools.product((-1, 0, 1), repeat=9))).reshape(-1, 3, 3)
    every = every[np.rint(np.linalg.det(every)) == 1]
    identity = (every == np.eye(3, dtype=int)).all(axis=(1, 2))
    order = np.lexsort([np.abs(every).sum(axis=(1, 2)), ~identity])
    found: ndarray = every[order]
    return found
