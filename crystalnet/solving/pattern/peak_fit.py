"""Places and areas of peaks by least squares, cluster by cluster."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.optimize import least_squares, nnls

from crystalnet.solving.pattern.peak_shape import PeakShape


def fit_peaks(
    shape: PeakShape,
    x: Float[ndarray, " points"],
    y: Float[ndarray, " points"],
    places: Float[ndarray, " peaks"],
    noise: Float[ndarray, " points"],
) -> tuple[Float[ndarray, " peaks"], Float[ndarray, " peaks"]]:
    """Places and areas, ascending.

    A peak of a doublet is worked on at both its lines, so that one at the place of another's
    K-alpha-2 shares the intensity there with it. What peaks of other clusters put there is taken
    off with the areas that all peaks have together.

    Args:
        x: degrees of 2-theta.
        y: without the background.
        places: where peaks are looked for, ascending.
        noise: standard deviation of each point.
    """
    shapes = shape.shapes(x, places)
    areas, _ = nnls(shapes, y)
    curve = shapes @ areas
    width = shape.width_at(places)
    found = places.copy()
    for cluster in clusters(shape, places):
        here = places[cluster]
        near = _near(shape, x, here)
        own = shapes[np.ix_(near, cluster)] @ areas[cluster]
        part = np.maximum(y[near] - curve[near] + own, 0)
        if not part.any():
            continue
        sigma = np.sqrt(noise[near] ** 2 + (0.01 * part.max()) * part)
        slack = width[cluster] / 2

        def residual(
            shift: Float[ndarray, " some"],
            x: Float[ndarray, " near"] = x[near],
            part: Float[ndarray, " near"] = part,
            here: Float[ndarray, " some"] = here,
            sigma: Float[ndarray, " near"] = sigma,
        ) -> Float[ndarray, " near"]:
            shapes = shape.shapes(x, here + shift)
            areas, _ = nnls(shapes / sigma[:, None], part / sigma)
            return np.asarray((shapes @ areas - part) / sigma)

        moved = least_squares(
            residual, np.zeros(len(here)), bounds=(-slack, slack), max_nfev=8, diff_step=1e-3,
            x_scale=slack,
        ).x  # fmt: skip
        found[cluster] = here + moved
    found.sort()
    areas, _ = nnls(shape.shapes(x, found), y)
    return found, np.asarray(areas)


def clusters(shape: PeakShape, places: Float[ndarray, " peaks"]) -> list[Int[ndarray, " some"]]:
    """Peaks that have a line near to a line of each other, by their numbers.

    Args:
        places: ascending.
    """
    margin = shape.settings.reach * shape.width_at(places)
    lines = np.concatenate([places, shape.beam.second(places)])
    margin = np.concatenate([margin, margin])
    peak = np.tile(np.arange(len(places)), 2)
    order = np.argsort(lines, kind="stable")
    lines, margin, peak = lines[order], margin[order], peak[order]
    name = np.arange(len(places))
    for k in np.flatnonzero(np.diff(lines) <= np.maximum(margin[1:], margin[:-1])).tolist():
        one, other = name[peak[k]], name[peak[k + 1]]
        name[name == max(one, other)] = min(one, other)
    found = [np.flatnonzero(name == each) for each in np.unique(name)]
    while len(largest := max(found, key=len)) > shape.settings.together:
        gaps = np.diff(places[largest])[1:-1]
        cut = int(np.argmax(gaps)) + 2
        found = [c for c in found if c is not largest] + [largest[:cut], largest[cut:]]
    return found


def _near(
    shape: PeakShape, x: Float[ndarray, " points"], places: Float[ndarray, " peaks"]
) -> Bool[ndarray, " points"]:
    """Points within the reach of a line of one of the peaks."""
    near = np.zeros(len(x), dtype=bool)
    margin = shape.settings.reach * shape.width_at(places)
    for lines in (places, shape.beam.second(places)):
        first, stop = np.searchsorted(x, lines - margin), np.searchsorted(x, lines + margin)
        for one, end in zip(first, stop, strict=True):
            near[one:end] = True
    return near
