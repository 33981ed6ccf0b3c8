"""The sources of structures, and what they have found for one pattern."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from pymatgen.core import Composition, Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.predicting.learned import known_in, prototypes_of
from crystalnet.retrieval.known import Known
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import Budget
from crystalnet.solving.candidate import Structure
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import crystal_system_of, crystal_systems_of
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.ranking import Ranked, in_rank_order
from crystalnet.solving.search.analogues import analogues
from crystalnet.solving.search.cell_limits import CellLimits, contents_within
from crystalnet.solving.search.exchange import exchanged
from crystalnet.solving.search.known_structures import known_structures
from crystalnet.solving.search.symmetric_search import search
from crystalnet.solving.settings import SolveSettings, StrategySettings
from crystalnet.solving.symmetry.contacts import too_near
from crystalnet.solving.symmetry.conventional import space_group_of


@dataclass(eq=False)
class Search:
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

    def _contents(self, lattice: IndexedLattice) -> list[dict[int, int]]:
        """What its primitive cell may hold, the likeliest first."""
        return contents_within(self.limits, self.known, lattice, self.settings.contents)

    def by_symmetry(self, order: int) -> None:
        """Go through the Wyckoff positions of a lattice, the likeliest contents first.

        Of lattices that are less likely these alone, and only if nothing has explained the pattern.
        """
        lattice = self.lattices[order]
        peaks = self.measured.shifted(lattice.zero_shift)
        contents = self._contents(lattice)
        together = self.plan.together
        for start in range(0, len(contents) if order == 0 else min(len(contents), 1), together):
            if self.budget.over() or ((order or start) and self.explained()):
                break
            some = contents[start : start + together]
            effort = self._effort(order + start // together)
            work = int(effort * self.settings.search.work)
            what = f"{lattice.system} {lattice.centring}: {', '.join(map(_formula, some))}"
            self.budget.doing = f"{what} by symmetry"
            crystals = search(
                self.measured,
                some,
                lattice,
                number=self.space_group,
                work=work,
                seed=self.seed,
                budget=self.budget,
                settings=self.settings,
            )
            self._take((Structure(crystal, lattice) for crystal in crystals), peaks)
            self.progress(
                f"{lattice.system} {lattice.centring}: {len(crystals)} structures of "
                f"{', '.join(map(_formula, some))} by symmetry"
            )

    def by_flipping(self, order: int) -> None:
        """Make maps of the likeliest contents of a lattice, and take atoms from them."""
        lattice = self.lattices[order]
        contents = self._contents(lattice)
        maps = math.ceil(self._effort(order) * self.settings.flipping.maps)
        if not contents or not maps or self.budget.over():
            return
        likely = contents[: self.settings.flipping.contents if order == 0 else 1]
        what = f"{lattice.system} {lattice.centring}: {', '.join(map(_formula, likely))}"
        self.budget.doing = f"{what} by charge flipping"
        crystals = flipped_structures(
            self.measured, likely, lattice, maps=maps, number=self.space_group, seed=self.seed,
            budget=self.budget, settings=self.settings,
        )  # fmt: skip
        peaks = self.measured.shifted(lattice.zero_shift)
        self._take((Structure(crystal, lattice) for crystal in crystals), peaks)
        self.progress(f"{what}: {len(crystals)} structures by charge flipping")

    def by_analogy(self, order: int) -> None:
        """Take known structures, as they are and with the elements of the likeliest formulas."""
        for system in self.lattices[order].crystal_systems:
            known = known_in(system)
            if known is not None and not self.budget.over():
                self._by_analogy(self.lattices[order], system, known)

    def exchange(self) -> None:
        """Exchange elements of the best structures where the pattern agrees better for it.

        Elements with nearly as many electrons stand on each other's sites in whatever is found
        first; with all else in place the small differences tell.
        """
        best = in_rank_order(self.found, self.settings.ranking)[: self.plan.exchanged]
        for each in best:
            if self.budget.over():
                break
            structure = each.structure
            self.budget.doing = f"exchange of elements in {_formula_of(structure.crystal)}"
            better = exchanged(structure.crystal, self.measured, structure.lattice, self.settings)
            if better is not None:
                peaks = self.measured.shifted(structure.lattice.zero_shift)
                self._take([replace(structure, crystal=better)], peaks)

    def _by_analogy(self, lattice: IndexedLattice, system: str, known: Known) -> None:
        self.budget.doing = f"known structures in {lattice.system} {lattice.centring}"
        if self.known.amounts is None:
            self._take_known(
                known_structures(
                    self.measured, self.known, lattice, known, self.budget,
                    self.settings.analogues, self.settings.agreement,
                ),
                lattice,
                "as they are",
            )  # fmt: skip
        for formula in self._formulas(lattice):
            if self.budget.over() or (self.known.amounts is None and self.explained()):
                break
            library = prototypes_of(system, tuple(sorted(formula.values())))
            if library is not None:
                self._take_known(
                    analogues(self.measured, formula, lattice, library, known, self.settings),
                    lattice,
                    f"with the elements of {_formula(formula)}",
                )

    def _take_known(
        self, found: Sequence[tuple[Crystal, str]], lattice: IndexedLattice, how: str
    ) -> None:
        peaks = self.measured.shifted(lattice.zero_shift)
        taken = self._take(
            (
                Structure(crystal, lattice, name)
                for crystal, name in found
                if self.space_group in (None, space_group_of(crystal)[0])
            ),
            peaks,
        )
        self.progress(
            f"{lattice.system} {lattice.centring}: {taken} structures from known ones {how}"
        )

    def _formulas(self, lattice: IndexedLattice) -> list[dict[int, int]]:
        """Of the likeliest contents of a cell, each once; that which is known, if it is."""
        if self.known.amounts is not None:
            return [dict(zip(self.known.elements, self.known.amounts, strict=True))]
        formulas: list[dict[int, int]] = []
        for counts in self._contents(lattice):
            unit = math.gcd(*counts.values())
            formula = {z: count // unit for z, count in counts.items()}
            if formula not in formulas:
                formulas.append(formula)
        return formulas[: self.settings.analogues.formulas]

    def _take(self, structures: Iterable[Structure], peaks: MeasuredPeaks) -> int:
        """Everything that is found comes in here, if its atoms keep their distance; how many do."""
        before = len(self.found)
        for structure in structures:
            if self.limits.known and not self._allowed(structure):
                continue
            other = _other_system(structure)
            near = too_near(structure.crystal, self.settings.contacts)
            if other is not None:
                self._failed(f"the last one is {other}, not {structure.lattice.crystal_system}")
            elif near is not None:
                self._failed(f"in the last one {near}")
            else:
                self.found.append(Ranked.of(structure, peaks, self.settings))
        return len(self.found) - before

    def _allowed(self, structure: Structure) -> bool:
        """Whether its cell holds as much as it should."""
        numbers, amounts = np.unique(structure.crystal.atomic_numbers, return_counts=True)
        counts = dict(zip(numbers.tolist(), amounts.tolist(), strict=True))
        lattice, settings = structure.lattice, self.settings.contents
        return self.limits.allow(counts, self.known, lattice, settings)

    def _effort(self, order: int) -> float:
        """What is less likely gets less time."""
        return self.effort / (1 + self.plan.less * order)

    def _failed(self, reason: str) -> None:
        self.reason = reason


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


def _formula_of(crystal: Crystal) -> str:
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    return _formula(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def _formula(counts: Mapping[int, int]) -> str:
    cell = Composition({Element.from_Z(z): n for z, n in counts.items()})
    return str(cell.formula).replace(" ", "")
