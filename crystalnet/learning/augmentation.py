"""Random changes of the inputs in training (paper, Methods)."""

import torch
from jaxtyping import Float
from torch import Tensor


def shift_patterns(
    patterns: Float[Tensor, "crystals bins"], most: int, generator: torch.Generator
) -> Float[Tensor, "crystals bins"]:
    """Each pattern moved by a whole number of bins in -most..most of its own; zeros come in."""
    crystals, bins = patterns.shape
    shift = torch.randint(
        -most, most + 1, (crystals, 1), generator=generator, device=patterns.device
    )
    source = torch.arange(bins, device=patterns.device) - shift
    inside = (source >= 0) & (source < bins)
    return patterns.gather(1, source.clamp(0, bins - 1)) * inside


def augment(
    patterns: Float[Tensor, "crystals bins"],
    formulas: Float[Tensor, "crystals elements"] | None,
    *,
    shift_bins: int,
    noise: float,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "crystals bins"], Float[Tensor, "crystals elements"] | None]:
    """Shift, then Gaussian noise on pattern and composition, then ReLU."""
    patterns = shift_patterns(patterns, shift_bins, generator)
    patterns = (patterns + noise * _normal_like(patterns, generator)).relu_()
    if formulas is not None:
        formulas = (formulas + noise * _normal_like(formulas, generator)).relu_()
    return patterns, formulas


def _normal_like(values: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(values.shape, generator=generator, device=values.device, dtype=values.dtype)
