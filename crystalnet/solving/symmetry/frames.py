"""The axes of a lattice in which a space group is as the tables have it.

An indexed lattice has no labels: which edge of an orthorhombic one is the a of Pnma, and along
which diagonal a monoclinic one glides, the pattern must say. Each way is a frame: a group in its
standard setting, and the cell of the lattice that this setting belongs to.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, centring_vectors, conventional_cell
from crystalnet.solving.lattice.kinds.lattice_kind import Centring
from crystalnet.solving.symmetry.special_positions import grid_points
from crystalnet.solving.symmetry.wyckoff import MIRROR_IMAGES, SpaceGroup, space_group

# Origins are looked for on a grid of so many points along each axis.
ORIGINS = 8


@dataclass(frozen=True, eq=False)
class Frame:
    """A space group and the axes in which it is in its standard setting.

    Attributes:
        group: the space group.
        cell: rows a, b, c in A of a conventional cell of the lattice.
    """

    group: SpaceGroup
    cell: Float[ndarray, "3 3"]


def frames_of(lattice: IndexedLattice, number: int | None = None) -> list[Frame]:
    """Every space group of a lattice in every way that its axes leave open.

    Of two groups that are mirror images the first; of ways that differ by the origin alone, or by
    a mirror image, one.

    Args:
        number: the only group, if it is known.

    Raises:
        CrystalNetError: for a group that is of no such lattice, in words which are.
    """
    own = conventional_cell(lattice)
    numbers = [
        each
        for each in lattice.groups
        if (each == number or (number is None and each not in MIRROR_IMAGES))
        and axes_of(each, lattice.system, lattice.centring)
    ]
    if not numbers:
        listed = [g for g in lattice.groups if axes_of(g, lattice.system, lattice.centring)]
        raise CrystalNetError(
            f"the space group {number} is none of a {lattice.system} {lattice.centring} lattice; "
            f"want one of {', '.join(map(str, listed))}"
        )
    return [
        Frame(space_group(each), np.asarray(axes @ own))
        for each in numbers
        for axes in axes_of(each, lattice.system, lattice.centring)
    ]


@lru_cache(maxsize=512)
def axes_of(number: int, system: str, centring: Centring) -> tuple[Int[ndarray, "3 3"], ...]:
    """The different cells, as rows in the axes of a lattice, in which a group is standard."""
    group = space_group(number)
    own = centring_vectors(centring)
    kept: list[ndarray] = []
    known: list[tuple[ndarray, ndarray]] = []
    for axes in _choices(system):
        moved = centring_vectors(group.centring) @ axes % 1
        if len(moved) != len(own) or not all(
            (np.abs(own - each) % 1 < 1e-9).all(axis=1).any() for each in moved
        ):
            continue
        back = np.rint(np.linalg.inv(axes)).astype(np.int64)
        rotations = axes.T @ group.rotations @ back.T
        translations = group.translations @ axes
        if not any(_same(rotations, translations, *each, own) for each in known):
            kept.append(axes)
            known.append((rotations, translations))
    return tuple(kept)


def _choices(system: str) -> list[Int[ndarray, "3 3"]]:
    """Cells of the same volume and kind that a lattice's own may be exchanged for."""
    if system == "orthorhombic":
        return [np.eye(3, dtype=np.int64)[list(order)] for order in permutations(range(3))]
    if system == "monoclinic":
        # Any two of a, c and a + c span the plane; a group of any centring is in one of these.
        plane = [(1, 0, 0, 1), (0, 1, 1, 0), (1, 0, 1, 1), (1, 1, 1, 0), (1, 1, 0, 1), (0, 1, 1, 1)]
        return [np.array([[p, 0, q], [0, 1, 0], [r, 0, s]]) for p, q, r, s in plane]
    return [np.eye(3, dtype=np.int64)]


def _same(
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
    others: Int[ndarray, "operations 3 3"],
    shifted: Float[ndarray, "operations 3"],
    centring: Float[ndarray, "images 3"],
) -> bool:
    """Whether another origin, or a mirror image, makes two groups one."""
    place = {each.tobytes(): row for row, each in enumerate(others)}
    rows = [place.get(each.tobytes(), -1) for each in rotations]
    if -1 in rows:
        return False
    origins = grid_points(ORIGINS) / ORIGINS
    for sign in (1, -1):
        fits = np.ones(len(origins), dtype=bool)
        for rotation, own, other in zip(rotations, translations, shifted[rows], strict=True):
            left = sign * own + origins - origins @ rotation.T - other
            apart = left[:, None] - centring
            fits &= (np.abs(apart - np.rint(apart)) < 1e-6).all(axis=2).any(axis=1)
        if fits.any():
            return True
    return False
