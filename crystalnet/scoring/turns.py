"""Rotations of densities as maps of voxels, and of the windows of SSIM."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.rotations import index_maps, rotation_matrices
from crystalnet.scoring.windows import WINDOW
from crystalnet.settings import RotationSet


@dataclass(frozen=True)
class Turn:
    """A group of rotations as index maps on one device.

    Attributes:
        voxels: for each rotation, the voxel that comes to each place.
        windows: the same for the windows inside the grid, or None where a rotation does not
            send windows to windows.
        periodic: whether `windows` counts all windows of the periodic cell.
    """

    voxels: Int[Tensor, "rotations voxels"]
    windows: Int[Tensor, "rotations windows"] | None
    periodic: bool


def take(
    fields: Float[Tensor, "pairs voxels"], index: Int[Tensor, "rotations places"], size: int
) -> Float[Tensor, "pairs rotations x x x"]:
    """Each field in each rotation, with `size` points per axis."""
    turned = fields.index_select(1, index.reshape(-1))
    return turned.view(len(fields), len(index), size, size, size)


@lru_cache(maxsize=16)
def turn_of(matrices: bytes, grid: int, centred: bool, device: torch.device) -> Turn:
    """Index maps of the rotations given as the bytes of their int64 matrices."""
    voxels = index_maps(matrices, grid, centred)
    rotations = np.frombuffer(matrices, dtype=np.int64).reshape(-1, 3, 3)
    half, valid = WINDOW // 2, grid - WINDOW + 1
    windows: Int[ndarray, "rotations windows"] | None = None
    if centred:
        windows = index_maps(matrices, valid, centred)
    elif (np.abs(rotations).sum(axis=1) == 1).all():
        # Signed permutations of the axes: cubes of voxels stay cubes.
        inside = voxels.reshape(-1, grid, grid, grid)[
            :, half : half + valid, half : half + valid, half : half + valid
        ]
        windows = inside.reshape(len(rotations), -1)
    # 32 bits are enough, and half the traffic; a copy, since the maps are read-only.
    return Turn(
        torch.tensor(voxels, dtype=torch.int32, device=device),
        None if windows is None else torch.tensor(windows, dtype=torch.int32, device=device),
        not centred,
    )


def groups_of_equal_rotations(
    rotations: RotationSet, crystals: int, lattices: Float[Tensor, "crystals 3 3"] | None
) -> list[tuple[Int[ndarray, "rotations 3 3"], Int[Tensor, " members"]]]:
    """The matrices that occur, each with the crystals that have them."""
    if rotations != "lattice" or lattices is None:
        return [(rotation_matrices(rotations), torch.arange(crystals))]
    groups: dict[bytes, tuple[Int[ndarray, "rotations 3 3"], list[int]]] = {}
    for crystal, lattice in enumerate(lattices.cpu().numpy()):
        matrices = rotation_matrices(rotations, lattice)
        groups.setdefault(matrices.tobytes(), (matrices, []))[1].append(crystal)
    return [(matrices, torch.tensor(members)) for matrices, members in groups.values()]
