"""What every trained network is to the rest of the project, whatever its architecture."""

from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

Architecture = Literal["paper", "modes"]


@runtime_checkable
class DensityModel(Protocol):
    """A network that guesses densities from what is known of a crystal.

    Both architectures are one: the paper's (`crystalnet.network.crystalnet`), whose pattern is
    1024 bins of 2 theta, and `modes` (`crystalnet.network.modes`), whose pattern is scale-free.

    Attributes:
        architecture: its name in params.yaml and in the header of weights files.
        with_formula: whether it looks at the composition.
    """

    with_formula: bool

    @property
    def architecture(self) -> Architecture: ...

    @property
    def parameter_count(self) -> int:
        """Trainable parameters."""

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals guesses grid grid grid"]:
        """Densities in e/A^3 at i / grid of each axis, the one it trusts most first."""
