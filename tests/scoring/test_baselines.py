import numpy as np
import pytest
import torch

from crystalnet.scoring.baselines import ConstantMean, Known, MeanDensity, NearestPattern
from crystalnet.scoring.evaluate import evaluate
from crystalnet.settings import EvaluationSettings
from crystalnet.tensors import CrystalTensors

SETTINGS = EvaluationSettings(grid=8, guesses=2, rotations="array", precision="float32")


@pytest.fixture(scope="module")
def training():
    """Six made-up crystals whose patterns turn step by step from one bin into another."""
    generator = torch.Generator().manual_seed(2)
    angle = torch.linspace(0, torch.pi / 2, 6)
    return CrystalTensors(
        [f"mp-{i}" for i in range(6)],
        torch.stack([angle.cos(), angle.sin(), torch.zeros(6)], dim=1),
        torch.rand(6, 119, generator=generator),
        torch.rand(6, 16, 16, 16, generator=generator).half(),
        torch.eye(3).repeat(6, 1, 1),
    )


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_constant_mean_is_the_mean_of_all_voxels(training, generator):
    guess = ConstantMean(training).predict(training.patterns[:2], None, 8, 5, generator)
    assert guess.shape == (2, 1, 8, 8, 8)
    expected = training.densities.double().mean()
    torch.testing.assert_close(guess, torch.full_like(guess, float(expected)))


def test_mean_density_is_the_mean_at_each_voxel(training, generator):
    guess = MeanDensity(training).predict(training.patterns[:3], None, 8, 5, generator)
    assert guess.shape == (3, 1, 8, 8, 8)
    expected = training.densities.double().mean(dim=0)[::2, ::2, ::2].float()
    for each in guess[:, 0]:
        torch.testing.assert_close(each, expected)


def test_nearest_pattern_gives_the_nearest_first_whatever_their_scale(training, generator):
    between = 0.3 * (0.9 * training.patterns[2:3] + 0.1 * training.patterns[3:4])
    guess = NearestPattern(training).predict(between, None, 16, 3, generator)
    for found, crystal in zip(guess[0], (2, 3, 1), strict=True):
        torch.testing.assert_close(found, training.densities[crystal].float(), rtol=0, atol=0)


def test_nearest_pattern_makes_no_more_guesses_than_it_has_crystals(training, generator):
    guess = NearestPattern(training).predict(training.patterns[:1], None, 8, 50, generator)
    assert guess.shape == (1, 6, 8, 8, 8)


def test_a_pattern_without_peaks_has_a_nearest_crystal_too(training, generator):
    guess = NearestPattern(training).predict(torch.zeros(1, 3), None, 8, 2, generator)
    assert guess.isfinite().all()


def test_baselines_are_scored_as_the_network_is(training):
    found = {
        baseline: evaluate(baseline(training), training, SETTINGS, 1, "cpu")
        for baseline in (ConstantMean, MeanDensity, NearestPattern)
    }
    # A training crystal is its own nearest; a mean knows more than a constant.
    np.testing.assert_array_equal(found[NearestPattern]["ssim_first_none"], 1)
    assert (found[MeanDensity]["map_correlation"] > 0).all()
    assert (found[ConstantMean]["map_correlation"] == 0).all()
    assert (found[MeanDensity]["nmae_percent"] < found[ConstantMean]["nmae_percent"]).all()
    assert (found[ConstantMean]["ssim_spread_array"] == 0).all()


def test_known_densities_are_scored_each_against_its_own_crystal(training):
    found = evaluate(Known(training.densities.float()), training, SETTINGS, 1, "cpu")
    np.testing.assert_array_equal(found["ssim_none"], 1)
    turned = Known(training.densities.float().roll(1, dims=0))
    assert (evaluate(turned, training, SETTINGS, 1, "cpu")["ssim_none"] < 0.99).all()
