"""Plane waves of many reflections at many points."""

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

# Waves worked on at once: they stay in the processor's cache.
AT_ONCE = 512


def plane_waves(
    hkl: Int[ndarray, "waves 3"], x: Float[ndarray, "points 3"]
) -> Complex[ndarray, "waves points"]:
    """exp(2 pi i hkl . x), from the powers of one wave along each axis."""
    powers, rows = [], []
    for index, place in zip(hkl.T, x.T, strict=True):
        first, last = int(index.min(initial=0)), int(index.max(initial=0))
        powers.append(np.exp(2j * np.pi * np.outer(np.arange(first, last + 1), place)))
        rows.append(index - first)
    found = np.empty((len(hkl), len(x)), dtype=np.complex128)
    for start in range(0, len(hkl), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        a, b, c = (power[row[some]] for power, row in zip(powers, rows, strict=True))
        np.multiply(a, b, out=found[some])
        found[some] *= c
    return found
