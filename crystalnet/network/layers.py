"""The layers that most of CrystalNet is made of: linear maps, each followed by BatchNorm."""

from collections.abc import Iterator
from typing import NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class FoldedLayer(NamedTuple):
    """A linear map with the running statistics of its BatchNorm multiplied in."""

    weight: Float[Tensor, "outputs inputs"]
    bias: Float[Tensor, " outputs"]


class LinearNorm(nn.Module):
    """Linear, then BatchNorm over the rows.

    The linear map keeps its bias although BatchNorm takes it out again: the paper's parameter
    count holds it.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, rows: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
        normalised: Tensor = self.norm(self.linear(rows))
        return normalised

    def folded(self) -> FoldedLayer:
        """Both as one linear map, equal to them in evaluation mode."""
        mean = cast(Tensor, self.norm.running_mean)
        variance = cast(Tensor, self.norm.running_var)
        scale = self.norm.weight * torch.rsqrt(variance + self.norm.eps)
        return FoldedLayer(
            self.linear.weight * scale[:, None],
            (self.linear.bias - mean) * scale + self.norm.bias,
        )


class SkipLayer(LinearNorm):
    """LinearNorm of the concatenation [hidden, position], without building it.

    W [h, P] = W_h h + W_P P: half the memory traffic, and W_P P can be shared by all crystals
    that are evaluated on the same points.
    """

    def __init__(self, width: int) -> None:
        super().__init__(2 * width, width)
        self.width = width

    def forward(  # type: ignore[override]
        self, hidden: Float[Tensor, "points width"], position: Float[Tensor, "points width"]
    ) -> Float[Tensor, "points width"]:
        weight = self.linear.weight
        partial = torch.addmm(self.linear.bias, position, weight[:, self.width :].t())
        normalised: Tensor = self.norm(torch.addmm(partial, hidden, weight[:, : self.width].t()))
        return normalised


class HiddenLayers(nn.ModuleList):
    """LinearNorm layers one after another, each with a ReLU."""

    def __iter__(self) -> Iterator[LinearNorm]:
        return cast(Iterator[LinearNorm], super().__iter__())

    def forward(self, rows: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
        for layer in self:
            # In place: BatchNorm's backward pass reads its input, not its output.
            rows = F.relu(layer(rows), inplace=True)
        return rows

    def folded(self) -> list[FoldedLayer]:
        """Each layer as one linear map, without the ReLU."""
        return [layer.folded() for layer in self]
