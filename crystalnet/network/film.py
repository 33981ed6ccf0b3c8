"""FiLM: the latent of a crystal scales and shifts the features of every point in its cell."""

from jaxtyping import Float
from torch import Tensor, nn

from crystalnet.network.layers import HiddenLayers, LinearNorm
from crystalnet.settings import NetworkSettings


class FilmNet(nn.Module):
    """Four layers from the joint latent (2 width) to `width`; ReLU after the last one as well."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        joint = 2 * settings.width
        outputs = [joint, joint, joint, settings.width]
        self.layers = HiddenLayers(LinearNorm(joint, width) for width in outputs)

    def forward(self, latents: Float[Tensor, "crystals joint"]) -> Float[Tensor, "crystals width"]:
        modulation: Tensor = self.layers(latents)
        return modulation


class Film(nn.Module):
    """gamma and beta of gamma * P(x) + beta (doi 10.1609/aaai.v32i1.11671).

    Run once per crystal. Repeating each row for every point of the crystal leaves BatchNorm's
    batch mean and biased variance as they are, so outputs and gradients are the same; only the
    running (unbiased) variance differs, by [B / (B - 1)] / [BP / (BP - 1)] for B crystals of P
    points.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.gamma = FilmNet(settings)
        self.beta = FilmNet(settings)

    def forward(
        self, latents: Float[Tensor, "crystals joint"]
    ) -> tuple[Float[Tensor, "crystals width"], Float[Tensor, "crystals width"]]:
        return self.gamma(latents), self.beta(latents)
