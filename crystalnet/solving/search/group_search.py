"""Atoms on Wyckoff positions of one space group, where the pattern wants them.

Free coordinates are sampled once for each position; an arrangement is a sample of each orbit. Those
that agree best are improved one orbit after the other, and the best of these by least squares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from numpy import ndarray
from scipy.optimize import least_squares
from scipy.stats import qmc

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.settings import USUAL, AgreementSettings
from crystalnet.solving.symmetry.contacts import NEAR, covalent_radius
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.symmetry.orbit_distances import Distances
from crystalnet.solving.ties import in_order

# Samples of a position by its free coordinates, and of several of them at once.
SAMPLES, JOINT = (1, 64, 512, 2048), 128
# The best joint samples of an occupation that are kept; rounds over its orbits, and what one must
# gain.
KEPT, SWEEPS, GAIN = 32, 3, 0.01
# Arrangements of an occupation handed on; those looked at for atoms that are too near; residuals
# that are no better than chance.
STARTS, TESTED, FEW, POOR = 4, 64, 8, 0.9
# Residuals of samples that are one, summed in single precision: equivalent places have them.
SAME_SAMPLE = 1e-5
# Displacement parameter of the samples in A^2.
DISPLACEMENT = 0.7
# What a call costs, as numbers worked on.
CALL = 50_000


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Orbits with values of their free coordinates.

    Attributes:
        occupation: the orbits.
        parameters: of each orbit.
        residual: weighted R factor of the intensities.
    """

    occupation: Occupation
    parameters: tuple[Float[ndarray, " _"], ...]
    residual: float


@dataclass(frozen=True, eq=False)
class _Table:
    """Samples of one position: parameters, their waves, and the nearest distances in an orbit."""

    parameters: Float[ndarray, "samples freedom"]
    waves: Complex[ndarray, "samples hkl"]
    nearest: Float[ndarray, " samples"]


@dataclass(frozen=True, eq=False)
class Draft:
    """An occupation with several free orbits, of which only random samples are known.

    Attributes:
        crowded: whether atoms are too near in all of them.
        residual: of the best of them.
        usable: of each orbit the samples whose atoms keep their distance.
        rows: of each orbit the sample, for each of the best ones.
    """

    occupation: Occupation
    crowded: bool
    residual: float
    usable: list[Int[ndarray, " _"]]
    rows: Int[ndarray, "orbits best"]


class GroupSearch:
    """The search in one lattice and space group.

    Attributes:
        lines: the intensities compared.
        distances: of orbits in the frame.
        work: numbers worked on so far; time goes with it, on any machine alike.
    """

    def __init__(
        self,
        measured: MeasuredPeaks,
        lattice: IndexedLattice,
        frame: Frame,
        d_min: float,
        finest: float,
        budget: Budget = UNBOUNDED,
        agreement: AgreementSettings = USUAL.agreement,
    ) -> None:
        """Prepare for one group and its axes.

        Args:
            d_min: the smallest spacing in A that samples are compared by, and
            finest: what is refined: few lines are compared faster, and see less far.
        """
        self.group = frame.group
        self.lattice = lattice
        self.frame = frame
        self.lines = LineIntensities(measured, lattice, frame, d_min, agreement)
        self._fine = lru_cache(lambda: LineIntensities(measured, lattice, frame, finest, agreement))
        self._displacements = agreement.displacements
        self.work = 0
        self._budget = budget
        self.distances = Distances(frame.cell, lattice.primitive)
        self._tables: dict[tuple[int, int], _Table] = {}

    def sample(
        self, occupation: Occupation, generator: np.random.Generator
    ) -> tuple[list[Arrangement], Draft | None]:
        """Arrangements if at most one orbit is free, otherwise what is to be worked on."""
        tables = self._tables_of(occupation)
        usable = [
            np.flatnonzero(table.nearest > 2 * NEAR * covalent_radius(number))
            for table, number in zip(tables, occupation.numbers, strict=True)
        ]
        counts = [len(each) for each in usable]
        if not all(counts):
            return [], None
        several = sum(count > 1 for count in counts) > 1
        rows = np.array(
            [generator.choice(each, JOINT) for each in usable]
            if several
            else [np.resize(each, max(counts)) for each in usable]
        )
        residual = self.lines.residual(self._amplitude(occupation, tables, rows), DISPLACEMENT)
        self.work += CALL + len(occupation.places) * len(residual) * len(self.lines.hkl)
        if not several:
            return self._best(occupation, rows, residual), None
        order = in_order(residual, SAME_SAMPLE)
        # A start whose atoms are too near leads to others that are, so sound ones come first.
        parameters = [
            table.parameters[samples[order]] for table, samples in zip(tables, rows, strict=True)
        ]
        sound = self._apart(occupation, parameters)
        order = np.concatenate([order[sound], order[~sound]])[:KEPT]
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

    def refine(self, found: Arrangement, *, apart: bool = True) -> Arrangement | None:
        """The nearest minimum by least squares, or None where atoms come too near there.

        Args:
            apart: whether that is looked at.
        """
        occupation, lines = found.occupation, self._fine()
        if not lines.possible:
            return None
        positions = occupation.positions
        splits = np.cumsum([position.freedom for position in positions])[:-1]
        free = np.concatenate(
            [
                np.arange(position.freedom) < position.freedom - pinned
                for position, pinned in zip(positions, self._pinned(occupation), strict=True)
            ]
        )
        values = np.concatenate(found.parameters)
        root = np.sqrt(lines.precision)
        turns = [
            2j * np.pi * np.einsum("hi,kij->jkh", lines.hkl, position.slopes)
            for position in positions
        ]

        @lru_cache(maxsize=1)
        def at(place: bytes) -> tuple[ndarray, ndarray]:
            """What `model` gives: areas and slopes are asked for one after the other."""
            return model(np.frombuffer(place))

        def model(x: ndarray) -> tuple[ndarray, ndarray]:
            """Areas of the groups of lines and their slopes, for scale, B and coordinates."""
            full = values.copy()
            full[free] = x[2:]
            amplitude = np.zeros(len(lines.hkl), dtype=complex)
            slopes = []
            for position, z, part, turn in zip(
                positions, occupation.numbers, np.split(full, splits), turns, strict=True
            ):
                waves = np.exp(2j * np.pi * (position.orbit(part[None])[0] @ lines.hkl.T))
                amplitude += lines.form(z) * waves.sum(axis=0)
                slopes.append(lines.form(z) * np.einsum("jkh,kh->jh", turn, waves))
            displacement = middle + half * np.sin(x[1])
            damping = lines.weight * np.exp(x[0] - displacement * lines.g_squared / 2)
            power = np.abs(amplitude) ** 2 * damping
            moved = 2 * (np.conj(amplitude) * np.concatenate(slopes)[free]).real * damping
            swing = -power * lines.g_squared / 2 * half * np.cos(x[1])
            rows = np.stack([power, swing, *moved])
            sums = np.add.reduceat(rows, lines.starts, axis=1)
            return sums[0], sums

        # The displacement parameter swings between its bounds.
        low, high = self._displacements[0] - DISPLACEMENT, self._displacements[-1]
        middle, half = (low + high) / 2, (high - low) / 2
        swung = np.arcsin((DISPLACEMENT - middle) / half)
        start = np.concatenate([[0.0, swung], values[free]])
        first = model(start)[0]
        square = max(float(first**2 @ lines.precision), 1e-300)
        start[0] = np.log(max(float(first @ (lines.precision * lines.target)) / square, 1e-300))
        fit = least_squares(
            lambda x: root * (at(x.tobytes())[0] - lines.target),
            start,
            lambda x: (root * at(x.tobytes())[1]).T,
            # The faster one wants as many areas as numbers.
            method="lm" if len(lines.target) >= len(start) else "trf",
            x_scale="jac",
            max_nfev=25,
            ftol=1e-4,
            xtol=1e-4,
        )
        values[free] = fit.x[2:]
        parameters = tuple(np.split(values % 1, splits))
        if apart and not self._apart(occupation, [each[None] for each in parameters])[0]:
            return None
        left = 2 * fit.cost + lines.outside
        return Arrangement(occupation, parameters, float(np.sqrt(left / lines.norm)))

    def residual(self, found: Arrangement) -> float:
        """The weighted R factor of the intensities of an arrangement."""
        total: ndarray = np.zeros((1, len(self.lines.hkl)), dtype=np.complex64)
        for position, number, values in zip(
            found.occupation.positions, found.occupation.numbers, found.parameters, strict=True
        ):
            total += self.lines.orbit_waves(position, values[None]) * self.lines.form(number)
        return float(self.lines.residual(total, DISPLACEMENT)[0])

    def crystal(self, found: Arrangement) -> Crystal:
        """The atoms in the primitive cell."""
        orbits = [
            position.orbit(values[None])[0]
            for position, values in zip(found.occupation.positions, found.parameters, strict=True)
        ]
        numbers = np.repeat(found.occupation.numbers, [len(orbit) for orbit in orbits])
        x = np.concatenate(orbits) @ self.frame.cell @ np.linalg.inv(self.lattice.primitive)
        return Crystal("candidate", self.lattice.primitive, numbers, x % 1)

    def _pinned(self, occupation: Occupation) -> list[int]:
        """How many of its last coordinates each orbit gives for the origin: the first one does."""
        return [len(self.group.polar) * (orbit == 0) for orbit in range(len(occupation.places))]

    def _tables_of(self, occupation: Occupation) -> list[_Table]:
        return [
            self._table(place, pinned)
            for (place, _), pinned in zip(occupation.places, self._pinned(occupation), strict=True)
        ]

    def _table(self, place: int, pinned: int) -> _Table:
        if (place, pinned) not in self._tables:
            position = self.group.positions[place]
            samples = _samples(position.freedom)
            if pinned:
                # Every position is free along the polar directions, by its last parameters.
                some = _samples(position.freedom - pinned)
                samples = np.concatenate([some, np.zeros((len(some), pinned))], axis=1)
            orbit = position.orbit(samples)
            self._tables[place, pinned] = _Table(
                samples,
                self.lines.orbit_waves(position, samples),
                self.distances.nearest(orbit[:, 0], orbit, same=True),
            )
        return self._tables[place, pinned]

    def _amplitude(
        self, occupation: Occupation, tables: list[_Table], rows: Int[ndarray, "orbits sets"]
    ) -> Complex[ndarray, "sets hkl"]:
        total: ndarray = np.zeros((rows.shape[1], len(self.lines.hkl)), dtype=np.complex64)
        for table, number, samples in zip(tables, occupation.numbers, rows, strict=True):
            total += table.waves[samples] * self.lines.form(number)
        return total

    def _best(
        self,
        occupation: Occupation,
        rows: Int[ndarray, "orbits sets"],
        residual: Float[ndarray, " sets"],
    ) -> list[Arrangement]:
        """The best sets whose atoms keep their distance."""
        order = in_order(residual, SAME_SAMPLE, TESTED)
        order = order[residual[order] < POOR]
        if not len(order):
            return []
        chosen = [
            table.parameters[samples[order]]
            for table, samples in zip(self._tables_of(occupation), rows, strict=True)
        ]
        fine = np.flatnonzero(self._apart(occupation, chosen))[:STARTS]
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
        tables = self._tables_of(occupation)
        amplitude = self._amplitude(occupation, tables, rows[:, None])[0]
        least = np.inf
        for _ in range(SWEEPS):
            if self._budget.over():
                break
            before = least
            for orbit, (table, usable) in enumerate(zip(tables, draft.usable, strict=True)):
                if len(usable) == 1:
                    continue
                form = self.lines.form(occupation.numbers[orbit])
                trials = amplitude + (table.waves[usable] - table.waves[rows[orbit]]) * form
                residual = self.lines.residual(trials, DISPLACEMENT)
                self.work += CALL + trials.size
                best = in_order(residual, SAME_SAMPLE, TESTED)
                # Mostly one of the first few will do.
                for some in np.split(best, range(FEW, len(best), TESTED)):
                    chosen = [
                        other.parameters[np.full(len(some), row)]
                        for other, row in zip(tables, rows, strict=True)
                    ]
                    chosen[orbit] = table.parameters[usable[some]]
                    fine = self._apart(occupation, chosen, orbit)
                    if fine.any():
                        first = int(some[int(fine.argmax())])
                        rows[orbit], amplitude = usable[first], trials[first]
                        least = float(residual[first])
                        break
            if least > before - GAIN:
                break
        return rows, least

    def _apart(
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
        radii = [NEAR * covalent_radius(number) for number in occupation.numbers]
        if moved is not None:
            # That one first.
            orbits.insert(0, orbits.pop(moved))
            radii.insert(0, radii.pop(moved))
        fine = np.ones(len(parameters[0]), dtype=bool)
        for first in range(len(orbits) if moved is None else 1):
            fine &= self.distances.keeps(orbits[first:], radii[first:])
            if not fine.any():
                break
        return fine


@lru_cache
def _samples(freedom: int) -> Float[ndarray, "samples freedom"]:
    count = SAMPLES[freedom]
    if freedom < 2:
        return (np.arange(count) / count)[:, None][:, :freedom]
    return np.asarray(qmc.Sobol(freedom, seed=0).random(count))
