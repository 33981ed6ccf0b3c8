"""Arrangements in one lattice and space group: how well they agree, and the best near them."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.least_squares import refined
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.contacts import least_distance
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.symmetry.orbit_distances import Distances


class GroupFit:
    """Measured intensities, and arrangements that are to agree with them.

    Attributes:
        group, lattice, frame: where the arrangements are.
        lines: the intensities compared.
        distances: of orbits in the frame.
    """

    def __init__(
        self,
        measured: MeasuredPeaks,
        lattice: IndexedLattice,
        frame: Frame,
        d_min: float | None = None,
        settings: SolveSettings = USUAL,
    ) -> None:
        """Prepare for one group and its axes.

        Args:
            d_min: the smallest spacing in A that residuals are of, if not that of the settings, to
                which least squares go in any case: few lines are faster, and see less far.
        """
        self.group, self.lattice, self.frame = frame.group, lattice, frame
        self.plan, self._contacts = settings.sampling, settings.contacts
        finest, agreement = settings.search.d_min, settings.agreement
        self.lines = LineIntensities(measured, lattice, frame, d_min or finest, agreement)
        self._fine = lru_cache(lambda: LineIntensities(measured, lattice, frame, finest, agreement))
        # The displacement parameter may go below none, so that none is no end of its range.
        displacements = agreement.displacements
        self._bounds = (displacements[0] - self.plan.displacement, displacements[-1])
        self.distances = Distances(frame.cell, lattice.primitive)

    def refine(self, found: Arrangement, *, apart: bool = True) -> Arrangement | None:
        """The nearest minimum by least squares, or None where atoms come too near there.

        Args:
            apart: whether that is looked at.
        """
        if not self._fine().possible:
            return None
        end = refined(found, self._fine(), self._bounds, self.plan)
        sets = [each[None] for each in end.parameters]
        return end if not apart or self.apart(end.occupation, sets)[0] else None

    def residual(self, found: Arrangement) -> float:
        """The weighted R factor of the intensities of an arrangement."""
        total: ndarray = np.zeros((1, len(self.lines.hkl)), dtype=np.complex64)
        for position, number, values in zip(
            found.occupation.positions, found.occupation.numbers, found.parameters, strict=True
        ):
            total += self.lines.orbit_waves(position, values[None]) * self.lines.form(number)
        return float(self.lines.residual(total, self.plan.displacement)[0])

    def crystal(self, found: Arrangement) -> Crystal:
        """The atoms in the primitive cell."""
        orbits = [
            position.orbit(values[None])[0]
            for position, values in zip(found.occupation.positions, found.parameters, strict=True)
        ]
        numbers = np.repeat(found.occupation.numbers, [len(orbit) for orbit in orbits])
        x = np.concatenate(orbits) @ self.frame.cell @ np.linalg.inv(self.lattice.primitive)
        return Crystal("candidate", self.lattice.primitive, numbers, x % 1)

    def apart(
        self,
        occupation: Occupation,
        parameters: Sequence[Float[ndarray, "sets _"]],
        moved: int | None = None,
    ) -> Bool[ndarray, " sets"]:
        """Whether no two atoms are too near; with `moved`, no two of which one is in that orbit."""
        orbits = [
            position.orbit(values)
            for position, values in zip(occupation.positions, parameters, strict=True)
        ]
        numbers = occupation.numbers
        if moved is not None:
            # That one first.
            orbits.insert(0, orbits.pop(moved))
            numbers.insert(0, numbers.pop(moved))
        fine = np.ones(len(parameters[0]), dtype=bool)
        for first in range(len(orbits) if moved is None else 1):
            limits = [self.least(numbers[first], other) for other in numbers[first:]]
            fine &= self.distances.keeps(orbits[first:], limits)
            if not fine.any():
                break
        return fine

    def least(self, one: int, other: int) -> float:
        """A that atoms of two elements are apart at least."""
        return least_distance(one, other, self._contacts)
