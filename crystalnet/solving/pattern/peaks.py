"""Peaks of a measured profile: background, noise, K-alpha-2, positions and areas."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks as local_maxima
from scipy.signal import savgol_filter

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.background import (
    between_peaks,
    clipped_background,
    followed,
    noise_of,
    snip,
)
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.other_lines import OtherLine, images_of_peaks
from crystalnet.solving.pattern.peak_fit import fit_peaks
from crystalnet.solving.pattern.peak_shape import ALPHA_2, PeakShape
from crystalnet.solving.pattern.regions import outside
from crystalnet.solving.settings import USUAL, PeakSettings, ProfileSettings
from crystalnet.solving.ties import in_order

# Maxima whose prominences differ by no more than this share of the largest are equal.
SAME_SHARE = 1e-9


@dataclass(frozen=True, eq=False)
class FoundPeaks:
    """A pattern, its background and its peaks.

    Attributes:
        two_theta, intensity: the profile as measured; of a list of peaks, the list.
        background: on the same points; zeros for a list of peaks.
        calculated: background and fitted peaks together; for a list, its intensities.
        noise: standard deviation of a usual point of the background, in the unit of the intensity.
        least: area that a peak must have to be found, at each point; zeros for a list of peaks, of
            which nobody knows what it leaves out.
        width: full width at half maximum in degrees, at each peak.
        other: peaks that another line of the tube makes, and which are not among
        peaks: what was found; positions are those of `peaks.wavelength`: K-alpha-1 for a doublet
            that was fitted as one, else the radiation's.
    """

    two_theta: Float[ndarray, " points"]
    intensity: Float[ndarray, " points"]
    background: Float[ndarray, " points"]
    calculated: Float[ndarray, " points"]
    noise: float
    least: Float[ndarray, " points"]
    width: Float[ndarray, " peaks"]
    peaks: MeasuredPeaks
    other: tuple[OtherLine, ...] = ()


def find_peaks(
    file: PatternFile,
    settings: PeakSettings = USUAL.peaks,
    profile: ProfileSettings = USUAL.profile,
) -> FoundPeaks:
    """Background, then maxima, then profiles fitted to them.

    Every peak is a pseudo-Voigt, of a K-alpha doublet two of them at the places that Bragg's law
    gives; widths follow Caglioti's square root of a quadratic in tan theta (doi
    10.1016/0029-554X(58)90029-X). Areas are by least squares under the condition that none is
    negative, so that overlapping peaks share theirs. Peaks that are K-beta or tungsten lines of
    others are set aside (`pattern.other_lines`). Where the file has standard deviations, and its
    points scatter by them, a peak stands out of those, and places are fitted with them as weights.
    A list of peaks is taken as it is.

        >>> from crystalnet import find_peaks, read_pattern
        >>> file = "data/measured_patterns/rockjock_halite.xy"
        >>> found = find_peaks(read_pattern(file, wavelength="CuKa"))
        >>> found.peaks.two_theta.round(1)
        array([27.4, 31.7, 45.5, 53.9, 56.5])

    Args:
        file: what `read_pattern` gives.
        settings: when a maximum is a peak, and so on.
        profile: what peaks look like, and what is beside them.

    Raises:
        CrystalNetError: if nothing stands out of the noise.
    """
    beam = file.radiation
    reach = (float(file.two_theta[0]), float(file.two_theta[-1]))
    if file.is_peaks:
        # A list ends with its last peak, which must count.
        reach = (max(0.0, reach[0] - settings.margin), min(180.0, reach[1] + settings.margin))
        inside = (file.two_theta > 0) & (file.two_theta < 180) & (file.intensity > 0)
        listed, height = file.two_theta[inside], file.intensity[inside]
        # Lists from structures name each reflection; no instrument tells these apart.
        group = np.append(0, np.cumsum(np.diff(listed) > settings.one_peak))
        areas = np.bincount(group, height)
        places = np.bincount(group, height * listed) / areas
        peaks = MeasuredPeaks(places, areas, beam.wavelength, reach, file.excluded)
        return FoundPeaks(
            file.two_theta,
            file.intensity,
            np.zeros_like(file.intensity),
            file.intensity,
            0.0,
            np.zeros_like(file.intensity),
            np.zeros(len(areas)),
            peaks,
        )
    x, y, sigma = _evenly(file.two_theta, file.intensity, file.sigma)
    step = x[1] - x[0]
    half_width = max(2, round(profile.widest / step))
    if sigma is not None and not followed(y, snip(y, half_width), sigma, settings.stretches):
        sigma = None
    background = clipped_background(y, half_width, profile, sigma)
    noise = noise_of(y, background, 1, sigma)
    width, maxima, wide = _maxima(
        x, y - background, background, noise, settings, profile.widest, sigma
    )
    if len(maxima) == 0:
        raise _nothing(file, noise)
    model = PeakShape(beam, float(step), width, settings=profile)
    places = x[maxima]
    for _ in range(settings.rounds):
        places, areas = fit_peaks(model, x, y - background, places, noise)
        real = ~_left_over(model, places, areas, settings)
        places, areas = places[real], areas[real]
        model = model.fitted(x, y - background, places, areas)
        between = between_peaks(x, y, places, model.width_at(places), beam, profile)
        background = background if between is None else between
    places, areas = fit_peaks(model, x, y - background, places, noise)
    real = ~_left_over(model, places, areas, settings)
    places, areas = places[real], areas[real]
    heights = areas * model.height(places)
    least = np.interp(places, x, settings.significant * wide)
    # What is no wider than two steps is a single count, not a peak.
    seen = (areas > 0) & (model.width_at(places) > 2 * step)
    # Across a range that was left out the profile is a straight line, and nothing is there.
    seen &= outside(places, file.excluded)
    seen &= heights > np.maximum(least, settings.faintest * heights.max())
    places, areas = places[seen], areas[seen]
    if not len(places):
        raise _nothing(file, noise)
    curve = model.shapes(x, places) @ areas
    width, heights = model.width_at(places), areas * model.height(places)
    lowest = np.maximum(settings.significant * wide, settings.faintest * heights.max())
    images = images_of_peaks(places, heights, width, np.interp(places, x, lowest), beam, settings)
    other = tuple(OtherLine(float(places[k]), float(areas[k]), images[k]) for k in sorted(images))
    own = [k for k in range(len(places)) if k not in images]
    places, areas = places[own], areas[own]
    return FoundPeaks(
        x,
        y,
        background,
        background + curve,
        float(np.median(noise)),
        lowest / model.height(x),
        model.width_at(places),
        MeasuredPeaks(places, areas, beam.alpha_1 or beam.wavelength, reach, file.excluded),
        other,
    )


def _nothing(file: PatternFile, noise: Float[ndarray, " points"]) -> CrystalNetError:
    return CrystalNetError(
        f"{file.path}: no peak stands out of the noise ({float(np.median(noise)):.3g} a point); "
        "give a pattern of a crystalline powder, measured longer"
    )


def _left_over(
    shape: PeakShape,
    places: Float[ndarray, " peaks"],
    areas: Float[ndarray, " peaks"],
    settings: PeakSettings,
) -> Bool[ndarray, " peaks"]:
    """Which peaks are only what is left of the K-alpha-2 of another."""
    second, width = shape.beam.second(places), shape.width_at(places)
    heights = areas * shape.height(places)
    there = np.abs(places[:, None] - second) < settings.same_place * width[:, None]
    # Where both lines of a peak are one to the eye, what is beside it is its neighbour.
    there &= second - places > width
    found: ndarray = (there & (heights[:, None] < settings.left_over * ALPHA_2 * heights)).any(
        axis=1
    )
    return found


def _maxima(
    x: Float[ndarray, " points"],
    y: Float[ndarray, " points"],
    background: Float[ndarray, " points"],
    noise: Float[ndarray, " points"],
    settings: PeakSettings,
    widest: float,
    sigma: Float[ndarray, " points"] | None,
) -> tuple[Float[ndarray, "3"], Int[ndarray, " maxima"], Float[ndarray, " points"]]:
    """How wide peaks are (a constant polynomial), where they are, and the noise that looks so.

    Args:
        y: without the background.
    """
    step = x[1] - x[0]
    rough, found = local_maxima(
        uniform_filter1d(y, 5), height=10 * noise, prominence=0.05 * float(y.max()), width=1
    )
    width = float(np.median(found["widths"])) * step if len(rough) else 5 * step
    width = float(np.clip(width, 2 * step, widest / 2))
    points = max(5, round(settings.smoothing * width / step) | 1)
    smooth = savgol_filter(y + background, points, 2) if points < len(y) else y + background
    # Detectors and programs smooth: noise that is as wide as a peak is measured, not concluded.
    wide = noise_of(smooth, background, max(points, round(width / step)), sigma)
    smooth = smooth - background
    least = np.maximum(settings.significant * wide, settings.faintest * float(smooth.max()))
    maxima, found = local_maxima(
        smooth, height=least, prominence=least / 2, distance=max(1, round(width / 2 / step))
    )
    if len(maxima) > settings.most:
        prominence = found["prominences"]
        maxima = np.sort(
            maxima[in_order(-prominence, SAME_SHARE * prominence.max(), settings.most)]
        )
    return np.array([0, 0, width**2]), maxima, wide


def _evenly(
    x: Float[ndarray, " points"],
    y: Float[ndarray, " points"],
    sigma: Float[ndarray, " points"] | None,
) -> tuple[Float[ndarray, " even"], Float[ndarray, " even"], Float[ndarray, " even"] | None]:
    """The profile and its standard deviations on even steps of 2-theta."""
    steps = np.diff(x)
    even: Bool[ndarray, " steps"] = np.abs(steps - np.median(steps)) < 0.05 * np.median(steps)
    if even.all():
        return x, y, sigma
    count = min(200_000, int((x[-1] - x[0]) / np.median(steps)) + 1)
    new = np.linspace(x[0], x[-1], count)
    return new, np.interp(new, x, y), None if sigma is None else np.interp(new, x, sigma)
