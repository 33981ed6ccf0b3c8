"""The elements that a density may be of, where some are known or none."""

from dataclasses import replace

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from crystalnet.crystallography.iam import Core, ValenceGaussians
from crystalnet.solving.budget import Budget
from crystalnet.solving.density.assignment import likely_templates
from crystalnet.solving.density.fourier import DensityModes
from crystalnet.solving.density.placement import place_freely
from crystalnet.solving.density.template_fit import DensityFit
from crystalnet.solving.settings import DecodingSettings


def element_pool(
    modes: DensityModes,
    elements: Int[ndarray, " elements"],
    gaussians: ValenceGaussians,
    core: Core,
    blur: float,
    budget: Budget,
    settings: DecodingSettings,
) -> Int[ndarray, " pool"]:
    """The elements that a composition of which only some are known may consist of.

    Atoms are placed with a few elements that stand for all others, then every atom may become any
    element; the likely ones and the known ones make up the pool.
    """
    numbers = np.flatnonzero(gaussians.valence)
    everything = DensityFit.of(
        modes, numbers, np.full(len(numbers), 1 / len(numbers)), gaussians, core, blur, settings
    )
    others = _representatives(everything, settings.representatives)
    few = np.union1d(np.searchsorted(numbers, elements), others)
    fit = everything.only(few)
    required = np.flatnonzero(np.isin(numbers[few], elements))
    species, x, _ = place_freely(fit, required, budget)
    if budget.over():
        return np.union1d(numbers[few[species]], elements)
    # The count of electrons would keep one atom from changing alone.
    alone = replace(everything, electron_weight=0.0)
    likely = likely_templates(alone, few[species], x, settings.likely, budget)
    return np.union1d(numbers[likely], elements)


def _representatives(fit: DensityFit, count: int) -> Int[ndarray, " few"]:
    """Templates such that every other one is near to one of them: each the farthest from before."""
    scaled = fit.template * np.sqrt(fit.weight)
    chosen = [int(np.argmax(fit.norms))]
    distance = np.full(len(scaled), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, ((scaled - scaled[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(distance)))
    return np.array(chosen)
