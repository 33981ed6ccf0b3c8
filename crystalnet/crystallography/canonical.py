"""Crystals that were made up, described as those that a network learns from."""

import numpy as np
import spglib
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.normaliser import quiet
from crystalnet.crystallography.setting import SYMPREC, canonical_setting
from crystalnet.errors import CrystalNetError


def canonical_crystal(crystal: Crystal, weights: Float[ndarray, " numbers"]) -> Crystal:
    """A crystal in the canonical setting of its primitive cell.

    With other elements a structure may have more symmetry than it had, a smaller cell, and another
    one of its settings is the canonical one.

    Args:
        crystal: in any cell.
        weights: of the atoms by atomic number, see `canonical_setting`.

    Returns:
        the crystal as it is where no space group is found.
    """
    try:
        return canonical_setting(primitive(crystal), weights).crystal
    except CrystalNetError:
        return crystal


def primitive(crystal: Crystal) -> Crystal:
    """A primitive cell of a crystal, its atoms where they are; itself if it is one already.

    Raises:
        CrystalNetError: if no cell is found.
    """
    cell = (crystal.lattice, crystal.frac_coords, crystal.atomic_numbers)
    with quiet():
        found = spglib.standardize_cell(cell, to_primitive=True, no_idealize=True, symprec=SYMPREC)
    if found is None:
        raise CrystalNetError(
            f"{crystal.material_id}: no primitive cell is found at {SYMPREC} A; its atoms are "
            "nearer than that, or its cell is none"
        )
    lattice, coordinates, numbers = found
    if len(numbers) == len(crystal.atomic_numbers):
        return crystal
    return Crystal(crystal.material_id, lattice, np.asarray(numbers, dtype=np.int64), coordinates)
