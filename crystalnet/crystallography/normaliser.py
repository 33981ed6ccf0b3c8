"""The standard settings of a space group: what its Euclidean normaliser makes of one of them.

International Tables for Crystallography A (2016), chapter 3.5, lists the normalisers.
"""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.centring import PRIMITIVE

# Conventional axes (rows) whose lengths and angles are free as far as their system leaves them so,
# and the last space group of each system.
_AXES = (
    (2, np.array([[1, 0, 0], [0.11, 1.13, 0], [0.17, 0.23, 1.29]])),
    (15, np.array([[1, 0, 0], [0, 1.13, 0], [-0.19, 0, 1.29]])),
    (74, np.diag([1, 1.13, 1.29])),
    (142, np.diag([1, 1, 1.37])),
    (194, np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1.37]])),
    (230, np.eye(3)),
)
# Shifts of the origin are counted in these parts of a cell edge: eighths and sixths both fit.
_PARTS = 24
_EIGHTHS = tuple(range(0, _PARTS, 3))
_SIXTHS = tuple(range(0, _PARTS, 4))
# Parts in which shifts across free directions, and those along them, are whole numbers.
_FREE_PARTS = 3 * _PARTS


@lru_cache(maxsize=256)
def standard_images(
    hall_number: int,
) -> tuple[Int[ndarray, "images 3 3"], Float[ndarray, "images 3"], Float[ndarray, "3 3"]]:
    """Rotations and shifts to all standard settings of a group, in its primitive cell.

    One for each coset of the group in its normaliser, as far as that keeps the free lengths and
    angles of the lattice. The third array takes from a shift its part along the directions in
    which the origin is free, or is zeros; shifts have no such part.
    """
    with quiet():
        kind = spglib.get_spacegroup_type(hall_number)
    primitive = PRIMITIVE[kind.international_short[0]]
    rotations, translations = _operations(hall_number, primitive)
    free = rotations.mean(axis=0)
    parts = np.rint(_PARTS * translations).astype(int) % _PARTS
    allowed: dict[bytes, set[tuple[int, ...]]] = {}
    for turn, part in zip(rotations, parts, strict=True):
        allowed.setdefault(turn.tobytes(), set()).add(tuple(part))
    origins = sorted(
        {*itertools.product(_EIGHTHS, repeat=3), *itertools.product(_SIXTHS, repeat=3)}
    )
    origin = np.array(origins)
    axes = primitive @ next(axes for last, axes in _AXES if kind.number <= last)
    found: list[tuple[ndarray, ndarray]] = []
    seen: set[tuple[bytes, bytes]] = set()
    for change in _automorphisms(axes @ axes.T):
        inverse = np.rint(np.linalg.inv(change)).astype(int)
        fits = np.ones(len(origin), dtype=bool)
        for turn, part in zip(rotations, parts, strict=True):
            turned = change @ turn @ inverse
            there = allowed.get(turned.tobytes(), set())
            moved = (change @ part + origin - origin @ turned.T) % _PARTS
            fits &= np.array([tuple(each) in there for each in moved.tolist()])
            if not fits.any():
                break
        for shift in origin[fits] / _PARTS:
            if _key(change, shift, free) in seen:
                continue
            seen.update(
                _key(change @ turn, change @ move + shift, free)
                for turn, move in zip(rotations, translations, strict=True)
            )
            found.append((change, shift - free @ shift))
    return np.array([change for change, _ in found]), np.array([shift for _, shift in found]), free


def lattice_parts(free: Float[ndarray, "3 3"]) -> Float[ndarray, "parts 3"]:
    """The parts of lattice vectors along free directions, each once modulo whole vectors."""
    vectors = np.array(list(itertools.product((0, 1), repeat=3)))
    parts = np.rint(_FREE_PARTS * vectors @ free.T).astype(np.int64) % _FREE_PARTS
    unique: ndarray = np.unique(parts, axis=0) / _FREE_PARTS
    return unique


def _key(
    turn: Int[ndarray, "3 3"], shift: Float[ndarray, "3"], free: Float[ndarray, "3 3"]
) -> tuple[bytes, bytes]:
    part = np.rint(_FREE_PARTS * (shift - free @ shift)).astype(np.int64) % _FREE_PARTS
    return np.rint(turn).astype(np.int64).tobytes(), part.tobytes()


def _operations(
    hall_number: int, primitive: Float[ndarray, "3 3"]
) -> tuple[Int[ndarray, "operations 3 3"], Float[ndarray, "operations 3"]]:
    """Rotations and translations of a group in its standard primitive cell."""
    with quiet():
        listed = spglib.get_symmetry_from_database(hall_number)
    to_primitive = np.linalg.inv(primitive)
    found: dict[tuple[bytes, bytes], tuple[ndarray, ndarray]] = {}
    for turn, move in zip(listed["rotations"], listed["translations"], strict=True):
        rotation = np.rint(to_primitive.T @ turn @ primitive.T).astype(np.int64)
        translation = move @ to_primitive
        part = np.rint(_PARTS * translation).astype(np.int64) % _PARTS
        found.setdefault((rotation.tobytes(), part.tobytes()), (rotation, part / _PARTS))
    return np.array([r for r, _ in found.values()]), np.array([t for _, t in found.values()])


def _automorphisms(metric: Float[ndarray, "3 3"]) -> list[Int[ndarray, "3 3"]]:
    """Integer matrices that keep a metric tensor: the rotations of its lattice, either hand."""
    found = []
    for entries in itertools.product((-1, 0, 1), repeat=9):
        matrix = np.array(entries).reshape(3, 3)
        if np.abs(matrix.T @ metric @ matrix - metric).max() < 1e-9:
            found.append(matrix)
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """spglib 2.8 announces at every call how it will report errors from version 3 on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
