"""The points of a measured profile that a model is fitted to."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.settings import USUAL, FitSettings

# A point without counts is as uncertain as this share of the highest one would be.
FLOOR = 1e-4


@dataclass(frozen=True, eq=False)
class ProfilePoints:
    """What is fitted.

    Attributes:
        two_theta: degrees, ascending.
        intensity: counts, or any scale.
        sigma: standard deviation of each: those of the file where it has them, else as the square
            root of the counts, on the scale on which neighbouring points scatter.
        background: found between the peaks, where a fitted one starts.
        radiation: what it was measured with.
        told_sigma: whether the file has the standard deviations.
    """

    two_theta: Float[ndarray, " points"]
    intensity: Float[ndarray, " points"]
    sigma: Float[ndarray, " points"]
    background: Float[ndarray, " points"]
    radiation: Radiation
    told_sigma: bool

    @classmethod
    def of(
        cls, file: PatternFile, found: FoundPeaks, settings: FitSettings = USUAL.fit
    ) -> "ProfilePoints":
        """The points of a profile and of the background that was found in it.

        Args:
            file: a profile, no list of peaks.
            found: its peaks.
        """
        background = np.interp(file.two_theta, found.two_theta, found.background)
        y, told = file.intensity, file.sigma
        usable = told is not None and bool((np.isfinite(told) & (told > 0)).all())
        sigma = told if usable and told is not None else _scatter(y, background)
        kept = (file.two_theta > 0) & (file.two_theta < 180)
        columns = [each[kept] for each in (file.two_theta, y, sigma, background)]
        step = -(-len(columns[0]) // settings.most_points)
        if step > 1:
            whole = len(columns[0]) // step * step
            parts = [each[:whole].reshape(-1, step) for each in columns]
            columns = [each.mean(axis=1) for each in parts]
            columns[2] = np.sqrt((parts[2] ** 2).mean(axis=1) / step)
        two_theta, y, sigma, background = columns
        return cls(two_theta, y, sigma, background, file.radiation, usable)

    @property
    def weight(self) -> Float[ndarray, " points"]:
        """One over the variance."""
        return 1 / self.sigma**2


def _scatter(
    y: Float[ndarray, " points"], background: Float[ndarray, " points"]
) -> Float[ndarray, " points"]:
    """Standard deviations by counting statistics, scaled to what second differences tell.

    Their median does not see the peaks, which are few.
    """
    floor = FLOOR * float(y.max())
    level = np.maximum(background[1:-1], floor)
    second = np.abs(y[:-2] - 2 * y[1:-1] + y[2:]) / np.sqrt(6) / 0.6745
    scale = float(np.median(second / np.sqrt(level)))
    # A computed profile does not scatter; any scale gives the same fit.
    scale = scale or 1.0
    return np.asarray(scale * np.sqrt(np.maximum(y, floor)))
