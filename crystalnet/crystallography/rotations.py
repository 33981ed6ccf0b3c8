"""The rotation sets under which a guessed density may be compared with the truth.

The density of a cell is drawn as a cube, and a network that knows no lattice cannot tell its
orientations apart; so a guess is scored in several (paper, Methods: 24). Three sets, and none:

- `array`: the 24 proper rotations of the cube as a box of voxels, i -> N-1-i along a turned
  axis. What the released code does; it shifts a periodic grid by one voxel.
- `cube`: the same 24 about the cell's origin, i -> -i mod N. Exact for cells with three right
  angles and equal edges.
- `lattice`: the proper rotations that map the lattice itself onto itself, as integer matrices.
  The only ones that are rotations of an fcc, bcc, rhombohedral or hexagonal cell.
"""

import itertools
import warnings
from functools import lru_cache

import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.settings import RotationSet

# The tolerance, in A, with which the Materials Project assigns space groups: the rotations of
# a crystal's point group are then always among those of its lattice.
LATTICE_TOLERANCE = 0.1


def rotation_matrices(
    name: RotationSet, lattice: Float[ndarray, "3 3"] | None = None
) -> Int[ndarray, "rotations 3 3"]:
    """The rotations of a set as integer matrices on fractional coordinates, r' = R r.

    The identity comes first. Each set is a group (International Tables A, section 1.2), so it
    does not matter whether R or its inverse is meant.

    Args:
        name: the set; `array` and `cube` have the same matrices and differ in their centre.
        lattice: rows are a, b, c in A; read for `lattice` alone.

    Raises:
        CrystalNetError: if `lattice` is asked for without a lattice, or spglib finds none.
    """
    if name == "none":
        return np.eye(3, dtype=np.int64)[None]
    if name in ("array", "cube"):
        return _cube_matrices()
    if lattice is None:
        raise CrystalNetError(
            "the rotation set 'lattice' needs the lattice of each crystal, and got none"
        )
    return _lattice_matrices(np.asarray(lattice, dtype=np.float64).tobytes())


def rotation_set(
    name: RotationSet, grid: int, lattice: Float[ndarray, "3 3"] | None = None
) -> Int[ndarray, "rotations voxels"]:
    """The rotations of a set as index maps: `rotated.flat = density.flat[index]`.

    Row k sends the voxel at r to the voxel that `rotation_matrices(...)[k]` turns r into, on a
    grid of `grid` points per axis whose point i is the fractional coordinate i/grid. The
    result is cached and read-only.

    Raises:
        CrystalNetError: as `rotation_matrices`.
    """
    matrices = rotation_matrices(name, lattice)
    return index_maps(matrices.tobytes(), grid, centred=name == "array")


@lru_cache(maxsize=8)
def index_maps(matrices: bytes, grid: int, centred: bool) -> Int[ndarray, "rotations voxels"]:
    """Index maps of the rotations whose int64 matrices are given as bytes, so as to be cached.

    Args:
        matrices: `rotation_matrices(...).tobytes()`.
        grid: points per axis.
        centred: turn about the middle of the box of voxels and not about voxel 0.
    """
    rotations = np.frombuffer(matrices, dtype=np.int64).reshape(-1, 3, 3)
    # Twice the coordinate, so that the middle of an even box is an integer as well.
    scale, origin = (2, grid - 1) if centred else (1, 0)
    axis = scale * np.arange(grid, dtype=np.int64) - origin
    along = rotations[..., None] * axis
    turned = (
        along[:, :, 0, :, None, None] + along[:, :, 1, None, :, None] + along[:, :, 2, None, None]
    )
    x, y, z = np.moveaxis((turned + origin) // scale % grid, 1, 0)
    index: Int[ndarray, "rotations voxels"] = ((x * grid + y) * grid + z).reshape(
        len(rotations), -1
    )
    index.setflags(write=False)
    return index


@lru_cache(maxsize=1)
def _cube_matrices() -> Int[ndarray, "24 3 3"]:
    """The signed permutations of the axes with determinant 1, identity first."""
    found = [
        np.diag(signs)[:, list(order)]
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1, -1), repeat=3)
    ]
    return _proper(np.array(found, dtype=np.int64))


@lru_cache(maxsize=4096)
def _lattice_matrices(lattice: bytes) -> Int[ndarray, "rotations 3 3"]:
    rows = np.frombuffer(lattice, dtype=np.float64).reshape(3, 3)
    # One atom at the origin: the symmetry of the structure is that of the lattice.
    with warnings.catch_warnings():
        # spglib 2.8 announces at every call how it will report errors from version 3 on.
        warnings.simplefilter("ignore", DeprecationWarning)
        found = spglib.get_symmetry((rows, np.zeros((1, 3)), [1]), symprec=LATTICE_TOLERANCE)
    if found is None:
        raise CrystalNetError(
            f"spglib finds no symmetry for the lattice {rows.round(4).tolist()} (A); "
            "want three independent rows a, b, c"
        )
    return _proper(np.asarray(found["rotations"], dtype=np.int64))


def _proper(matrices: Int[ndarray, "operations 3 3"]) -> Int[ndarray, "rotations 3 3"]:
    """Those with determinant 1, in an order that depends on them alone, identity first."""
    proper = matrices[np.rint(np.linalg.det(matrices)) == 1]
    is_identity = (proper == np.eye(3, dtype=np.int64)).all(axis=(1, 2))
    keys = [*proper.reshape(-1, 9).T[::-1], ~is_identity]
    rotations = np.ascontiguousarray(proper[np.lexsort(keys)])
    rotations.setflags(write=False)
    return rotations
