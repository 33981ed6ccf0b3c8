"""Moving atoms that are nearly symmetric to where they are exactly so, in a given lattice."""

import os
import warnings
from typing import NamedTuple

import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.settings import USUAL, SymmetrySettings

# spglib writes to the terminal whenever the symmetry at a wide tolerance contradicts itself, which
# is no news here: narrower ones are tried.
os.environ.setdefault("SPGLIB_WARNING", "OFF")


def symmetrised(
    crystal: Crystal, tolerance: float, settings: SymmetrySettings = USUAL.symmetry
) -> Crystal | None:
    """The crystal with the symmetry that it has within a tolerance, or None if it has none.

    The operations are those that map the lattice and, within the tolerance, the atoms onto
    themselves. Each atom goes to the mean of where they send it (International Tables A,
    section 1.4: a site is fixed by its site-symmetry group); the origin stays where it is.

    Args:
        crystal: atoms as found.
        tolerance: distance in A.
    """
    operations = _operations(crystal, tolerance)
    if operations is None or len(operations[0]) == 1:
        return None
    rotations, translations = operations
    x = crystal.frac_coords
    images = _permutations(crystal, rotations, translations)
    if images is None:
        return None
    for _ in range(settings.passes):
        turned = np.einsum("gij,aj->gai", rotations, x)
        # The best translation of each operation for the atoms as they are now.
        offset = x[images] - turned
        offset -= np.rint(offset - translations[:, None])
        translations = offset.mean(axis=1)
        # Every operation's idea of where the atom's image belongs, next to where it is.
        ideas = turned + translations[:, None]
        ideas -= np.rint(ideas - x[images])
        mean = np.zeros_like(x)
        np.add.at(mean, images, ideas)
        x = mean / len(rotations)
    return Crystal(crystal.material_id, crystal.lattice, crystal.atomic_numbers, x % 1.0)


class Symmetry(NamedTuple):
    """Of a crystal.

    Attributes:
        operations: that map it onto itself, up to translations of a primitive cell.
        free_coordinates: how many numbers its atoms' places hold, beyond the choice of an origin.
    """

    operations: int
    free_coordinates: int


def symmetry_of(crystal: Crystal, tolerance: float = USUAL.symmetry.same) -> Symmetry:
    """How symmetric a crystal is.

    Shifts of the atoms that keep the symmetry are counted by the characters of the operations: a
    rotation R that leaves m atoms where they are has m tr R of all shifts, and tr R of the origin.

    Args:
        tolerance: distance in A.
    """
    found = _operations(crystal, tolerance)
    images = None if found is None else _permutations(crystal, *found)
    if found is None or images is None:
        return Symmetry(1, 3 * len(crystal.atomic_numbers) - 3)
    trace = np.trace(found[0], axis1=1, axis2=2)
    fixed = (images == np.arange(len(crystal.atomic_numbers))).sum(axis=1)
    free = (trace * fixed).mean() - trace.mean()
    return Symmetry(len(np.unique(found[0], axis=0)), round(float(free)))


def _operations(
    crystal: Crystal, tolerance: float
) -> tuple[Int[ndarray, "operations 3 3"], Float[ndarray, "operations 3"]] | None:
    cell = (crystal.lattice, crystal.frac_coords, crystal.atomic_numbers)
    with warnings.catch_warnings():
        # spglib 2.8 announces at every call how it will report errors from version 3 on.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = spglib.get_symmetry(cell, symprec=tolerance)
    if found is None:
        return None
    return np.asarray(found["rotations"], dtype=np.int64), np.asarray(found["translations"])


def _permutations(
    crystal: Crystal,
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
) -> Int[ndarray, "operations atoms"] | None:
    """The atom that each operation sends each atom to, or None where that is not one to one."""
    x, numbers = crystal.frac_coords, crystal.atomic_numbers
    images = np.empty((len(rotations), len(x)), dtype=np.int64)
    for row, rotation, translation in zip(images, rotations, translations, strict=True):
        apart = (x @ rotation.T + translation)[:, None] - x
        apart -= np.rint(apart)
        distance = np.linalg.norm(apart @ crystal.lattice, axis=2)
        distance[numbers[:, None] != numbers] = np.inf
        row[:] = distance.argmin(axis=1)
        if len(np.unique(row)) < len(x):
            return None
    return images
