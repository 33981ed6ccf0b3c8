"""The shape of the peaks of a profile: pseudo-Voigts, of a K-alpha doublet two of them."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.settings import USUAL, ProfileSettings

# K-alpha-2 is half as strong as K-alpha-1.
ALPHA_2 = 0.5


@dataclass
class PeakShape:
    """What the peaks of a profile look like.

    Attributes:
        beam: one line or a doublet.
        step: of the profile, in degrees; no peak is narrower.
        width: full widths at half maximum squared, as a polynomial in tan theta.
        lorentzian: share of Lorentzian in every peak.
        settings: what may be.
    """

    beam: Radiation
    step: float
    width: Float[ndarray, "3"]
    lorentzian: float = 0.5
    settings: ProfileSettings = USUAL.profile

    def width_at(self, places: Float[ndarray, " peaks"]) -> Float[ndarray, " peaks"]:
        """Full widths at half maximum in degrees."""
        t = np.tan(np.radians(places) / 2)
        squared = np.clip(
            np.polyval(self.width, t), (1.5 * self.step) ** 2, self.settings.widest**2
        )
        found: ndarray = np.sqrt(squared)
        return found

    def height(self, places: Float[ndarray, " peaks"]) -> Float[ndarray, " peaks"]:
        """Of the higher line of peaks of area 1 a degree."""
        share = 1 / (1 + ALPHA_2) if self.beam.is_doublet else 1.0
        w = self.width_at(places)
        lorentz, gauss = 2 / np.pi, 2 * np.sqrt(np.log(2) / np.pi)
        found: ndarray = share * (self.lorentzian * lorentz + (1 - self.lorentzian) * gauss) / w
        return found

    def shapes(
        self, x: Float[ndarray, " some"], places: Float[ndarray, " peaks"]
    ) -> Float[ndarray, "some peaks"]:
        """Each peak with area 1 a degree, at points x in degrees."""
        width = self.width_at(places)
        both = _pseudo_voigt(x[:, None] - places, width, self.lorentzian)
        if not self.beam.is_doublet:
            return both
        second = self.beam.second(places)
        both += ALPHA_2 * _pseudo_voigt(x[:, None] - second, width, self.lorentzian)
        return both / (1 + ALPHA_2)

    def fitted(
        self,
        x: Float[ndarray, " points"],
        y: Float[ndarray, " points"],
        places: Float[ndarray, " peaks"],
        areas: Float[ndarray, " peaks"],
    ) -> "PeakShape":
        """The widths (squared, a line in tan theta) and the share of Lorentzian that fit best.

        Args:
            y: without the background.
            places, areas: of all peaks as they are known so far.
        """
        settings = self.settings
        width = self.width_at(places)
        alone = [
            peak
            for peak in np.argsort(-areas, kind="stable")[: settings.strongest].tolist()
            if np.sort(np.abs(places - places[peak]))[1:2].min(initial=np.inf)
            > settings.alone * width[peak]
        ]
        if not alone:
            return self
        # What others, and the K-alpha-2 of others, put into the place of a peak is taken off.
        left = y - self.shapes(x, places) @ areas
        best: tuple[float, float, list[float]] = (np.inf, self.lorentzian, [])
        for share in settings.lorentzian:
            total, widths = 0.0, []
            for peak in alone:
                place, w = places[peak : peak + 1], float(width[peak])
                near = np.abs(x - place) < 3 * w
                part = left[near] + areas[peak] * self.shapes(x[near], place)[:, 0]
                errors = []
                trials = w * np.array(settings.widths)
                for trial in trials:
                    single = replace(self, width=np.array([0, 0, trial**2]), lorentzian=share)
                    shape = single.shapes(x[near], place)[:, 0]
                    scale = shape @ part / (shape @ shape)
                    errors.append(float(((part - scale * shape) ** 2).sum()))
                total += min(errors) / max(float((part**2).sum()), 1e-300)
                widths.append(float(trials[int(np.argmin(errors))]) ** 2)
            if total < best[0]:
                best = (total, share, widths)
        _, share, widths = best
        usual = np.array([0, 0, np.median(widths)])
        if len(widths) < settings.fewest_widths:
            return replace(self, width=usual, lorentzian=share)
        line = np.polyfit(np.tan(np.radians(places[alone]) / 2), widths, 1)
        ends = np.polyval(line, np.tan(np.radians(places[[0, -1]]) / 2))
        # A line that comes near to zero within the peaks, or rises steeply, is no width.
        if ends.min() < 0.25 * usual[2] or ends.max() > 4 * usual[2]:
            return replace(self, width=usual, lorentzian=share)
        return replace(self, width=np.array([0, *line]), lorentzian=share)


def _pseudo_voigt(
    distance: Float[ndarray, "some peaks"], width: Float[ndarray, " peaks"], share: float
) -> Float[ndarray, "some peaks"]:
    """Lorentzian and Gaussian of the same full width at half maximum, each of area 1."""
    u = distance / width
    lorentz = 2 / np.pi / (1 + 4 * u**2)
    gauss = 2 * np.sqrt(np.log(2) / np.pi) * np.exp(-4 * np.log(2) * u**2)
    found: ndarray = (share * lorentz + (1 - share) * gauss) / width
    return found
