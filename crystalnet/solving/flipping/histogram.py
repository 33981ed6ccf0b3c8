"""The heights that the density of a composition has, wherever its atoms are.

Two maps of the same atoms at the same resolution have nearly the same histogram: most of a cell is
empty, and a few points are as high as atoms. A map whose points are given these heights in the
order of its own says how overlapping lines may be shared out (C. Baerlocher, L. McCusker and
L. Palatinus, doi 10.1524/zkri.2007.222.2.47).
"""

from itertools import product

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.settings import FlippingSettings


def expected_heights(
    reflections: Reflections,
    norm: Float[ndarray, " hkl"],
    generator: np.random.Generator,
    settings: FlippingSettings,
) -> Float[ndarray, " points"]:
    """Heights of a map's points in ascending order, the mean of several cells with atoms anywhere.

    Args:
        norm: what the modulus of each reflection is divided by.
    """
    numbers = [number for number, count in reflections.counts.items() for _ in range(count)]
    g_squared = reflections.lines.g_squared[reflections.unique]
    form = {number: form_factor(number, g_squared / 4) for number in reflections.counts}
    total: ndarray = np.zeros(int(np.prod(reflections.shape)))
    for _ in range(settings.histograms):
        places = apart(len(numbers), reflections.primitive, generator, settings.lonely)
        waves = plane_waves(reflections.hkl, places)
        amplitude = sum(form[each] * waves[:, i] for i, each in enumerate(numbers))
        total += np.sort(reflections.map(amplitude / norm), axis=None)
    return total / settings.histograms


def matched(
    density: Float[ndarray, "n m k"], heights: Float[ndarray, " points"]
) -> Float[ndarray, "n m k"]:
    """A map with other heights, in the order of its own."""
    new = np.empty(density.size)
    new[np.argsort(density, axis=None, kind="stable")] = heights
    return new.reshape(density.shape)


def apart(
    count: int, primitive: Float[ndarray, "3 3"], generator: np.random.Generator, tries: int
) -> Float[ndarray, "count 3"]:
    """Random places in a cell, each the farthest of several from those before it.

    Args:
        primitive: rows of the cell in A.

    Returns:
        fractional coordinates.
    """
    cells = np.array(list(product((-1, 0, 1), repeat=3)))
    places = generator.random((1, 3))
    while len(places) < count:
        drawn = generator.random((tries, 3))
        shifts = (drawn[:, None] - places)[:, :, None] + cells
        nearest = np.linalg.norm(shifts @ primitive, axis=-1).min(axis=(1, 2))
        places = np.concatenate([places, drawn[nearest.argmax()][None]])
    return places
