"""Moving atoms that are nearly symmetric to where they are exactly so, in a given lattice."""

import os
import warnings

import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal

# spglib writes to the terminal whenever the symmetry at a wide tolerance contradicts itself, which
# is no news here: narrower ones are tried.
os.environ.setdefault("SPGLIB_WARNING", "OFF")

# Averages over the operations, whose translations are refitted each time: they converge at once.
PASSES = 3


def symmetrised(crystal: Crystal, tolerance: float) -> Crystal | None:
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
    for _ in range(PASSES):
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


def operations_of(crystal: Crystal, tolerance: float = 0.01) -> int:
    """How many operations map the crystal onto itself, up to translations of a primitive cell.

    Args:
        tolerance: distance in A.
    """
    found = _operations(crystal, tolerance)
    return 1 if found is None else len(np.unique(found[0], axis=0))


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
