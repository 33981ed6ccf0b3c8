"""Random Fourier features of a point in the cell, and a small network on them."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from crystalnet.network.layers import LinearNorm
from crystalnet.settings import NetworkSettings


def grid_axis(points: int) -> Float[Tensor, " points"]:
    """Coordinates of the voxels along one axis: voxel i of N sits at i / N - 0.5."""
    return torch.arange(points) / points - 0.5


class PositionEncoder(nn.Module):
    """P(x) for x in [-0.5, 0.5)^3, in fractions of the cell edges (paper, equation 3).

    sin and cos of 2 pi B x with a fixed random B ~ N(0, sigma^2), then Linear, BatchNorm, ReLU,
    Linear. B is a buffer: it is kept with the weights but never trained.
    """

    frequencies: Tensor

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        frequencies = torch.randn(settings.fourier_features, 3) * settings.fourier_sigma
        self.register_buffer("frequencies", frequencies)
        self.hidden = LinearNorm(2 * settings.fourier_features, settings.width)
        self.output = nn.Linear(settings.width, settings.width)

    def features(self, coordinates: Float[Tensor, "points 3"]) -> Float[Tensor, "points features"]:
        """[sin 2 pi B x, cos 2 pi B x]. In full precision: the phases reach tens of radians."""
        with torch.autocast(coordinates.device.type, enabled=False):
            phases = (2 * math.pi) * (coordinates @ self.frequencies.t())
            return torch.cat([phases.sin(), phases.cos()], dim=1)

    def forward(self, coordinates: Float[Tensor, "points 3"]) -> Float[Tensor, "points width"]:
        hidden = F.relu(self.hidden(self.features(coordinates)), inplace=True)
        encoded: Tensor = self.output(hidden)
        return encoded
