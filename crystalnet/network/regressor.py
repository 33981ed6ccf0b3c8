"""From the modulated features of a point to the density there."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from crystalnet.network.layers import FoldedLayer, HiddenLayers, LinearNorm, SkipLayer
from crystalnet.settings import NetworkSettings


class FoldedBlock(NamedTuple):
    """A block with its BatchNorms multiplied in; the skip's weight is split as in SkipLayer."""

    of_hidden: Float[Tensor, "width width"]
    of_position: Float[Tensor, "width width"]
    bias: Float[Tensor, " width"]
    layers: list[FoldedLayer]


class Block(nn.Module):
    """A group of layers whose first one sees the position encoding again."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.skip = SkipLayer(width)
        self.layers = HiddenLayers(LinearNorm(width, width) for _ in range(layers - 1))

    def forward(
        self, hidden: Float[Tensor, "points width"], position: Float[Tensor, "points width"]
    ) -> Float[Tensor, "points width"]:
        hidden = F.relu(self.skip(hidden, position), inplace=True)
        following: Tensor = self.layers(hidden)
        return following

    def folded(self) -> FoldedBlock:
        """The block with its BatchNorms multiplied in."""
        weight, bias = self.skip.folded()
        width = self.skip.width
        return FoldedBlock(weight[:, :width], weight[:, width:], bias, self.layers.folded())


class Regressor(nn.Module):
    """Layers of Linear, BatchNorm and ReLU, blocks with a skip, and a plain linear output."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        width, layers = settings.width, settings.regressor_layers
        self.layers = HiddenLayers(LinearNorm(width, width) for _ in range(layers))
        self.blocks = nn.ModuleList(Block(width, layers) for _ in range(settings.regressor_blocks))
        self.output = nn.Linear(width, 1)

    def forward(
        self, hidden: Float[Tensor, "points width"], position: Float[Tensor, "points width"]
    ) -> Float[Tensor, " points"]:
        """Density in e/A^3 from gamma * P + beta (`hidden`) and P (`position`)."""
        hidden = self.layers(hidden)
        for block in self.blocks:
            hidden = block(hidden, position)
        return density_of(hidden, self.output.weight, self.output.bias)


def density_of(
    hidden: Float[Tensor, "*points width"],
    weight: Float[Tensor, "1 width"],
    bias: Float[Tensor, "1"],
) -> Float[Tensor, "*points"]:
    """The linear output layer, in the precision of its weights whatever the caller's autocast.

    Rounded to bfloat16 a density would keep three digits, which bounds its PSNR near 50 dB.
    """
    with torch.autocast(hidden.device.type, enabled=False):
        return F.linear(hidden.to(weight.dtype), weight, bias)[..., 0]
