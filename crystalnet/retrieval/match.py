"""A known structure in a lattice, against the lines of a pattern."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.crystallography.scattering import form_factor
from crystalnet.retrieval.prototypes import Prototype

# The share of q^2 by which a line may be off.
_OFF = 4e-3
# The last part of a prototype's range of q^2, where lines may be made of shells beyond it too.
_EDGE = 0.01


class Match:
    """A prototype in a lattice, against the lines of a pattern."""

    def __init__(
        self,
        prototype: Prototype,
        numbers: Float[ndarray, " numbers"],
        squared: Float[ndarray, " lines"],
        intensity: Float[ndarray, " lines"],
        wavelength: float,
    ) -> None:
        self._prototype = prototype
        shells = prototype.forms @ numbers
        self._s_squared = shells / 4
        sine2 = np.clip(shells * (wavelength / 2) ** 2, 1e-9, 0.99)
        self._factor = lorentz_polarisation(sine2)
        after = np.searchsorted(squared, shells).clip(0, len(squared) - 1)
        before = np.maximum(after - 1, 0)
        closer = np.abs(squared[before] - shells) < np.abs(squared[after] - shells)
        self._line = np.where(closer, before, after)
        self._hit = np.abs(squared[self._line] - shells) < _OFF * shells
        # Shells and lines reach differently far: what is compared ends before either does, and at
        # the same line for both.
        reach = min(squared[-1] * (1 + _OFF), float(shells.max()) * (1 - _EDGE))
        compared = squared <= reach
        self._factor *= np.where(self._hit, compared[self._line], shells <= reach)
        self._observed = intensity * compared

    def agreement(self, elements: Sequence[int]) -> float:
        """Cosine of the square roots of intensities; what has no partner counts against it."""
        factors = np.array([form_factor(z, self._s_squared) for z in elements])
        shell = self._prototype.shell
        amplitude = (factors[:, shell] * self._prototype.sums).sum(axis=0)
        intensity = np.bincount(shell, np.abs(amplitude) ** 2) * self._factor
        lines = len(self._observed)
        at_lines = np.bincount(self._line[self._hit], intensity[self._hit], lines)
        norm = np.sqrt(self._observed.sum() * intensity.sum())
        return float(np.sqrt(self._observed) @ np.sqrt(at_lines) / norm) if norm > 0 else 0.0
