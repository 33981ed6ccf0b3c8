"""Stratified training points, drawn for a whole batch at once."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def stratified_voxels(
    crystals: int, grid: int, points_per_axis: int, generator: torch.Generator
) -> Int[Tensor, "crystals points 3"]:
    """One random voxel in each of points_per_axis^3 bins of the cell, for each crystal.

    The released code draws u = (bin + r) / p, r uniform in [0, 1), and floors N u to a voxel. With
    integers floor(N (bin + r) / p) = floor((bin N + k) / p), k uniform in 0..N-1: the same
    distribution for every N and p. A common factor of N and p cancels, where p divides N no
    division is left, and one integer draw a point stands for k along all three axes.
    """
    common = math.gcd(grid, points_per_axis)
    reach, divisor = grid // common, points_per_axis // common
    device = generator.device
    within = _triples(torch.arange(reach, dtype=torch.int32, device=device))
    bins = _triples(torch.arange(points_per_axis, dtype=torch.int32, device=device) * reach)
    draws = torch.randint(
        len(within),
        (crystals * len(bins),),
        generator=generator,
        dtype=torch.int32,
        device=device,
    )
    voxels = within.index_select(0, draws).view(crystals, -1, 3)
    voxels += bins
    return voxels if divisor == 1 else voxels // divisor


def _triples(axis: Int[Tensor, " axis"]) -> Int[Tensor, "triples 3"]:
    return torch.cartesian_prod(axis, axis, axis).reshape(-1, 3)


def draw_points(
    densities: Float[Tensor, "all grid grid grid"],
    chosen: Int[Tensor, " crystals"],
    points_per_axis: int,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "crystals points 3"], Float[Tensor, "crystals points"]]:
    """Coordinates in [-0.5, 0.5) and densities (e/A^3, float32) of training points.

    Args:
        densities: of the batch's crystals, or of the whole data set; only the voxels drawn are
            read.
        chosen: rows of the batch's crystals among them.
    """
    grid = densities.shape[1]
    voxels = stratified_voxels(len(chosen), grid, points_per_axis, generator)
    flat = (voxels[..., 0] * grid + voxels[..., 1]).mul_(grid).add_(voxels[..., 2])
    # 64 bits from here on: large data sets hold more than 2^31 voxels.
    flat = flat.long().add_((chosen * grid**3)[:, None])
    values = densities.reshape(-1).index_select(0, flat.view(-1)).view(flat.shape)
    return voxels.float().div_(grid).sub_(0.5), values.float()
