"""What is searched for in one pattern, and what has been found so far."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import Budget
from crystalnet.solving.candidate import Structure
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import crystal_system_of, crystal_systems_of
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.ranking import Ranked
from crystalnet.solving.search.cell_limits import CellLimits, contents_within
from crystalnet.solving.settings import SolveSettings, StrategySettings
from crystalnet.solving.symmetry.contacts import too_near
from crystalnet.solving.symmetry.conventional import space_group_of


@dataclass(eq=False)
class Attempt:
    """What is searched for, and what has been found so far.

    Attributes:
        measured, known, lattices, seed, space_group, effort, progress, budget, settings,
            limits: as `crystalnet.solving.strategy.solve_peaks` is given them.
        found: structures with their agreement.
        reason: why there is none, for a person to read.
    """

    measured: MeasuredPeaks
    known: KnownComposition
    lattices: Sequence[IndexedLattice]
    seed: int
    space_group: int | None
    effort: float
    progress: Callable[[str], object]
    budget: Budget
    settings: SolveSettings
    limits: CellLimits
    found: list[Ranked] = field(default_factory=list)
    reason: str = "no structure that is known or allowed by symmetry fits"

    @property
    def plan(self) -> StrategySettings:
        return self.settings.strategy

    def explained(self, by: float | None = None) -> bool:
        """Whether one of the three best structures agrees so well at low angles.

        Args:
            by: the Rwp, if not the usual one.
        """
        enough = self.plan.explained if by is None else by
        best = sorted(self.found, key=lambda each: each.match.rwp)
        same = self.settings.ranking.same_rwp
        # What agrees as well as the third counts too, so that no rounding chooses among equals.
        best = [each for each in best if each.match.rwp <= best[:3][-1].match.rwp + same]
        return any(
            _low_angles(each.structure, self.measured, self.settings) < enough for each in best
        )

    def contents(self, lattice: IndexedLattice) -> list[dict[int, int]]:
        """What its primitive cell may hold, the likeliest first."""
        return contents_within(self.limits, self.known, lattice, self.settings.contents)

    def effort_for(self, order: int) -> float:
        """What is less likely gets less time."""
        return self.effort / (1 + self.plan.less * order)

    def take(self, structures: Iterable[Structure], lattice: IndexedLattice) -> int:
        """Everything that is found comes in here, if its atoms keep their distance; how many do.

        Args:
            lattice: of all of them.
        """
        peaks = self.measured.shifted(lattice.zero_shift)
        before = len(self.found)
        for structure in structures:
            if self.limits.known and not self._allowed(structure):
                continue
            other = _other_system(structure)
            near = too_near(structure.crystal, self.settings.contacts)
            if other is not None:
                self.reason = f"the last one is {other}, not {structure.lattice.crystal_system}"
            elif near is not None:
                self.reason = f"in the last one {near}"
            else:
                self.found.append(Ranked.of(structure, peaks, self.settings))
        return len(self.found) - before

    def _allowed(self, structure: Structure) -> bool:
        """Whether its cell holds as much as it should."""
        numbers, amounts = np.unique(structure.crystal.atomic_numbers, return_counts=True)
        counts = dict(zip(numbers.tolist(), amounts.tolist(), strict=True))
        lattice, settings = structure.lattice, self.settings.contents
        return self.limits.allow(counts, self.known, lattice, settings)


def _other_system(structure: Structure) -> str | None:
    """What a structure is, if of another crystal system than is known; only the atoms can tell.

    Groups of the system are tried alone, but atoms on their special places may have more symmetry.
    """
    lattice = structure.lattice
    if lattice.crystal_system is None or len(crystal_systems_of(lattice.system)) == 1:
        return None
    system = crystal_system_of(space_group_of(structure.crystal)[0])
    return None if system == lattice.crystal_system else system


def _low_angles(structure: Structure, measured: MeasuredPeaks, settings: SolveSettings) -> float:
    """Rwp over the spacings that structures are searched by."""
    peaks = measured.shifted(structure.lattice.zero_shift)
    few = peaks.down_to(settings.search.d_min)
    return match_pattern(structure.crystal, few, settings.agreement).rwp
