"""One description of each crystal: a canonical primitive cell, origin and orientation.

A powder pattern knows nothing of the cell, the origin, the orientation or the hand in which a
crystal is written down, and neither can a network that reads it. So a crystal is brought to the
standard setting of its space group (spglib, symprec 0.1), and of all settings that are standard
too, the images under the Euclidean normaliser of the group, the one is taken that puts most
valence electrons where a fixed function of position is large. Nothing is idealised: the crystal is
only described anew, and `Setting.matrix` and `Setting.shift` say how.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import spglib
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.centring import PRIMITIVE
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.normaliser import lattice_parts, quiet, standard_images
from crystalnet.errors import CrystalNetError

SYMPREC = 0.1
"""Tolerance in A of the space group, as in the tables of structures."""

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
    with quiet():
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
    rotations, shifts, free = standard_images(hall_number)
    images = np.einsum("ix,gyx->giy", crystal.frac_coords, rotations) + shifts[:, None]
    if free.any():
        # The origin is free along some directions: there each atom is tried at 0, as are the
        # atoms of neighbouring cells, which stand at thirds of a rhombohedral axis, say.
        moves = (lattice_parts(free) - (images @ free.T)[:, :, None]).reshape(len(images), -1, 3)
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
