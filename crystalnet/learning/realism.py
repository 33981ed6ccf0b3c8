"""Perfect patterns and whole compositions made into what a user has, anew at every step.

Works on binned patterns, on any device, for a whole batch at once.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from crystalnet.crystallography.composition import FORMS, SHARES
from crystalnet.settings import PatternSpec, RealismSettings


@dataclass(frozen=True)
class Realism:
    """How patterns are made worse, and how they are binned."""

    settings: RealismSettings
    spec: PatternSpec


def realistic_patterns(
    patterns: Float[Tensor, "crystals bins"],
    realism: Realism,
    generator: torch.Generator,
) -> Float[Tensor, "crystals bins"]:
    """Patterns as an instrument would give them; the strongest peak of each is 1 again.

    In this order: atoms that move, errors of intensity, peaks that are missed, peaks that move
    by one bin, peaks of something else, and the range cut at both ends. How strongly each pattern
    is struck is itself random, up to what the settings say, so perfect ones occur too.
    """
    settings, spec = realism.settings, realism.spec
    crystals, bins = patterns.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=patterns.device)

    # 2-theta at the middle of each bin, in shares of 180 degrees; s = sin(theta) / wavelength.
    begin, end = (end / 180 for end in spec.two_theta_range)
    middle = begin + (end - begin) * (torch.arange(bins, device=patterns.device) + 0.5) / bins
    s_squared = (torch.sin(middle * torch.pi / 2) / spec.wavelength) ** 2
    displacement = settings.displacement * uniform(crystals, 1)
    found = patterns * torch.exp(-2 * displacement * s_squared)
    found = found / _strongest(found)

    normal = torch.randn((crystals, bins), generator=generator, device=patterns.device)
    found = found * torch.exp(settings.intensity_error * uniform(crystals, 1) * normal)

    # A peak is missed below a threshold, or by chance.
    threshold = settings.faintest * uniform(crystals, 1) * _strongest(found)
    missed = uniform(crystals, bins) < settings.missing * uniform(crystals, 1)
    weak = found < settings.weak * _strongest(found)
    found = found * ~((found < threshold) | (missed & weak))

    moved = uniform(crystals, bins) < settings.moved * uniform(crystals, 1)
    step = torch.where(moved, torch.where(uniform(crystals, bins) < 0.5, -1, 1), 0)
    target = (torch.arange(bins, device=patterns.device) + step).clamp(0, bins - 1)
    found = torch.zeros_like(found).scatter_reduce(1, target, found, "amax")

    extra = uniform(crystals, bins) < settings.extra * uniform(crystals, 1) / bins
    height = settings.extra_height * uniform(crystals, bins) * _strongest(found)
    found = torch.where(extra, torch.maximum(found, height), found)

    # Ends of the range: uniform in the logarithm, since that is how radiations differ.
    cut = uniform(crystals, 1) < settings.cut
    last = settings.shortest_range ** uniform(crystals, 1)
    first = settings.latest_start * uniform(crystals, 1)
    inside = (middle >= first) & (middle <= last)
    kept = found * (inside | ~cut)
    # A range that holds no peak at all would be no pattern: leave it whole.
    kept = torch.where(kept.amax(dim=1, keepdim=True) > 0, kept, found)
    return kept / _strongest(kept)


def partial_compositions(
    formulas: Float[Tensor, "crystals elements"], generator: torch.Generator
) -> Float[Tensor, "crystals elements"]:
    """Molar fractions, or 1 for each element, for each but one, or zeros: drawn for each crystal.

    The forms are those of `crystalnet.crystallography.composition.composition_input`.
    """
    crystals = len(formulas)
    device = formulas.device
    weights = torch.tensor(SHARES, device=device).expand(crystals, -1)
    form = torch.multinomial(weights, 1, generator=generator)
    present = formulas > 0
    draw = torch.rand(formulas.shape, generator=generator, device=device)
    dropped = torch.zeros_like(present).scatter(1, (draw * present).argmax(1, keepdim=True), True)
    several = present.sum(dim=1, keepdim=True) > 1
    without_one = present & ~(dropped & several)
    told = torch.where(form == FORMS.index("baseline"), formulas, torch.zeros_like(formulas))
    told = torch.where(form == FORMS.index("no_ratios"), present.to(formulas.dtype), told)
    return torch.where(form == FORMS.index("drop_element"), without_one.to(formulas.dtype), told)


def _strongest(patterns: Float[Tensor, "crystals bins"]) -> Float[Tensor, "crystals 1"]:
    return patterns.amax(dim=1, keepdim=True).clamp_min(1e-12)
