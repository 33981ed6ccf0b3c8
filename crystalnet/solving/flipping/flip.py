"""Phases by charge flipping (G. Oszlanyi and A. Suto, doi 10.1107/S0108767303027569).

Density that is low is made its opposite, and the moduli are made the measured ones, in turn, until
what is left is atoms: they are where density is, and most of a cell is empty. In a powder pattern
lines overlap; they are shared out anew, as the map has them, every few cycles (C. Baerlocher,
L. McCusker and L. Palatinus, doi 10.1524/zkri.2007.222.2.47), or as it has them when its points are
given the heights that the composition wants, as the same authors do.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Complex
from numpy import ndarray

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.flipping.histogram import expected_heights, matched
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.settings import FlippingSettings

Start = Callable[[Reflections, np.random.Generator], Complex[ndarray, " hkl"]]
"""Gives coefficients whose phases a map begins with."""


def at_random(reflections: Reflections, generator: np.random.Generator) -> Complex[ndarray, " hkl"]:
    """Random phases."""
    return reflections.coefficients(generator.random(reflections.shape))


def flipped(
    reflections: Reflections,
    generator: np.random.Generator,
    settings: FlippingSettings,
    *,
    sharp: bool,
    start: Start = at_random,
    budget: Budget = UNBOUNDED,
) -> Complex[ndarray, " hkl"]:
    """Structure factors with the phases that flipping ends with.

    Args:
        sharp: whether the moduli are divided by what is expected at their angle, which makes
            atoms sharper, and light ones as good as heavy ones.
        start: the phases that it begins with.
    """
    expected = reflections.expected if sharp else np.ones_like(reflections.expected)
    norm = np.sqrt(expected)[reflections.unique]
    modulus = reflections.shared(reflections.expected) / norm
    phases = start(reflections, generator)
    share = settings.heights
    heights = expected_heights(reflections, norm, generator, settings) if share else None
    mean = 0.0
    for cycle in range(settings.cycles):
        if budget.over():
            break
        phases /= np.maximum(np.abs(phases), 1e-300)
        density = reflections.map(modulus * phases) + mean
        deviation = density.std()
        least = settings.rounded * deviation
        density = np.rint(density / least) * least
        other = np.where(density < settings.threshold * deviation, -density, density)
        mean = float(other.mean())
        phases = reflections.coefficients(other)
        if cycle % settings.repartition == settings.repartition - 1:
            likely = phases
            if heights is not None:
                high = reflections.coefficients(matched(density, heights))
                likely = (1 - share) * phases + share * high
            modulus = reflections.shared(reflections.power(likely * norm)) / norm
    phases /= np.maximum(np.abs(phases), 1e-300)
    return np.asarray(modulus * norm * phases)
