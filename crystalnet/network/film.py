"""FiLM: the latent of a crystal scales and shifts the features of every point in its cell."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from crystalnet.network.layers import HiddenLayers, LinearNorm
from crystalnet.settings import NetworkSettings


class FilmNet(nn.Module):
    """Four layers from the joint latent (2 width) to `width`; ReLU after the last one as well."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        joint = 2 * settings.width
        outputs = [joint, joint, joint, settings.width]
        self.layers = HiddenLayers(LinearNorm(joint, width) for width in outputs)

    def forward(
        self, latents: Float[Tensor, "crystals joint"], repeats: int = 1
    ) -> Float[Tensor, "crystals width"]:
        """gamma, or beta; running variances as if each row stood `repeats` times."""
        if repeats == 1 or not self.training:
            modulation: Tensor = self.layers(latents)
            return modulation
        rows = latents
        for layer in self.layers:
            rows = F.relu(_norm_of_repeated_rows(layer.norm, layer.linear(rows), repeats))
        return rows


class Film(nn.Module):
    """gamma and beta of gamma * P(x) + beta (doi 10.1609/aaai.v32i1.11671).

    Run once per crystal. Repeating each row for every point of the crystal leaves BatchNorm's
    batch mean and biased variance as they are, so outputs and gradients are the same; only the
    running (unbiased) variance differs, by [B / (B - 1)] / [BP / (BP - 1)] for B crystals of P
    points. `repeats` = P keeps the running variance that the repeated rows would leave, which is
    what the released code validates and evaluates with.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.gamma = FilmNet(settings)
        self.beta = FilmNet(settings)

    def forward(
        self, latents: Float[Tensor, "crystals joint"], repeats: int = 1
    ) -> tuple[Float[Tensor, "crystals width"], Float[Tensor, "crystals width"]]:
        return self.gamma(latents, repeats), self.beta(latents, repeats)


def _norm_of_repeated_rows(
    norm: nn.BatchNorm1d, rows: Float[Tensor, "rows width"], repeats: int
) -> Float[Tensor, "rows width"]:
    """BatchNorm in training, with running statistics as if each row stood `repeats` times."""
    with torch.no_grad():
        momentum = cast(float, norm.momentum)
        count = len(rows) * repeats
        variance, mean = torch.var_mean(rows, dim=0, correction=0)
        cast(Tensor, norm.running_mean).lerp_(mean, momentum)
        cast(Tensor, norm.running_var).lerp_(variance * (count / (count - 1)), momentum)
        cast(Tensor, norm.num_batches_tracked).add_(1)
    return F.batch_norm(rows, None, None, norm.weight, norm.bias, True, 0.0, norm.eps)
