"""Atoms on Wyckoff positions of one space group, where the pattern wants them.

Free coordinates are sampled once for each position; an arrangement is a sample of each orbit. Those
that agree best are improved one orbit after the other, and the best of these by least squares.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.arrangement import Arrangement, Draft
from crystalnet.solving.search.group_fit import GroupFit
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.search.position_samples import PositionSamples
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.ties import in_order


class GroupSearch(GroupFit):
    """The search in one lattice and space group.

    Attributes:
        work: numbers worked on so far; time goes with it, on any machine alike.
    """

    def __init__(
        self,
        measured: MeasuredPeaks,
        lattice: IndexedLattice,
        frame: Frame,
        d_min: float | None = None,
        settings: SolveSettings = USUAL,
        budget: Budget = UNBOUNDED,
    ) -> None:
        """Prepare for one group and its axes.

        Args:
            d_min: the smallest spacing in A that samples are compared by.
        """
        super().__init__(measured, lattice, frame, d_min, settings)
        self.work = 0
        self._budget = budget
        self._samples = PositionSamples(self.group, self.lines, self.distances, self.plan.samples)

    def sample(
        self, occupation: Occupation, generator: np.random.Generator
    ) -> tuple[list[Arrangement], Draft | None]:
        """Arrangements if at most one orbit is free, otherwise what is to be worked on."""
        tables = self._samples.of(occupation)
        usable = [
            np.flatnonzero(table.nearest > self.least(number, number))
            for table, number in zip(tables, occupation.numbers, strict=True)
        ]
        counts = [len(each) for each in usable]
        if not all(counts):
            return [], None
        several = sum(count > 1 for count in counts) > 1
        rows = np.array(
            [generator.choice(each, self.plan.joint) for each in usable]
            if several
            else [np.resize(each, max(counts)) for each in usable]
        )
        residual = self.lines.residual(
            self._samples.amplitude(occupation, rows), self.plan.displacement
        )
        self.work += self.plan.call + len(occupation.places) * len(residual) * len(self.lines.hkl)
        if not several:
            return self._best(occupation, rows, residual), None
        order = in_order(residual, self.plan.same)
        # A start whose atoms are too near leads to others that are, so sound ones come first.
        parameters = [
            table.parameters[samples[order]] for table, samples in zip(tables, rows, strict=True)
        ]
        sound = self.apart(occupation, parameters)
        order = np.concatenate([order[sound], order[~sound]])[: self.plan.kept]
        crowded = not sound.any()
        return [], Draft(occupation, crowded, float(residual[order[0]]), usable, rows[:, order])

    def improve(self, draft: Draft, first: int, last: int) -> list[Arrangement]:
        """The best arrangements that some of the best samples of a draft lead to."""
        ends: list[tuple[Int[ndarray, " orbits"], float]] = []
        for rows in draft.rows.T[first:last]:
            if ends and self._budget.over():
                break
            ends.append(self._descend(draft, rows))
        rows = np.array([rows for rows, _ in ends]).T
        return self._best(draft.occupation, rows, np.array([residual for _, residual in ends]))

    def _best(
        self,
        occupation: Occupation,
        rows: Int[ndarray, "orbits sets"],
        residual: Float[ndarray, " sets"],
    ) -> list[Arrangement]:
        """The best sets whose atoms keep their distance."""
        order = in_order(residual, self.plan.same, self.plan.tested)
        order = order[residual[order] < self.plan.poor]
        if not len(order):
            return []
        chosen = [
            table.parameters[samples[order]]
            for table, samples in zip(self._samples.of(occupation), rows, strict=True)
        ]
        fine = np.flatnonzero(self.apart(occupation, chosen))[: self.plan.starts]
        return [
            Arrangement(
                occupation, tuple(each[row] for each in chosen), float(residual[order[row]])
            )
            for row in fine
        ]

    def _descend(
        self, draft: Draft, rows: Int[ndarray, " orbits"]
    ) -> tuple[Int[ndarray, " orbits"], float]:
        """One orbit after the other to the sample that agrees best and keeps its distance."""
        occupation, rows = draft.occupation, rows.copy()
        tables = self._samples.of(occupation)
        amplitude = self._samples.amplitude(occupation, rows[:, None])[0]
        least = np.inf
        for _ in range(self.plan.sweeps):
            if self._budget.over():
                break
            before = least
            for orbit, (table, usable) in enumerate(zip(tables, draft.usable, strict=True)):
                if len(usable) == 1:
                    continue
                form = self.lines.form(occupation.numbers[orbit])
                trials = amplitude + (table.waves[usable] - table.waves[rows[orbit]]) * form
                residual = self.lines.residual(trials, self.plan.displacement)
                self.work += self.plan.call + trials.size
                best = in_order(residual, self.plan.same, self.plan.tested)
                # Mostly one of the first few will do.
                for some in np.split(best, range(self.plan.few, len(best), self.plan.tested)):
                    chosen = [
                        other.parameters[np.full(len(some), row)]
                        for other, row in zip(tables, rows, strict=True)
                    ]
                    chosen[orbit] = table.parameters[usable[some]]
                    fine = self.apart(occupation, chosen, orbit)
                    if fine.any():
                        first = int(some[int(fine.argmax())])
                        rows[orbit], amplitude = usable[first], trials[first]
                        least = float(residual[first])
                        break
            if least > before - self.plan.gain:
                break
        return rows, least
