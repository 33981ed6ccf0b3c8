"""Sums over cubic windows of a density grid."""

import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.errors import CrystalNetError

# scikit-image's default window, in voxels per edge, and how many voxels it holds.
WINDOW = 7
WINDOW_VOXELS = WINDOW**3


def window_sums(fields: Float[Tensor, "*batch x y z"]) -> Float[Tensor, "*batch u v w"]:
    """Sum over every 7 x 7 x 7 window that lies inside the grid: 6 points fewer on each axis.

    One axis after another, each as 1, 2, 4, then 7 = 4 + 2 + 1 shifted adds. Unlike a running
    sum along the whole axis, no window carries the rounding of a peak that lies outside it,
    which is what keeps float32 exact enough.

    Raises:
        CrystalNetError: for a grid that holds no window.
    """
    if min(fields.shape[-3:]) < WINDOW:
        raise CrystalNetError(
            f"a density grid of {tuple(fields.shape[-3:])} points holds no {WINDOW}-point window; "
            f"want at least {WINDOW} points per axis"
        )
    for axis in (-3, -2, -1):
        fields = _sums_along(fields, axis)
    return fields


def wrapped(fields: Float[Tensor, "*batch x y z"]) -> Float[Tensor, "*batch x2 y2 z2"]:
    """The fields with half a window of their periodic images on each side.

    `window_sums` of the result has one window around each voxel of the cell.
    """
    half = WINDOW // 2
    for axis in (-3, -2, -1):
        size = fields.shape[axis]
        index = torch.arange(-half, size + half, device=fields.device) % size
        fields = fields.index_select(axis, index)
    return fields


def _sums_along(fields: Float[Tensor, "*batch x y z"], axis: int) -> Float[Tensor, "*batch u v w"]:
    size = fields.shape[axis]
    valid = size - WINDOW + 1
    pairs = fields.narrow(axis, 0, size - 1) + fields.narrow(axis, 1, size - 1)
    fours = pairs.narrow(axis, 0, size - 3) + pairs.narrow(axis, 2, size - 3)
    sevens = fours.narrow(axis, 0, valid) + pairs.narrow(axis, 4, valid)
    return sevens.add_(fields.narrow(axis, 6, valid))
