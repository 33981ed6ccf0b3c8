"""Stratified points."""

import itertools

import pytest
import torch

from crystalnet.learning.sampling import draw_points, stratified_voxels


@pytest.mark.parametrize(("grid", "points"), [(50, 10), (50, 8), (12, 8), (7, 3), (5, 5), (4, 6)])
def test_one_voxel_in_each_bin(grid: int, points: int) -> None:
    voxels = stratified_voxels(20, grid, points, torch.Generator().manual_seed(0))
    assert voxels.shape == (20, points**3, 3)
    for index, bins in enumerate(itertools.product(range(points), repeat=3)):
        first = torch.tensor(bins) * grid // points
        # The last voxel that a position below the end of the bin falls into.
        last = -(-(torch.tensor(bins) + 1) * grid // points) - 1
        assert (voxels[:, index] >= first).all()
        assert (voxels[:, index] <= last).all()


@pytest.mark.parametrize(("grid", "points"), [(7, 3), (12, 8), (6, 3)])
def test_voxels_are_drawn_as_a_floored_uniform_number(grid: int, points: int) -> None:
    drawn = stratified_voxels(4000, grid, points, torch.Generator().manual_seed(1))
    along_x = drawn.view(4000, points, -1, 3)[:, :, 0, 0]
    # Exactly: the share of the bin [b, b + 1) * grid / points that lies in each voxel.
    for b in range(points):
        low, high = b * grid / points, (b + 1) * grid / points
        for voxel in range(grid):
            overlap = max(0.0, min(high, voxel + 1) - max(low, voxel))
            share = (along_x[:, b] == voxel).double().mean().item()
            assert share == pytest.approx(overlap / (high - low), abs=0.04)


def test_values_are_the_densities_at_the_coordinates() -> None:
    grid = 6
    densities = torch.rand(5, grid, grid, grid, dtype=torch.float32)
    chosen = torch.tensor([4, 0, 3])
    coordinates, values = draw_points(densities, chosen, 3, torch.Generator().manual_seed(2))
    assert coordinates.shape == (3, 27, 3)
    assert coordinates.min() >= -0.5
    assert coordinates.max() < 0.5
    x, y, z = ((coordinates + 0.5) * grid).round().long().unbind(-1)
    torch.testing.assert_close(values, densities[chosen[:, None], x, y, z], rtol=0, atol=0)


def test_half_precision_densities_give_float32_values() -> None:
    densities = torch.rand(2, 4, 4, 4).half()
    _, values = draw_points(densities, torch.tensor([0, 1]), 2, torch.Generator().manual_seed(3))
    assert values.dtype == torch.float32


def test_draws_follow_the_generator() -> None:
    first = stratified_voxels(3, 50, 10, torch.Generator().manual_seed(4))
    assert torch.equal(first, stratified_voxels(3, 50, 10, torch.Generator().manual_seed(4)))
    assert not torch.equal(first, stratified_voxels(3, 50, 10, torch.Generator().manual_seed(5)))
