"""Free coordinates by least squares against the measured intensities."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import least_squares

from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.search.arrangement import Arrangement, pinned
from crystalnet.solving.settings import SamplingSettings


class _Model:
    """Areas of the groups of lines and their slopes, for scale, displacement and coordinates.

    The logarithm of the scale comes first; then an angle, as whose sine the displacement parameter
    swings between its bounds; then the coordinates.
    """

    def __init__(
        self,
        found: Arrangement,
        lines: LineIntensities,
        bounds: tuple[float, float],
    ) -> None:
        occupation = found.occupation
        positions = occupation.positions
        self._lines = lines
        self._splits = np.cumsum([position.freedom for position in positions])[:-1]
        self.free = np.concatenate(
            [
                np.arange(position.freedom) < position.freedom - held
                for position, held in zip(positions, pinned(occupation), strict=True)
            ]
        )
        self.values = np.concatenate(found.parameters)
        turns = [
            2j * np.pi * np.einsum("hi,kij->jkh", lines.hkl, position.slopes)
            for position in positions
        ]
        self._orbits = list(zip(positions, occupation.numbers, turns, strict=True))
        self._middle, self._half = sum(bounds) / 2, (bounds[1] - bounds[0]) / 2
        # Areas and slopes are asked for one after the other.
        self.at = lru_cache(maxsize=1)(lambda place: self._at(np.frombuffer(place)))

    def start(self, displacement: float) -> Float[ndarray, " numbers"]:
        """The coordinates that were found, at the best scale."""
        swung = np.arcsin((displacement - self._middle) / self._half)
        start = np.concatenate([[0.0, swung], self.values[self.free]])
        first, lines = self._at(start)[0], self._lines
        square = max(float(first**2 @ lines.precision), 1e-300)
        start[0] = np.log(max(float(first @ (lines.precision * lines.target)) / square, 1e-300))
        return start

    def parameters(self, x: Float[ndarray, " numbers"]) -> tuple[Float[ndarray, " _"], ...]:
        """The coordinates of each orbit, held ones included."""
        full = self.values.copy()
        full[self.free] = x[2:]
        return tuple(np.split(full, self._splits))

    def _at(
        self, x: Float[ndarray, " numbers"]
    ) -> tuple[Float[ndarray, " areas"], Float[ndarray, "numbers areas"]]:
        lines = self._lines
        amplitude = np.zeros(len(lines.hkl), dtype=complex)
        slopes = []
        for (position, z, turn), part in zip(self._orbits, self.parameters(x), strict=True):
            waves = np.exp(2j * np.pi * (position.orbit(part[None])[0] @ lines.hkl.T))
            amplitude += lines.form(z) * waves.sum(axis=0)
            slopes.append(lines.form(z) * np.einsum("jkh,kh->jh", turn, waves))
        displacement = self._middle + self._half * np.sin(x[1])
        damping = lines.weight * np.exp(x[0] - displacement * lines.g_squared / 2)
        power = np.abs(amplitude) ** 2 * damping
        moved = 2 * (np.conj(amplitude) * np.concatenate(slopes)[self.free]).real * damping
        swing = -power * lines.g_squared / 2 * self._half * np.cos(x[1])
        sums = np.add.reduceat(np.stack([power, swing, *moved]), lines.starts, axis=1)
        return sums[0], sums


def refined(
    found: Arrangement,
    lines: LineIntensities,
    bounds: tuple[float, float],
    settings: SamplingSettings,
) -> Arrangement:
    """The nearest minimum, however near atoms come to each other there.

    Args:
        bounds: of the displacement parameter, in A^2.
    """
    model = _Model(found, lines, bounds)
    root = np.sqrt(lines.precision)
    start = model.start(settings.displacement)
    fit = least_squares(
        lambda x: root * (model.at(x.tobytes())[0] - lines.target),
        start,
        lambda x: (root * model.at(x.tobytes())[1]).T,
        # The faster one wants as many areas as numbers.
        method="lm" if len(lines.target) >= len(start) else "trf",
        x_scale="jac",
        max_nfev=settings.steps,
        ftol=settings.converged,
        xtol=settings.converged,
    )
    parameters = tuple(each % 1 for each in model.parameters(fit.x))
    left = 2 * fit.cost + lines.outside
    return Arrangement(found.occupation, parameters, float(np.sqrt(left / lines.norm)))
