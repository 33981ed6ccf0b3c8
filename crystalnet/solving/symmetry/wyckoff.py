"""Space groups: operations and Wyckoff positions of all 230."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import gemmi
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.kinds.lattice_kind import Centring
from crystalnet.solving.symmetry.normaliser import alike_positions
from crystalnet.solving.symmetry.special_positions import (
    WyckoffPosition,
    fixed_space,
    positions_on_grid,
)

# P4_3 and so on: the second of each pair of mirror images, which no powder tells apart.
MIRROR_IMAGES = (78, 95, 96, 145, 153, 154, 170, 172, 179, 181, 213)
# Groups on hexagonal axes, and those of lattices whose first two edges are equal.
HEXAGONAL_AXES, EQUAL_EDGES = range(143, 195), range(75, 231)


@dataclass(frozen=True, eq=False)
class SpaceGroup:
    """A space group in its standard setting, R groups on hexagonal axes (obverse).

    Monoclinic groups have the unique axis b and the first choice of cell, groups with two choices
    of origin the first.

    Attributes:
        number: in the International Tables.
        centring: P, A, C, I, F or R.
        rotations, translations: of its operations, without centring.
        positions: the most special first, the general one last.
        polar: directions along which the origin is free: of P1 three, of Pm two, of P2 one.
        alike: what another choice of origin or axes makes of each position; structures that
            differ by that alone are one. The first row changes nothing.
    """

    number: int
    centring: Centring
    rotations: Int[ndarray, "operations 3 3"]
    translations: Float[ndarray, "operations 3"]
    positions: tuple[WyckoffPosition, ...]
    polar: Int[ndarray, "directions 3"]
    alike: Int[ndarray, "choices positions"]

    def absent(self, hkl: Int[ndarray, "reflections 3"]) -> ndarray:
        """Which reflections every arrangement of atoms lacks: bool, one for each."""
        turned = np.einsum("ri,gij->grj", hkl, self.rotations)
        same = (turned == hkl).all(axis=2)
        phase = (self.translations @ hkl.T) % 1
        shifted = np.minimum(phase, 1 - phase) > 1e-6
        missing: ndarray = (same & shifted).any(axis=0)
        return missing


@lru_cache(maxsize=230)
def space_group(number: int) -> SpaceGroup:
    """A space group by its number, 1 to 230, in the setting that gemmi takes as its standard.

    Raises:
        CrystalNetError: for another number.
    """
    if not 1 <= number <= 230:
        raise CrystalNetError(f"space group {number}; want 1 to 230")
    grid = 12 if number in HEXAGONAL_AXES else 8
    listed = gemmi.find_spacegroup_by_number(number)
    operations = listed.operations()
    den = gemmi.Op.DEN
    rotations = np.array([op.rot for op in operations.sym_ops], dtype=np.int64) // den
    translations = np.array([op.tran for op in operations.sym_ops]) / den
    centring = np.array(list(operations.cen_ops)) / den
    still = (rotations - np.eye(3)).reshape(-1, 3)
    polar = fixed_space(still, np.empty((0, 3), dtype=np.int64))
    closures = positions_on_grid(rotations, translations, centring, grid, polar)
    alike = alike_positions(
        rotations, translations, centring, grid, list(closures), exchange=number in EQUAL_EDGES
    )
    return SpaceGroup(
        number,
        cast(Centring, listed.centring_type()),
        rotations,
        translations,
        tuple(closures.values()),
        polar,
        alike,
    )
