"""The training loss (paper, equations 5 and 6)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.network.crystalnet import Latent


class Loss(NamedTuple):
    """The weighted sum and its parts; `l1` in e/A^3. `kl_formula` is 0 without a formula."""

    total: Float[Tensor, ""]
    l1: Float[Tensor, ""]
    kl_pattern: Float[Tensor, ""]
    kl_formula: Float[Tensor, ""]


def kl_divergence(
    mu: Float[Tensor, "crystals width"], sigma: Float[Tensor, "crystals width"]
) -> Float[Tensor, ""]:
    """Twice the mean KL divergence of N(mu, sigma^2) from N(0, 1).

    The 1e-4 keeps the logarithm finite. The sign printed in the paper's equation 6 would reward a
    latent far from N(0, 1); this is the released code's.
    """
    variance = sigma.square()
    return -torch.mean(1 + torch.log(variance + 1e-4) - mu.square() - variance)


def density_loss(
    predicted: Float[Tensor, "crystals points"],
    wanted: Float[Tensor, "crystals points"],
    latent: Latent,
    *,
    weight_pattern: float,
    weight_formula: float,
) -> Loss:
    """mean |rho_predicted - rho| + weighted KL terms of pattern and formula."""
    l1 = (predicted.float() - wanted).abs().mean()
    kl_pattern = kl_divergence(latent.mu_pattern, latent.sigma_pattern)
    if latent.mu_formula is None or latent.sigma_formula is None:
        kl_formula = torch.zeros_like(kl_pattern)
    else:
        kl_formula = kl_divergence(latent.mu_formula, latent.sigma_formula)
    total = l1 + weight_pattern * kl_pattern + weight_formula * kl_formula
    return Loss(total, l1, kl_pattern, kl_formula)
