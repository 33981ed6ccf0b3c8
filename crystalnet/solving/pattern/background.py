"""What a profile has beside its peaks: background and noise."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.ndimage import uniform_filter1d

from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.settings import ProfileSettings


def clipped_background(
    y: Float[ndarray, " points"],
    half_width: int,
    settings: ProfileSettings,
    sigma: Float[ndarray, " points"] | None = None,
) -> Float[ndarray, " points"]:
    """The background of a profile whose peaks are not known yet.

    A hump of an amorphous part, wider than any peak, is background too: where clipping by cubics
    leaves much more than clipping by straight lines does, and more than most of what stands on it.

    Args:
        half_width: of the widest window, in points: wider than any peak.
        sigma: standard deviation of each point, where it is known.
    """
    flat, curved = snip(y, half_width), snip(y, half_width, cubic=True)
    noise = noise_of(y, flat, 1, sigma)
    raised = curved - flat
    on_top = uniform_filter1d(y, 9, mode="nearest") - curved
    edges = np.flatnonzero(np.diff(raised > 3 * noise, prepend=False, append=False))
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        here = slice(first, stop)
        much = float(np.median(raised[here]))
        crowded = float(np.quantile(on_top[here], settings.hump_free))
        if stop - first > half_width and much > max(
            crowded, settings.hump * float(noise[here].mean())
        ):
            flat[here] = curved[here]
    return flat


def snip(
    y: Float[ndarray, " points"], half_width: int, *, cubic: bool = False
) -> Float[ndarray, " points"]:
    """The background by iterative peak clipping, with windows that shrink.

    C. G. Ryan et al., Nucl. Instrum. Methods B 34, 396 (1988), doi 10.1016/0168-583X(88)90063-8;
    M. Morhac et al., Nucl. Instrum. Methods A 401, 113 (1997), doi
    10.1016/S0168-9002(97)01023-1; M. Morhac and V. Matousek, Appl. Spectrosc. 62, 91 (2008), doi
    10.1366/000370208783412762.

    Args:
        half_width: of the widest window, in points: wider than any peak.
        cubic: whether points are compared with a cubic through four others too, and not with a
            straight line alone.
    """
    # Clipping follows the lowest points, which the noise makes too low: smooth it first.
    v = uniform_filter1d(y, max(3, half_width // 8), mode="nearest")
    points = len(v)
    for window in range(min(half_width, (points - 1) // 2), 0, -1):
        ends = v[: points - 2 * window] + v[2 * window :]
        smooth = ends / 2
        if cubic:
            half = window // 2
            near = v[window - half : points - window - half]
            near = near + v[window + half : points - window + half]
            smooth = np.maximum(smooth, (4 * near - ends) / 6)
        v[window : points - window] = np.minimum(v[window : points - window], smooth)
    clipped: ndarray = v
    return clipped


def between_peaks(
    x: Float[ndarray, " points"],
    y: Float[ndarray, " points"],
    places: Float[ndarray, " peaks"],
    width: Float[ndarray, " peaks"],
    beam: Radiation,
    settings: ProfileSettings,
) -> Float[ndarray, " points"] | None:
    """The profile between the peaks, straight under them; None where there is too little.

    Args:
        places, width: of the peaks, ascending, in degrees of 2-theta.
        beam: of a doublet, K-alpha-2 belongs to each peak too.
    """
    free = np.ones(len(x), dtype=bool)
    for lines in (places, beam.second(places)):
        first = np.searchsorted(x, lines - settings.free * width, side="right")
        stop = np.searchsorted(x, lines + settings.free * width, side="left")
        for one, end in zip(first, stop, strict=True):
            free[one:end] = False
    if free.mean() < settings.least_free:
        return None
    smooth = uniform_filter1d(y[free], 25, mode="nearest")
    between: ndarray = np.interp(x, x[free], smooth)
    return between


def noise_of(
    y: Float[ndarray, " points"],
    background: Float[ndarray, " points"],
    apart: int,
    sigma: Float[ndarray, " points"] | None = None,
) -> Float[ndarray, " points"]:
    """The standard deviation of each point, were there background alone.

    From second differences, which leave out what is smooth. Along the range they go as the square
    root of the counts, or as standard deviations that are known; on what scale, they tell
    themselves: counts may be given on any, and programs forget the standard deviations when they
    multiply, or take them from a model. Their median does not see the peaks, which are few.

    Args:
        apart: distance of the points whose differences are taken: 1 for the noise of a point, the
            width of a peak for noise that looks like one.
        sigma: of each point, on any common scale.
    """
    likely = _likely(y, background, sigma)
    scatter = float(np.median(_second(y, apart) / likely[apart:-apart]))
    found: ndarray = np.hypot(scatter * likely, 1e-5 * float(y.max()))
    return found


def followed(
    y: Float[ndarray, " points"],
    background: Float[ndarray, " points"],
    sigma: Float[ndarray, " points"],
    stretches: int,
) -> bool:
    """Whether neighbouring points scatter as their standard deviations say along the range.

    A third column may hold anything, and what is wrong along the range no common scale mends. In
    each stretch the scatter is measured as so many times what is said; they must differ less from
    each other than those of the square root of the background do.
    """
    second = _second(y, 1)

    def uneven(likely: Float[ndarray, " points"]) -> float:
        times = second / likely[1:-1]
        parts = np.array_split(times, stretches)
        least = 1e-12 * float(np.max(times, initial=1e-300))
        return float(np.std(np.log([max(float(np.median(part)), least) for part in parts])))

    if len(second) < 2 * stretches:
        return False
    return uneven(_likely(y, background, sigma)) < uneven(_likely(y, background, None))


def _second(y: Float[ndarray, " points"], apart: int) -> Float[ndarray, " inner"]:
    """What second differences say of the standard deviation, at each point but the ends."""
    found: ndarray = (
        np.abs(y[: -2 * apart] - 2 * y[apart:-apart] + y[2 * apart :]) / np.sqrt(6) / 0.6745
    )
    return found


def _likely(
    y: Float[ndarray, " points"],
    background: Float[ndarray, " points"],
    sigma: Float[ndarray, " points"] | None,
) -> Float[ndarray, " points"]:
    """What the noise of the background goes as: the square root of its counts, or what is known.

    Of the variance of a point the background has its share of the counts.
    """
    level = np.maximum(uniform_filter1d(background, 5), 1e-6 * float(y.max()))
    if sigma is None:
        return np.asarray(np.sqrt(level))
    share = level / np.maximum(level, uniform_filter1d(y, 5, mode="nearest"))
    # A point that was counted low by chance has too small a standard deviation: a few together.
    return np.asarray(np.sqrt(uniform_filter1d(share * sigma**2, 9, mode="nearest")))
