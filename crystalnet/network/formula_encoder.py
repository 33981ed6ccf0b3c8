"""A small network on the composition vector."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from crystalnet.network.layers import LinearNorm
from crystalnet.settings import NetworkSettings

FORMULA_ELEMENTS = 119
"""Entries of a composition vector: atomic numbers 1 to 118, and entry 0 that stays unused."""


class FormulaEncoder(nn.Module):
    """A composition to one half of its latent, the mean or sigma: three layers, ReLU between."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        width = settings.width
        self.first = LinearNorm(FORMULA_ELEMENTS, width)
        self.second = LinearNorm(width, width)
        self.output = LinearNorm(width, width)

    def forward(
        self, formulas: Float[Tensor, "crystals elements"]
    ) -> Float[Tensor, "crystals width"]:
        hidden = F.relu(self.first(formulas), inplace=True)
        hidden = F.relu(self.second(hidden), inplace=True)
        encoded: Tensor = self.output(hidden)
        return encoded
