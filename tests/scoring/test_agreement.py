import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crystalnet.scoring.agreement import (
    electron_error_percent,
    map_correlation,
    negative_mass_percent,
    nmae_percent,
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.1, 10.0))
def test_against_numpy_and_closed_forms(seed, factor):
    random = np.random.default_rng(seed)
    t, p = random.random((2, 3, 4, 4, 4)), random.normal(size=(2, 3, 4, 4, 4))
    truth, guess = torch.tensor(t), torch.tensor(p)
    correlation, nmae = map_correlation(truth, guess), nmae_percent(truth, guess)
    assert correlation.shape == nmae.shape == (2, 3)
    expected = np.corrcoef(t[1, 2].ravel(), p[1, 2].ravel())[0, 1]
    assert float(correlation[1, 2]) == pytest.approx(expected)
    assert float(nmae[0, 1]) == pytest.approx(100 * abs(p - t)[0, 1].sum() / t[0, 1].sum())
    # A guess that is the truth times a factor has every electron wrong by the same share.
    share = torch.full((2, 3), 100 * abs(factor - 1), dtype=torch.float64)
    torch.testing.assert_close(nmae_percent(truth, factor * truth), share, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        electron_error_percent(truth, factor * truth), share, rtol=1e-9, atol=1e-9
    )
    torch.testing.assert_close(
        map_correlation(truth, factor * truth + 2), torch.ones(2, 3, dtype=torch.float64)
    )


def test_an_electron_too_few_counts_as_one_too_many():
    truth = torch.ones(3, 3, 3)
    assert float(electron_error_percent(truth, 0.9 * truth)) == pytest.approx(10, abs=1e-5)
    assert float(electron_error_percent(truth, 1.1 * truth)) == pytest.approx(10, abs=1e-5)


def test_a_constant_map_correlates_with_nothing():
    truth = torch.rand(2, 5, 5, 5)
    assert (map_correlation(truth, torch.full((2, 5, 5, 5), 0.1)) == 0).all()


def test_negative_mass_is_the_share_of_what_is_negative():
    density = torch.tensor([3.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).reshape(2, 2, 2)
    assert float(negative_mass_percent(density)) == 25
    assert float(negative_mass_percent(density.clamp(min=0))) == 0
    assert float(negative_mass_percent(torch.zeros(2, 2, 2))) == 0


def test_a_constant_truth_correlates_with_nothing():
    assert (map_correlation(torch.full((2, 5, 5, 5), 0.1), torch.rand(2, 5, 5, 5)) == 0).all()


def test_a_faint_density_has_a_negative_share_too():
    density = torch.tensor([3.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).reshape(2, 2, 2) / 100
    assert float(negative_mass_percent(density)) == pytest.approx(25)
