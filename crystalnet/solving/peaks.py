"""Peaks of a measured profile: background, noise, K-alpha-2, positions and areas."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.ndimage import uniform_filter1d
from scipy.optimize import least_squares, nnls
from scipy.signal import find_peaks as local_maxima
from scipy.signal import savgol_filter

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern_file import PatternFile
from crystalnet.solving.ranking import MeasuredPeaks

# Peaks are narrower than this, in degrees; the background is what is wider.
WIDEST = 2.0
# A maximum is a peak if it stands out of the noise by so many standard deviations, and above this
# share of the highest peak.
SIGNIFICANT, FAINTEST = 5.0, 0.01
# The strongest so many maxima are fitted; a pattern of more is no single phase's.
MOST = 150
# Peaks that are fitted together at most: clusters of more are cut at their widest gap.
TOGETHER = 10
# The profile is smoothed over this share of a peak's width before maxima are sought.
SMOOTHING = 0.5
# K-alpha-2 is half as strong as K-alpha-1.
ALPHA_2 = 0.5
# Points worked on together reach so many widths beyond the first and last peak of a cluster, and
# clusters are cut where peaks are farther apart than twice that.
REACH = 4.0
# Shares of Lorentzian in the peaks of a pattern, of which the best is taken.
LORENTZIAN = (0.0, 0.3, 0.6, 0.9)
# The background is read farther than so many widths from every peak, if so much is left there.
FREE, LEAST_FREE = 6.0, 0.2
# Listed peaks nearer than this, in degrees, are one.
ONE_PEAK = 0.03
# Widths that are tried beside the last ones.
TRIALS = np.array([0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0])
# How often the background is found anew without the peaks.
ROUNDS = 2


@dataclass(frozen=True, eq=False)
class FoundPeaks:
    """A pattern, its background and its peaks.

    Attributes:
        two_theta, intensity: the profile as measured; of a list of peaks, the list.
        background: on the same points; zeros for a list of peaks.
        calculated: background and fitted peaks together; for a list, its intensities.
        noise: standard deviation of a usual point of the background, in the unit of the intensity.
        width: full width at half maximum in degrees, at each peak.
        peaks: what was found; positions are those of `peaks.wavelength`: K-alpha-1 for a doublet
            that was fitted as one, else the radiation's.
    """

    two_theta: Float[ndarray, " points"]
    intensity: Float[ndarray, " points"]
    background: Float[ndarray, " points"]
    calculated: Float[ndarray, " points"]
    noise: float
    width: Float[ndarray, " peaks"]
    peaks: MeasuredPeaks


def find_peaks(file: PatternFile) -> FoundPeaks:
    """Background, then maxima, then profiles fitted to them.

    Every peak is a pseudo-Voigt, of a K-alpha doublet two of them at the places that Bragg's law
    gives; widths follow Caglioti's square root of a quadratic in tan theta (doi
    10.1016/0029-554X(58)90029-X). Areas are by least squares under the condition that none is
    negative, so that overlapping peaks share theirs.

    Raises:
        CrystalNetError: if nothing stands out of the noise.
    """
    beam = file.radiation
    reach = (float(file.two_theta[0]), float(file.two_theta[-1]))
    if file.is_peaks:
        # A list ends with its last peak, which must count.
        reach = (max(0.0, reach[0] - 0.5), min(180.0, reach[1] + 0.5))
        inside = (file.two_theta > 0) & (file.two_theta < 180) & (file.intensity > 0)
        listed, height = file.two_theta[inside], file.intensity[inside]
        # Lists from structures name each reflection; no instrument tells these apart.
        group = np.append(0, np.cumsum(np.diff(listed) > ONE_PEAK))
        areas = np.bincount(group, height)
        places = np.bincount(group, height * listed) / areas
        peaks = MeasuredPeaks(places, areas, beam.wavelength, reach)
        return FoundPeaks(
            file.two_theta,
            file.intensity,
            np.zeros_like(file.intensity),
            file.intensity,
            0.0,
            np.zeros(len(areas)),
            peaks,
        )
    x, y = _evenly(file.two_theta, file.intensity)
    step = x[1] - x[0]
    background = snip(y, max(2, round(WIDEST / step)))
    noise = _noise(y, background, 1)
    width, maxima, wide = _maxima(x, y - background, background, noise)
    if len(maxima) == 0:
        raise _nothing(file, noise)
    doublet = (beam.alpha_1, beam.alpha_2) if beam.alpha_1 and beam.alpha_2 else None
    model = _Profile(x, doublet, width)
    places = x[maxima]
    for _ in range(ROUNDS):
        places, areas = model.fit(y - background, places, noise)
        model.width, model.lorentzian = _shaped(model, y - background, places, areas)
        between = _between(x, y, places, model.width_at(places))
        background = background if between is None else between
    places, areas = model.fit(y - background, places, noise)
    heights = areas * model.height(places)
    least = np.interp(places, x, SIGNIFICANT * wide)
    # What is no wider than two steps is a single count, not a peak.
    seen = (areas > 0) & (model.width_at(places) > 2 * step)
    seen &= heights > np.maximum(least, FAINTEST * heights.max())
    places, areas = places[seen], areas[seen]
    if not len(places):
        raise _nothing(file, noise)
    curve = model.curve(places, areas)
    return FoundPeaks(
        x,
        y,
        background,
        background + curve,
        float(np.median(noise)),
        model.width_at(places),
        MeasuredPeaks(places, areas, doublet[0] if doublet else beam.wavelength, reach),
    )


def _nothing(file: PatternFile, noise: Float[ndarray, " points"]) -> CrystalNetError:
    return CrystalNetError(
        f"{file.path}: no peak stands out of the noise ({float(np.median(noise)):.3g} a point); "
        "give a pattern of a crystalline powder, measured longer"
    )


def snip(y: Float[ndarray, " points"], half_width: int) -> Float[ndarray, " points"]:
    """The background by iterative peak clipping, with windows that shrink.

    C. G. Ryan et al., Nucl. Instrum. Methods B 34, 396 (1988), doi 10.1016/0168-583X(88)90063-8;
    M. Morhac et al., Nucl. Instrum. Methods A 401, 113 (1997), doi
    10.1016/S0168-9002(97)01023-1.

    Args:
        half_width: of the widest window, in points: wider than any peak.
    """
    # Clipping follows the lowest points, which the noise makes too low: smooth it first.
    v = uniform_filter1d(y, max(3, half_width // 8), mode="nearest")
    points = len(v)
    for window in range(min(half_width, (points - 1) // 2), 0, -1):
        mean = (v[: points - 2 * window] + v[2 * window :]) / 2
        v[window : points - window] = np.minimum(v[window : points - window], mean)
    clipped: ndarray = v
    return clipped


def _between(
    x: Float[ndarray, " points"],
    y: Float[ndarray, " points"],
    places: Float[ndarray, " peaks"],
    width: Float[ndarray, " peaks"],
) -> Float[ndarray, " points"] | None:
    """The profile between the peaks, straight under them; None where there is too little."""
    # K-alpha-2 is to the right of its peak, the farther the higher the angle.
    second = 0.0026 * 2 * np.degrees(np.tan(np.radians(places) / 2))
    after = np.searchsorted(places, x)
    free = np.ones(len(x), dtype=bool)
    for peak in (np.maximum(after - 1, 0), np.minimum(after, len(places) - 1)):
        from_left = x > places[peak] - FREE * width[peak]
        free &= ~(from_left & (x < places[peak] + second[peak] + FREE * width[peak]))
    if free.mean() < LEAST_FREE:
        return None
    smooth = uniform_filter1d(y[free], 25, mode="nearest")
    between: ndarray = np.interp(x, x[free], smooth)
    return between


@dataclass
class _Profile:
    """Peaks on a grid of 2-theta.

    Attributes:
        x: degrees.
        doublet: K-alpha-1 and K-alpha-2 in A.
        width: full widths at half maximum squared, as a polynomial in tan theta.
        lorentzian: share of Lorentzian in every peak.
    """

    x: Float[ndarray, " points"]
    doublet: tuple[float, float] | None
    width: Float[ndarray, "3"]
    lorentzian: float = 0.5

    def width_at(self, places: Float[ndarray, " peaks"]) -> Float[ndarray, " peaks"]:
        t = np.tan(np.radians(places) / 2)
        step = self.x[1] - self.x[0]
        squared = np.clip(np.polyval(self.width, t), (1.5 * step) ** 2, WIDEST**2)
        found: ndarray = np.sqrt(squared)
        return found

    def height(self, places: Float[ndarray, " peaks"]) -> Float[ndarray, " peaks"]:
        """Of the higher line of peaks of area 1 a degree."""
        share = 1 / (1 + ALPHA_2) if self.doublet else 1.0
        w = self.width_at(places)
        lorentz, gauss = 2 / np.pi, 2 * np.sqrt(np.log(2) / np.pi)
        found: ndarray = share * (self.lorentzian * lorentz + (1 - self.lorentzian) * gauss) / w
        return found

    def shapes(
        self, x: Float[ndarray, " some"], places: Float[ndarray, " peaks"]
    ) -> Float[ndarray, "some peaks"]:
        """Each peak with area 1 a degree."""
        width = self.width_at(places)
        if self.doublet is None:
            return _pseudo_voigt(x[:, None] - places, width, self.lorentzian)
        sine = np.sin(np.radians(places) / 2) * self.doublet[1] / self.doublet[0]
        second = 2 * np.degrees(np.arcsin(np.minimum(sine, 1)))
        both = _pseudo_voigt(x[:, None] - places, width, self.lorentzian)
        both += ALPHA_2 * _pseudo_voigt(x[:, None] - second, width, self.lorentzian)
        return both / (1 + ALPHA_2)

    def curve(
        self, places: Float[ndarray, " peaks"], areas: Float[ndarray, " peaks"]
    ) -> Float[ndarray, " points"]:
        total = np.zeros_like(self.x)
        for place, area in zip(places, areas, strict=True):
            total += area * self.shapes(self.x, np.array([place]))[:, 0]
        return total

    def fit(
        self,
        y: Float[ndarray, " points"],
        places: Float[ndarray, " peaks"],
        noise: Float[ndarray, " points"],
    ) -> tuple[Float[ndarray, " peaks"], Float[ndarray, " peaks"]]:
        """Places and areas of the peaks, cluster by cluster."""
        found_places, found_areas = [], []
        for cluster in self._clusters(places):
            here = places[cluster]
            margin = REACH * self.width_at(here).max()
            near = (self.x > here[0] - margin) & (self.x < here[-1] + margin)
            x, part = self.x[near], np.maximum(y[near], 0)
            sigma = np.sqrt(noise[near] ** 2 + (0.01 * part.max()) * part)
            slack = self.width_at(here) / 2

            def residual(
                shift: Float[ndarray, " peaks"],
                x: Float[ndarray, " some"] = x,
                part: Float[ndarray, " some"] = part,
                here: Float[ndarray, " peaks"] = here,
                sigma: Float[ndarray, " some"] = sigma,
            ) -> Float[ndarray, " some"]:
                shapes = self.shapes(x, here + shift)
                areas, _ = nnls(shapes / sigma[:, None], part / sigma)
                return np.asarray((shapes @ areas - part) / sigma)

            moved = least_squares(
                residual, np.zeros(len(here)), bounds=(-slack, slack), max_nfev=8, diff_step=1e-3,
                x_scale=slack,
            ).x  # fmt: skip
            shapes = self.shapes(x, here + moved)
            areas, _ = nnls(shapes, part)
            found_places.append(here + moved)
            found_areas.append(areas)
        all_places, all_areas = np.concatenate(found_places), np.concatenate(found_areas)
        order = np.argsort(all_places)
        return all_places[order], all_areas[order]

    def _clusters(self, places: Float[ndarray, " peaks"]) -> list[Int[ndarray, " some"]]:
        width = self.width_at(places)
        apart = np.diff(places) > 2 * REACH * np.maximum(width[1:], width[:-1]) / 2
        clusters = list(np.split(np.arange(len(places)), np.flatnonzero(apart) + 1))
        while len(largest := max(clusters, key=len)) > TOGETHER:
            gaps = np.diff(places[largest])[1:-1]
            cut = int(np.argmax(gaps)) + 2
            clusters = [c for c in clusters if c is not largest] + [largest[:cut], largest[cut:]]
        return clusters


def _pseudo_voigt(
    distance: Float[ndarray, "some peaks"], width: Float[ndarray, " peaks"], share: float
) -> Float[ndarray, "some peaks"]:
    """Lorentzian and Gaussian of the same full width at half maximum, each of area 1."""
    u = distance / width
    lorentz = 2 / np.pi / (1 + 4 * u**2)
    gauss = 2 * np.sqrt(np.log(2) / np.pi) * np.exp(-4 * np.log(2) * u**2)
    found: ndarray = (share * lorentz + (1 - share) * gauss) / width
    return found


def _shaped(
    model: _Profile,
    y: Float[ndarray, " points"],
    places: Float[ndarray, " peaks"],
    areas: Float[ndarray, " peaks"],
) -> tuple[Float[ndarray, "3"], float]:
    """The widths (squared, a line in tan theta) and the share of Lorentzian that fit best."""
    alone = [
        peak
        for peak in np.argsort(areas)[::-1][:12].tolist()
        if np.sort(np.abs(places - places[peak]))[1:2].min(initial=np.inf)
        > 4 * float(model.width_at(places[peak : peak + 1])[0])
    ]
    if not alone:
        return model.width, model.lorentzian
    best: tuple[float, float, list[float]] = (np.inf, model.lorentzian, [])
    for share in LORENTZIAN:
        total, widths = 0.0, []
        for peak in alone:
            place, w = places[peak], float(model.width_at(places[peak : peak + 1])[0])
            near = np.abs(model.x - place) < 3 * w
            errors = []
            trials = w * TRIALS
            for trial in trials:
                single = _Profile(model.x, model.doublet, np.array([0, 0, trial**2]), share)
                shape = single.shapes(model.x[near], np.array([place]))[:, 0]
                scale = shape @ y[near] / (shape @ shape)
                errors.append(float(((y[near] - scale * shape) ** 2).sum()))
            total += min(errors) / max(float((y[near] ** 2).sum()), 1e-300)
            widths.append(float(trials[int(np.argmin(errors))]) ** 2)
        if total < best[0]:
            best = (total, share, widths)
    _, share, widths = best
    usual = np.array([0, 0, np.median(widths)])
    if len(widths) < 6:
        return usual, share
    line = np.polyfit(np.tan(np.radians(places[alone]) / 2), widths, 1)
    ends = np.polyval(line, np.tan(np.radians(places[[0, -1]]) / 2))
    # A line that comes near to zero within the peaks, or rises steeply, is no width.
    if ends.min() < 0.25 * usual[2] or ends.max() > 4 * usual[2]:
        return usual, share
    return np.array([0, *line]), share


def _maxima(
    x: Float[ndarray, " points"],
    y: Float[ndarray, " points"],
    background: Float[ndarray, " points"],
    noise: Float[ndarray, " points"],
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
    width = float(np.clip(width, 2 * step, WIDEST / 2))
    points = max(5, round(SMOOTHING * width / step) | 1)
    smooth = savgol_filter(y + background, points, 2) if points < len(y) else y + background
    # Detectors and programs smooth: noise that is as wide as a peak is measured, not concluded.
    wide = _noise(smooth, background, max(points, round(width / step)))
    smooth = smooth - background
    least = np.maximum(SIGNIFICANT * wide, FAINTEST * float(smooth.max()))
    maxima, found = local_maxima(
        smooth, height=least, prominence=least / 2, distance=max(1, round(width / 2 / step))
    )
    if len(maxima) > MOST:
        maxima = np.sort(maxima[np.argsort(found["prominences"])[-MOST:]])
    return np.array([0, 0, width**2]), maxima, wide


def _noise(
    y: Float[ndarray, " points"], background: Float[ndarray, " points"], apart: int
) -> Float[ndarray, " points"]:
    """The standard deviation of each point, were there background alone: counting statistics.

    From second differences, which leave out what is smooth; they scatter as the square root of the
    counts, on whatever scale these are given. Their median does not see the peaks, which are few.

    Args:
        apart: distance of the points whose differences are taken: 1 for the noise of a point, the
            width of a peak for noise that looks like one.
    """
    second = np.abs(y[: -2 * apart] - 2 * y[apart:-apart] + y[2 * apart :]) / np.sqrt(6) / 0.6745
    level = np.maximum(uniform_filter1d(background, 5), 1e-6 * float(y.max()))
    scatter = float(np.median(second / np.sqrt(level[apart:-apart])))
    found: ndarray = np.hypot(scatter * np.sqrt(level), 1e-5 * float(y.max()))
    return found


def _evenly(
    x: Float[ndarray, " points"], y: Float[ndarray, " points"]
) -> tuple[Float[ndarray, " points"], Float[ndarray, " points"]]:
    """The profile on even steps of 2-theta."""
    steps = np.diff(x)
    even: Bool[ndarray, " steps"] = np.abs(steps - np.median(steps)) < 0.05 * np.median(steps)
    if even.all():
        return x, y
    count = min(200_000, int((x[-1] - x[0]) / np.median(steps)) + 1)
    new = np.linspace(x[0], x[-1], count)
    return new, np.interp(new, x, y)
