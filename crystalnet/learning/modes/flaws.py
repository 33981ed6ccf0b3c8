"""What is wrong with the peak list of a measured pattern."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.settings_modes import FlawSettings

Peaks = tuple[Float[ndarray, " _"], Float[ndarray, " _"]]
"""q, 1/A, and intensities of any scale: as many, but not as many in each crystal."""

# Fewer peaks than this are left as they are.
_FEWEST = 5


def flawed(
    peaks: Peaks, settings: FlawSettings, rng: np.random.Generator
) -> tuple[Float[ndarray, " left"], Float[ndarray, " left"]]:
    """A peak list as one might be measured, ascending in q."""
    q, intensity = peaks
    intensity = intensity * np.exp(rng.normal(0, settings.intensity_error, len(q)))
    kept = intensity >= settings.faintest * intensity.max()
    if rng.random() < settings.cut:
        kept &= q <= q[-1] * rng.uniform(settings.shortest, 1)
    if rng.random() < settings.hidden:
        kept[np.argmax(kept)] = False
    if kept.sum() >= _FEWEST:
        q, intensity = q[kept], intensity[kept]
    if rng.random() < settings.foreign:
        count = rng.integers(1, 3)
        places = rng.uniform(0.7 * q[0], q[-1], count)
        heights = rng.uniform(0, settings.foreign_height, count) * intensity.max()
        q, intensity = np.append(q, places), np.append(intensity, heights)
        order = np.argsort(q, kind="stable")
        q, intensity = q[order], intensity[order]
    return q, intensity
