"""Evaluation of a trained network on points that all crystals and guesses share.

BatchNorm becomes part of the linear maps, and everything that depends on the point alone (the
position encoding P and each skip layer's W_P P) is computed once per point, whatever the number
of latents.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from crystalnet.network.position_encoder import PositionEncoder
from crystalnet.network.regressor import Block, Regressor, density_of

# Bytes of one layer's activations worked on at once: about a CPU core's cache, and on a GPU
# enough rows to fill it.
_CPU_BYTES = 1 << 20
_GPU_BYTES = 1 << 29


class PointEvaluator:
    """Position encoder and regressor with folded BatchNorms, for one use of fixed weights."""

    def __init__(self, position: PositionEncoder, regressor: Regressor) -> None:
        self.position = position
        self.position_hidden = position.hidden.folded()
        self.layers = regressor.layers.folded()
        self.blocks = [cast(Block, block).folded() for block in regressor.blocks]
        self.output = regressor.output

    def __call__(
        self,
        coordinates: Float[Tensor, "points 3"],
        gamma: Float[Tensor, "latents width"],
        beta: Float[Tensor, "latents width"],
    ) -> Float[Tensor, "latents points"]:
        """Density in e/A^3 of each latent at each point, in pieces of bounded memory."""
        density = gamma.new_empty(len(gamma), len(coordinates))
        on_cpu = gamma.device.type == "cpu"
        budget = _CPU_BYTES if on_cpu else _GPU_BYTES
        rows = max(1, budget // (gamma.shape[1] * gamma.element_size()))
        points_at_once = min(rows, len(coordinates))
        latents_at_once = max(1, rows // points_at_once)
        for first in range(0, len(coordinates), points_at_once):
            points = slice(first, first + points_at_once)
            shared = self._shared(coordinates[points])
            for start in range(0, len(gamma), latents_at_once):
                latents = slice(start, start + latents_at_once)
                density[latents, points] = self._regress(shared, gamma[latents], beta[latents])
        return density

    def _shared(
        self, coordinates: Float[Tensor, "points 3"]
    ) -> list[Float[Tensor, "points width"]]:
        """P, and W_P P + b of each block."""
        hidden = F.linear(self.position.features(coordinates), *self.position_hidden).relu_()
        position = self.position.output(hidden)
        return [position] + [
            F.linear(position, block.of_position, block.bias) for block in self.blocks
        ]

    def _regress(
        self,
        shared: list[Float[Tensor, "points width"]],
        gamma: Float[Tensor, "latents width"],
        beta: Float[Tensor, "latents width"],
    ) -> Float[Tensor, "latents points"]:
        position, *skips = shared
        hidden = torch.addcmul(beta[:, None], gamma[:, None], position)
        for weight, bias in self.layers:
            hidden = F.linear(hidden, weight, bias).relu_()
        for block, skip in zip(self.blocks, skips, strict=True):
            hidden = F.linear(hidden, block.of_hidden).add_(skip).relu_()
            for weight, bias in block.layers:
                hidden = F.linear(hidden, weight, bias).relu_()
        return density_of(hidden, self.output.weight, self.output.bias)
