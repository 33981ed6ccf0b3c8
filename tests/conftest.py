"""Shapes checked at run time in every test; small made-up crystals and settings for trainings."""

import math
from collections.abc import Callable

import pytest
import torch

from tests import first_calls

first_calls.install("crystalnet")

from crystalnet.settings import NetworkSettings, TrainingSettings  # noqa: E402 (after the hook)
from crystalnet.tensors import CrystalTensors  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-call", action="store_true", help="check shapes at every call")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("every_call"):
        first_calls.CALLS.limit = math.inf


def pytest_runtest_setup() -> None:
    first_calls.CALLS.checked.clear()


def made_up_crystals(crystals: int, seed: int) -> CrystalTensors:
    """Densities of one Gaussian blob each, whose place and height the pattern tells."""
    generator = torch.Generator().manual_seed(seed)
    grid, bins = 10, 32
    place = torch.rand(crystals, 3, generator=generator)
    height = 1 + torch.rand(crystals, generator=generator)
    axis = torch.arange(grid) / grid
    away = (axis - place[:, :, None] + 0.5) % 1 - 0.5
    along = torch.exp(-20 * away**2) * height[:, None, None] ** (1 / 3)
    densities = torch.einsum("ci,cj,ck->cijk", *along.unbind(1))
    patterns = torch.zeros(crystals, bins)
    patterns[:, :3], patterns[:, 3] = place, height
    formulas = torch.zeros(crystals, 119)
    formulas[torch.arange(crystals), torch.arange(crystals) % 90 + 1] = 1.0
    return CrystalTensors(
        [f"mp-{seed}-{i}" for i in range(crystals)],
        patterns / patterns.amax(dim=1, keepdim=True),
        formulas,
        densities,
        torch.eye(3).expand(crystals, 3, 3) * 4.0,
    )


@pytest.fixture
def crystals() -> Callable[[int, int], CrystalTensors]:
    return made_up_crystals


@pytest.fixture
def tiny_network() -> NetworkSettings:
    return NetworkSettings(
        width=8,
        fourier_features=4,
        fourier_sigma=1.0,
        dense_growth=1,
        dense_layers=1,
        regressor_layers=1,
        regressor_blocks=1,
    )


@pytest.fixture
def short_training() -> TrainingSettings:
    return TrainingSettings(
        cycles=[2, 4],
        learning_rate_max=3e-3,
        learning_rate_min=1e-6,
        batch_size=4,
        points_per_axis=3,
        kl_weight_pattern=0.05,
        kl_weight_formula=0.05,
        pattern_shift_bins=1,
        input_noise=1e-3,
        validation_every=2,
        validation_grid=8,
        validation_guesses=2,
        film_statistics="crystals",
        densities_on="device",
        precision="float32",
        compile="none",
    )
