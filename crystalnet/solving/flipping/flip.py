"""Phases by charge flipping (G. Oszlanyi and A. Suto, doi 10.1107/S0108767303027569).

Density that is low is made its opposite, and the moduli are made the measured ones, in turn, until
what is left is atoms: they are where density is, and most of a cell is empty. In a powder pattern
lines overlap; they are shared out anew, as the map has them, every few cycles (C. Baerlocher,
L. McCusker and L. Palatinus, doi 10.1524/zkri.2007.222.2.47).
"""

import numpy as np
from jaxtyping import Complex
from numpy import ndarray

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.settings import FlippingSettings


def flipped(
    reflections: Reflections,
    generator: np.random.Generator,
    settings: FlippingSettings,
    *,
    sharp: bool,
    budget: Budget = UNBOUNDED,
) -> Complex[ndarray, " hkl"]:
    """Structure factors with the phases that flipping ends with, from random ones.

    Args:
        sharp: whether the moduli are divided by what is expected at their angle, which makes
            atoms sharper, and light ones as good as heavy ones.
    """
    expected = reflections.expected if sharp else np.ones_like(reflections.expected)
    norm = np.sqrt(expected)[reflections.unique]
    modulus = reflections.shared(reflections.expected) / norm
    phases = reflections.coefficients(generator.random(reflections.shape))
    mean = 0.0
    for cycle in range(settings.cycles):
        if budget.over():
            break
        phases /= np.maximum(np.abs(phases), 1e-300)
        density = reflections.map(modulus * phases) + mean
        deviation = density.std()
        least = settings.rounded * deviation
        density = np.rint(density / least) * least
        density = np.where(density < settings.threshold * deviation, -density, density)
        mean = float(density.mean())
        phases = reflections.coefficients(density)
        if cycle % settings.repartition == settings.repartition - 1:
            modulus = reflections.shared(reflections.power(phases * norm)) / norm
    phases /= np.maximum(np.abs(phases), 1e-300)
    return np.asarray(modulus * norm * phases)
