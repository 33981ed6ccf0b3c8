"""The loss and its parts."""

import math

import pytest
import torch

from crystalnet.learning.loss import density_loss, kl_divergence
from crystalnet.network.crystalnet import Latent


def test_kl_equals_the_closed_form() -> None:
    mu = torch.tensor([[0.5, -1.0]], dtype=torch.float64)
    sigma = torch.tensor([[2.0, -0.3]], dtype=torch.float64)
    terms = [
        1 + math.log(s * s + 1e-4) - m * m - s * s
        for m, s in zip(mu[0].tolist(), sigma[0].tolist(), strict=True)
    ]
    assert kl_divergence(mu, sigma).item() == pytest.approx(-sum(terms) / 2, rel=1e-14)


def test_kl_is_least_at_the_normal_distribution() -> None:
    zero, one = torch.zeros(1, 3), torch.ones(1, 3)
    least = kl_divergence(zero, one)
    assert abs(least.item()) < 2e-4
    assert kl_divergence(zero + 0.5, one) > least
    assert kl_divergence(zero, one * 1.5) > least
    assert kl_divergence(zero, one * 0.5) > least
    assert kl_divergence(zero, zero).isfinite()


def test_weighted_sum() -> None:
    torch.manual_seed(0)
    latent = Latent(*torch.randn(4, 2, 3).unbind())
    predicted, wanted = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 5.0]])
    loss = density_loss(predicted, wanted, latent, weight_pattern=0.1, weight_formula=0.2)
    assert loss.l1.item() == 2.0
    assert latent.mu_formula is not None
    assert latent.sigma_formula is not None
    kl_formula = kl_divergence(latent.mu_formula, latent.sigma_formula)
    kl_pattern = kl_divergence(latent.mu_pattern, latent.sigma_pattern)
    assert loss.total.item() == pytest.approx((2 + 0.1 * kl_pattern + 0.2 * kl_formula).item())


def test_without_a_formula() -> None:
    latent = Latent(torch.randn(2, 3), torch.randn(2, 3), None, None)
    loss = density_loss(
        torch.zeros(2, 5), torch.ones(2, 5), latent, weight_pattern=0.0, weight_formula=1.0
    )
    assert loss.kl_formula.item() == 0.0
    assert loss.total.item() == 1.0
