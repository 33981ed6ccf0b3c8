"""One description of each crystal: a canonical primitive cell, origin and orientation.

A powder pattern knows nothing of the cell, the origin, the orientation or the hand in which a
crystal is written down, and neither can a network that reads it. So a crystal is brought to the
standard setting of its space group (spglib, symprec 0.1), and of all settings that are standard
too, the images under the Euclidean normaliser of the group, the one is taken that puts most
valence electrons where a fixed function of position is large. Nothing is idealised: the crystal is
only described anew, and `Setting.matrix` and `Setting.shift` say how.
"""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError

SYMPREC = 0.1
"""Tolerance in A of the space group, as in the tables of structures."""

PRIMITIVE = {
    "P": np.eye(3),
    "A": np.array([[2, 0, 0], [0, 1, -1], [0, 1, 1]]) / 2,
    "C": np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 2]]) / 2,
    "F": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2,
    "I": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 2,
    "R": np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3,
}
"""Rows: primitive vectors in the conventional ones, of each centring."""

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

# The fixed function of position: cosines of low orders, whose phases leave it no symmetry.
_ORDERS = np.array([hkl for hkl in itertools.product(range(-2, 3), repeat=3) if hkl > (0, 0, 0)])
_ORDERS = _ORDERS[(_ORDERS**2).sum(axis=1) <= 6]
_DRAW = np.random.default_rng(7)
_PHASES = _DRAW.uniform(-0.6, 0.6, len(_ORDERS))
_WEIGHTS = np.exp(-(_ORDERS**2).sum(axis=1) / 2) * _DRAW.uniform(0.8, 1.2, len(_ORDERS))
# Values of it that agree to this share are ties, which the order of the images breaks.
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Setting:
    """A crystal in its canonical setting, and the way there.

    Attributes:
        crystal: the same atoms in the canonical cell.
        matrix, shift: fractional coordinates y = matrix x + shift of what was at x.
        hall_number: spglib's number of the group in its standard setting.
    """

    crystal: Crystal
    matrix: Float[ndarray, "3 3"]
    shift: Float[ndarray, "3"]
    hall_number: int


def canonical_setting(crystal: Crystal, weights: Float[ndarray, " numbers"]) -> Setting:
    """Describe a crystal in its canonical setting.

    Args:
        crystal: in a primitive cell, any of them.
        weights: of the atoms by atomic number, such as their valence electrons.

    Raises:
        CrystalNetError: if no space group is found, or the cell is not primitive.
    """
    cell = (crystal.lattice, crystal.frac_coords, crystal.atomic_numbers)
    with _quiet():
        found = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    if found is None:
        raise CrystalNetError(
            f"{crystal.material_id}: no space group is found at {SYMPREC} A; its atoms are nearer "
            "than that, or its cell is none"
        )
    centring = found.international[0]
    to_primitive = np.linalg.inv(PRIMITIVE[centring])
    conventional = np.linalg.inv(found.transformation_matrix).T @ crystal.lattice
    lattice = PRIMITIVE[centring] @ conventional
    if abs(abs(np.linalg.det(lattice)) - crystal.volume) > 1e-3 * crystal.volume:
        raise CrystalNetError(
            f"{crystal.material_id}: its cell of {crystal.volume:.2f} A^3 is not primitive "
            f"({abs(np.linalg.det(lattice)):.2f} A^3); give its primitive cell"
        )
    matrix = to_primitive.T @ found.transformation_matrix
    shift = found.origin_shift @ to_primitive
    standard = crystal.frac_coords @ matrix.T + shift
    described = Crystal(crystal.material_id, lattice, crystal.atomic_numbers, standard)
    best = best_standard(described, found.hall_number, weights)
    return Setting(
        best.crystal, best.matrix @ matrix, best.matrix @ shift + best.shift, found.hall_number
    )


def best_standard(
    crystal: Crystal, hall_number: int, weights: Float[ndarray, " numbers"]
) -> Setting:
    """The canonical setting of a crystal that is in a standard setting of its group already.

    Args:
        crystal: in the primitive cell of that setting.
        hall_number: spglib's number of the group.
        weights: of the atoms by atomic number.
    """
    rotations, shifts, free = _images(hall_number)
    images = np.einsum("ix,gyx->giy", crystal.frac_coords, rotations) + shifts[:, None]
    if free.any():
        # The origin is free along some directions: there each atom is tried at 0, as are the
        # atoms of neighbouring cells, which stand at thirds of a rhombohedral axis, say.
        moves = (_lattice_parts(free) - (images @ free.T)[:, :, None]).reshape(len(images), -1, 3)
        images = (images[:, None] + moves[:, :, None]).reshape(-1, *crystal.frac_coords.shape)
        shifts = (shifts[:, None] + moves).reshape(-1, 3)
        rotations = rotations.repeat(moves.shape[1], axis=0)
    value = _overlap(images, weights[crystal.atomic_numbers])
    best = int(np.flatnonzero(value >= value.max() - _TIE * abs(value.max()))[0])
    turn = rotations[best]
    return Setting(
        Crystal(
            crystal.material_id,
            np.linalg.inv(turn).T @ crystal.lattice,
            crystal.atomic_numbers,
            images[best] % 1,
        ),
        turn.astype(np.float64),
        shifts[best],
        hall_number,
    )


def _overlap(
    images: Float[ndarray, "images atoms 3"], weights: Float[ndarray, " atoms"]
) -> Float[ndarray, " images"]:
    """The fixed function of position, summed over the atoms."""
    once = np.exp(2j * np.pi * images)
    power = {0: np.ones_like(once), 1: once, 2: once**2}
    power |= {-1: once.conj(), -2: power[2].conj()}
    value = np.zeros(len(images))
    for orders, phase, weight in zip(_ORDERS.tolist(), _PHASES, _WEIGHTS, strict=True):
        along_x, along_y, along_z = (power[order][..., i] for i, order in enumerate(orders))
        value += weight * ((along_x * along_y * along_z * np.exp(1j * phase)).real @ weights)
    return value


@lru_cache(maxsize=256)
def _images(
    hall_number: int,
) -> tuple[Int[ndarray, "images 3 3"], Float[ndarray, "images 3"], Float[ndarray, "3 3"]]:
    """Rotations and shifts to all standard settings of a group, in its primitive cell.

    One for each coset of the group in its normaliser, as far as that keeps the free lengths and
    angles of the lattice. The third array takes from a shift its part along the directions in
    which the origin is free, or is zeros; shifts have no such part.
    """
    with _quiet():
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


def _lattice_parts(free: Float[ndarray, "3 3"]) -> Float[ndarray, "parts 3"]:
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
    with _quiet():
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
def _quiet() -> Iterator[None]:
    """spglib 2.8 announces at every call how it will report errors from version 3 on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
