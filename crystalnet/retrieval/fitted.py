"""Prototypes in lattices of three and more numbers, which a few lines do not give.

A prototype keeps the shape of its cell at first: its pattern and the one observed are blurred and
moved along ln q until they agree best. Then the numbers of its lattice are fitted to the lines,
near enough ones only, until the lines and the reflections lie on each other or do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.crystallography.scattering import form_factor
from crystalnet.retrieval.metrics import reciprocal_metrics
from crystalnet.retrieval.prototypes import Prototype
from crystalnet.settings import CrystalSystem

# Bins of ln q, the standard deviation of the blur in bins, and how far patterns are moved.
_BIN, _BLUR, _MOVED = 0.004, 3.0, 20
# How near, as a share of q^2, a reflection and a line must be at each pass of the fit.
_NEAR = (0.04, 0.03, 0.02, 0.012, 0.008, 0.005)
# What holds a number at its value, against the lines.
_HELD = 1e-3
# Reflections of less than this share of the strongest are not fitted to.
_FAINTEST = 0.01


@dataclass(frozen=True, eq=False)
class Observed:
    """A pattern, blurred.

    Attributes:
        squared: q^2 of the lines, 1 / A^2.
        intensity: of any scale.
        start: ln q at the first bin.
        moved: the blurred square roots of intensities, moved by each number of bins; unit vectors.
    """

    squared: Float[ndarray, " lines"]
    intensity: Float[ndarray, " lines"]
    start: float
    moved: Float[ndarray, "shifts bins"]

    @classmethod
    def of(cls, q: Float[ndarray, " lines"], intensity: Float[ndarray, " lines"]) -> "Observed":
        """Of lines at q = 1 / d in 1/A, ascending."""
        start = float(np.log(q[0])) - 2 * _MOVED * _BIN
        bins = int((np.log(q[-1]) - start) / _BIN) + 1
        place = ((np.log(q) - start) / _BIN).astype(int)
        profile = np.sqrt(np.bincount(place, intensity, bins)) @ _blur(bins)
        padded = np.pad(profile, _MOVED)
        moved = np.stack([padded[shift : shift + bins] for shift in range(2 * _MOVED + 1)])
        norm = np.linalg.norm(moved, axis=1, keepdims=True)
        return cls(q**2, intensity, start, moved / np.maximum(norm, 1e-12))


class FittedMatch:
    """A prototype, scaled to a volume, against a pattern whose lattice is not known."""

    def __init__(
        self,
        prototype: Prototype,
        system: CrystalSystem,
        volume_ratio: float,
        observed: Observed,
        wavelength: float,
    ) -> None:
        self._prototype = prototype
        self._system = system
        self._numbers = prototype.numbers * volume_ratio ** (-2 / 3)
        self._observed = observed
        shells = prototype.forms @ self._numbers
        self._s_squared = shells / 4
        sine2 = np.clip(shells * (wavelength / 2) ** 2, 1e-9, 0.99)
        self._factor = lorentz_polarisation(sine2)
        bins = observed.moved.shape[1]
        place = ((np.log(shells) / 2 - observed.start) / _BIN).astype(int)
        self._inside = (place >= 0) & (place < bins)
        self._place = place[self._inside]
        # Beyond the last reflection nothing is compared.
        self._bins = min(bins, int(place.max()) - 2 * _MOVED)

    def intensities(self, elements: Sequence[int]) -> Float[ndarray, " shells"]:
        """Of each shell, with these elements in the places of the prototype's."""
        factors = np.array([form_factor(z, self._s_squared) for z in elements])
        shell = self._prototype.shell
        amplitude = (factors[:, shell] * self._prototype.sums).sum(axis=0)
        found: ndarray = np.bincount(shell, np.abs(amplitude) ** 2) * self._factor
        return found

    def likeness(self, intensity: Float[ndarray, " shells"]) -> tuple[float, float]:
        """How alike the blurred patterns are, and the factor of q at which they are."""
        bins = self._observed.moved.shape[1]
        made = np.sqrt(np.bincount(self._place, intensity[self._inside], bins)) @ _blur(bins)
        if self._bins < 2 * _MOVED or not (made := made[: self._bins]).any():
            return 0.0, 1.0
        moved = self._observed.moved[:, : self._bins]
        norms = np.linalg.norm(moved, axis=1) * np.linalg.norm(made)
        alike = moved @ made / np.maximum(norms, 1e-12)
        best = int(alike.argmax())
        return float(alike[best]), float(np.exp((best - _MOVED) * _BIN))

    def fitted(
        self, intensity: Float[ndarray, " shells"], factor: float
    ) -> Float[ndarray, " numbers"]:
        """The numbers of the lattice, fitted to the lines from a factor of q on."""
        numbers = self._numbers * factor**2
        strong = intensity > _FAINTEST * intensity.max()
        forms = self._prototype.forms[strong].astype(float)
        weight = np.sqrt(np.sqrt(intensity[strong] / intensity.max()))
        squared = self._observed.squared
        for near in _NEAR:
            places = forms @ numbers
            line = squared[_nearest(squared, places)]
            used = np.abs(line - places) < near * places
            rows = (forms[used] / places[used, None]) * weight[used, None]
            scale = np.abs(numbers).max()
            held = np.sqrt(_HELD * max(1, used.sum())) * np.eye(len(numbers))
            left = np.concatenate([rows * scale, held])
            right = np.append((line[used] / places[used] - 1) * weight[used], 0 * numbers)
            changed = numbers + scale * np.linalg.lstsq(left, right, rcond=None)[0]
            metric = reciprocal_metrics(changed[None], self._system)[0]
            if np.linalg.eigvalsh(metric)[0] <= 0:
                break
            numbers = changed
        found: ndarray = numbers
        return found


def _nearest(
    lines: Float[ndarray, " lines"], places: Float[ndarray, " places"]
) -> Int[ndarray, " places"]:
    after = np.searchsorted(lines, places).clip(0, len(lines) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(lines[before] - places) < np.abs(lines[after] - places)
    found: ndarray = np.where(closer, before, after)
    return found


@lru_cache(maxsize=2)
def _blur(bins: int) -> Float[ndarray, "bins bins"]:
    """A Gaussian, as the matrix that blurs."""
    distance = np.arange(bins)[:, None] - np.arange(bins)
    found: ndarray = np.exp(-((distance / _BLUR) ** 2) / 2)
    return found
