"""Fourier features of positions."""

import math

import torch

from crystalnet.network.position_encoder import PositionEncoder, grid_axis
from crystalnet.settings import NetworkSettings

SETTINGS = NetworkSettings(
    width=8,
    fourier_features=5000,
    fourier_sigma=3.0,
    dense_growth=1,
    dense_layers=1,
    regressor_layers=1,
    regressor_blocks=0,
)


def test_grid_axis_holds_the_voxels() -> None:
    assert grid_axis(4).tolist() == [-0.5, -0.25, 0.0, 0.25]


def test_frequencies_are_normal_fixed_and_saved() -> None:
    torch.manual_seed(0)
    encoder = PositionEncoder(SETTINGS)
    assert abs(encoder.frequencies.std().item() - 3.0) < 0.1
    assert abs(encoder.frequencies.mean().item()) < 0.1
    assert "frequencies" in encoder.state_dict()
    assert "frequencies" not in dict(encoder.named_parameters())


def test_features_are_sines_then_cosines_of_2_pi_b_x() -> None:
    encoder = PositionEncoder(SETTINGS.model_copy(update={"fourier_features": 2})).double()
    encoder.frequencies = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 1.0]], dtype=torch.float64)
    x = torch.tensor([[0.125, 0.25, -0.5]], dtype=torch.float64)
    phases = [2 * math.pi * 0.125, 2 * math.pi * (0.5 - 0.5)]
    wanted = [[math.sin(p) for p in phases] + [math.cos(p) for p in phases]]
    torch.testing.assert_close(encoder.features(x), torch.tensor(wanted, dtype=torch.float64))


def test_features_keep_full_precision_under_autocast() -> None:
    encoder = PositionEncoder(SETTINGS)
    x = torch.rand(10, 3) - 0.5
    with torch.autocast("cpu", torch.bfloat16):
        inside = encoder.features(x)
    assert torch.equal(inside, encoder.features(x))
