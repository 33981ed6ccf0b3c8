"""Samples of the free coordinates of Wyckoff positions, made once for each and kept."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from scipy.stats import qmc

from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.search.arrangement import pinned
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.symmetry.orbit_distances import Distances
from crystalnet.solving.symmetry.wyckoff import SpaceGroup


@dataclass(frozen=True, eq=False)
class SampleTable:
    """Samples of one position: parameters, their waves, and the nearest distances in an orbit."""

    parameters: Float[ndarray, "samples freedom"]
    waves: Complex[ndarray, "samples hkl"]
    nearest: Float[ndarray, " samples"]


class PositionSamples:
    """The samples of the positions of one group in one lattice."""

    def __init__(
        self,
        group: SpaceGroup,
        lines: LineIntensities,
        distances: Distances,
        counts: tuple[int, ...],
    ) -> None:
        """Prepare.

        Args:
            counts: samples of a position with no, one, two and three free coordinates.
        """
        self._group, self._lines, self._distances = group, lines, distances
        self._counts = counts
        self._tables: dict[tuple[int, int], SampleTable] = {}

    def of(self, occupation: Occupation) -> list[SampleTable]:
        """Of each orbit."""
        return [
            self._table(place, held)
            for (place, _), held in zip(occupation.places, pinned(occupation), strict=True)
        ]

    def amplitude(
        self, occupation: Occupation, rows: Int[ndarray, "orbits sets"]
    ) -> Complex[ndarray, "sets hkl"]:
        """Structure factors of sets that take a sample of each orbit."""
        total: ndarray = np.zeros((rows.shape[1], len(self._lines.hkl)), dtype=np.complex64)
        for table, number, samples in zip(
            self.of(occupation), occupation.numbers, rows, strict=True
        ):
            total += table.waves[samples] * self._lines.form(number)
        return total

    def _table(self, place: int, held: int) -> SampleTable:
        if (place, held) not in self._tables:
            position = self._group.positions[place]
            samples = _samples(position.freedom, self._counts)
            if held:
                # Every position is free along the polar directions, by its last parameters.
                some = _samples(position.freedom - held, self._counts)
                samples = np.concatenate([some, np.zeros((len(some), held))], axis=1)
            orbit = position.orbit(samples)
            self._tables[place, held] = SampleTable(
                samples,
                self._lines.orbit_waves(position, samples),
                self._distances.nearest(orbit[:, 0], orbit, same=True),
            )
        return self._tables[place, held]


@lru_cache
def _samples(freedom: int, counts: tuple[int, ...]) -> Float[ndarray, "samples freedom"]:
    count = counts[freedom]
    if freedom < 2:
        return (np.arange(count) / count)[:, None][:, :freedom]
    return np.asarray(qmc.Sobol(freedom, seed=0).random(count))
