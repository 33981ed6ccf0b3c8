"""A one-dimensional DenseNet on the binned powder pattern."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from crystalnet.network.layers import LinearNorm
from crystalnet.settings import NetworkSettings


class ConvNorm(nn.Module):
    """Convolution without bias, LayerNorm over channels and length, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, length: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.LayerNorm([outputs, length])

    def forward(
        self, signal: Float[Tensor, "crystals inputs length"]
    ) -> Float[Tensor, "crystals outputs length"]:
        return F.relu(self.norm(self.conv(signal)), inplace=True)


class DenseBlock(nn.Module):
    """Layers that each see the block's input and the outputs of all layers before them."""

    def __init__(self, inputs: int, growth: int, layers: int, length: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            ConvNorm(inputs + i * growth, growth, 3, length) for i in range(layers)
        )
        self.channels = inputs + layers * growth

    def forward(
        self, signal: Float[Tensor, "crystals inputs length"]
    ) -> Float[Tensor, "crystals outputs length"]:
        for layer in self.layers:
            signal = torch.cat([signal, layer(signal)], dim=1)
        return signal


class PatternEncoder(nn.Module):
    """A pattern to one half of its latent, the mean or sigma.

    A convolution to `growth` channels, a dense block, a 1x1 transition to 2 `growth` channels
    and average pooling, a second dense block at half the length, a 1x1 convolution to one channel,
    and Linear with BatchNorm to `width`. The last convolution has a bias and no norm.
    """

    def __init__(self, settings: NetworkSettings, pattern_bins: int) -> None:
        super().__init__()
        growth, layers = settings.dense_growth, settings.dense_layers
        half = pattern_bins // 2
        self.first = ConvNorm(1, growth, 3, pattern_bins)
        self.fine = DenseBlock(growth, growth, layers, pattern_bins)
        self.transition = ConvNorm(self.fine.channels, 2 * growth, 1, pattern_bins)
        self.coarse = DenseBlock(2 * growth, growth, layers, half)
        self.last = nn.Conv1d(self.coarse.channels, 1, 1)
        self.output = LinearNorm(half, settings.width)

    def forward(self, patterns: Float[Tensor, "crystals bins"]) -> Float[Tensor, "crystals width"]:
        signal = self.transition(self.fine(self.first(patterns[:, None])))
        signal = self.coarse(F.avg_pool1d(signal, 2))
        encoded: Tensor = self.output(self.last(signal)[:, 0])
        return encoded
