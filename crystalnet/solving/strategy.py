"""From the peaks of a measured pattern to candidates, the best first."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Composition, Element

from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.predicting.learned import loaded
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.candidate import Candidate, Structure
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.networks.binned_input import network_pattern
from crystalnet.solving.networks.guessed_structures import guessed_structures
from crystalnet.solving.networks.models import SolveModel
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.ranking import Ranked, different, in_rank_order
from crystalnet.solving.search.analogues import analogues
from crystalnet.solving.search.cell_contents import cell_contents
from crystalnet.solving.search.symmetric_search import search
from crystalnet.solving.settings import USUAL, SolveSettings, StrategySettings
from crystalnet.solving.symmetry.contacts import too_near
from crystalnet.solving.symmetry.conventional import space_group_of


def solve_peaks(
    measured: MeasuredPeaks,
    known: KnownComposition,
    lattices: Sequence[IndexedLattice],
    models: Sequence[SolveModel],
    gaussians: ValenceGaussians,
    *,
    guesses: int = 5,
    seed: int = 0,
    most: int = 20,
    physics: bool = True,
    symmetry: bool = True,
    flipping: bool = True,
    analogy: bool = True,
    space_group: int | None = None,
    effort: float = 1.0,
    progress: Callable[[str], object] = lambda line: None,
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
) -> list[Candidate]:
    """Structures by symmetry, flipping, analogy and from guesses, ranked by their patterns.

    The first lattice is worked on in any case, others only where nothing has explained the pattern.

    Args:
        lattices: to try, the likeliest first.
        models: networks; with none of them there are no guesses.
        guesses: latent samples of each model in each lattice.
        most: candidates returned.
        physics: whether elements are exchanged, and Wyckoff positions gone through; without it
            the networks' word is taken as it is.
        symmetry: whether Wyckoff positions are gone through.
        flipping: whether charge flipping is tried where they have not explained the pattern.
        analogy: whether known structures are tried with other elements where neither has.
        space_group: number of the only group that is tried, if it is known.
        effort: how long Wyckoff positions are gone through, as a multiple of the usual five
            seconds or so for each lattice, and how many maps are made by charge flipping.
        progress: is called with lines for a person to read.
        budget: when it is over, what has been found is ranked.
        settings: what is tried, and when it is enough.

    Returns:
        Different structures only, each at its best; ranks from 1.

    Raises:
        CrystalNetError: where nothing gives a structure.
    """
    solving = _Solving(
        measured, known, lattices, models, gaussians, guesses, seed, physics, space_group, effort,
        progress, budget, settings,
    )  # fmt: skip
    for order in range(len(lattices)):
        if budget.over():
            break
        if physics:
            if symmetry:
                solving.by_symmetry(order)
            if flipping and not solving.explained():
                solving.by_flipping(order)
            if analogy and not solving.explained():
                solving.by_analogy(order)
        # With the formula the networks add nothing to what explains the pattern (docs/solve.md).
        asked = not physics or (order == 0 and known.amounts is None)
        if asked or not solving.explained():
            solving.by_network(order)
    if not solving.found:
        if budget.cut_short:
            raise CrystalNetError(
                f"nothing was found when {budget.cut_short}; give it more time, or say more of the "
                "composition"
            )
        raise CrystalNetError(
            f"nothing gives a structure ({solving.reason}); take more guesses, or check lattice "
            "and composition"
        )
    budget.doing = f"ranking of {len(solving.found)} structures"
    kept = different(in_rank_order(solving.found, settings.ranking), most, budget, settings.ranking)
    grid = settings.strategy.density_grid
    return [_candidate(place, each, gaussians, grid) for place, each in enumerate(kept, start=1)]


@dataclass(eq=False)
class _Solving:
    """What `solve_peaks` was given, and what it has found so far."""

    measured: MeasuredPeaks
    known: KnownComposition
    lattices: Sequence[IndexedLattice]
    models: Sequence[SolveModel]
    gaussians: ValenceGaussians
    guesses: int
    seed: int
    physics: bool
    space_group: int | None
    effort: float
    progress: Callable[[str], object]
    budget: Budget
    settings: SolveSettings
    found: list[Ranked] = field(default_factory=list)
    reason: str = "no lattice is of a crystal system that has a model"
    densities: dict[str, ndarray] = field(default_factory=dict)

    @property
    def plan(self) -> StrategySettings:
        return self.settings.strategy

    def explained(self) -> bool:
        """Whether one of the three best structures agrees so well at low angles."""
        best = sorted(self.found, key=lambda each: each.match.rwp)
        same = self.settings.ranking.same_rwp
        # What agrees as well as the third counts too, so that no rounding chooses among equals.
        best = [each for each in best if each.match.rwp <= best[:3][-1].match.rwp + same]
        return any(
            _low_angles(each.structure, self.measured, self.settings) < self.plan.explained
            for each in best
        )

    def by_symmetry(self, order: int) -> None:
        """Go through the Wyckoff positions of a lattice, the likeliest contents first.

        Of lattices that are less likely these alone, and only if nothing has explained the pattern.
        """
        lattice = self.lattices[order]
        peaks = self.measured.shifted(lattice.zero_shift)
        contents = cell_contents(self.known, _volume(lattice), self.settings.contents)
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
                settings=self.settings.search,
                agreement=self.settings.agreement,
            )
            self._take((Structure(crystal, lattice, None) for crystal in crystals), peaks)
            self.progress(
                f"{lattice.system} {lattice.centring}: {len(crystals)} structures of "
                f"{', '.join(map(_formula, some))} by symmetry"
            )

    def by_flipping(self, order: int) -> None:
        """Make maps of the likeliest contents of a lattice, and take atoms from them."""
        lattice = self.lattices[order]
        contents = cell_contents(self.known, _volume(lattice), self.settings.contents)
        starts = math.ceil(self._effort(order) * self.settings.flipping.starts)
        if not contents or not starts or self.budget.over():
            return
        likely = contents[: self.settings.flipping.contents if order == 0 else 1]
        what = f"{lattice.system} {lattice.centring}: {', '.join(map(_formula, likely))}"
        self.budget.doing = f"{what} by charge flipping"
        crystals = flipped_structures(
            self.measured, likely, lattice, starts=starts, number=self.space_group, seed=self.seed,
            budget=self.budget, settings=self.settings,
        )  # fmt: skip
        peaks = self.measured.shifted(lattice.zero_shift)
        self._take((Structure(crystal, lattice, None) for crystal in crystals), peaks)
        self.progress(f"{what}: {len(crystals)} structures by charge flipping")

    def by_analogy(self, order: int) -> None:
        """Put the elements into known structures of the kind of formula, if that is known."""
        lattice = self.lattices[order]
        if self.known.amounts is None or self.budget.over():
            return
        self.budget.doing = f"known structures in {lattice.system} {lattice.centring}"
        formula = dict(zip(self.known.elements, self.known.amounts, strict=True))
        model = loaded(lattice.system, tuple(sorted(self.known.amounts)))
        found = analogues(
            self.measured, formula, lattice, model.guesser, self.settings.search.d_min,
            self.settings.agreement,
        )  # fmt: skip
        peaks = self.measured.shifted(lattice.zero_shift)
        taken = self._take(
            (
                Structure(crystal, lattice, None, name)
                for crystal, name in found
                if self.space_group in (None, space_group_of(crystal)[0])
            ),
            peaks,
        )
        self.progress(
            f"{lattice.system} {lattice.centring}: {taken} structures from known ones with other "
            "elements"
        )

    def by_network(self, order: int) -> None:
        """Guess densities in a lattice with the models of its system."""
        lattice = self.lattices[order]
        peaks = self.measured.shifted(lattice.zero_shift)
        for model in self.models:
            if model.system != lattice.system or self.budget.over():
                continue
            self.budget.doing = f"guesses of {model.card.name}"
            densities = self._guess(model)
            atoms = self._atoms(densities, lattice)
            if order and atoms > self.plan.large:
                # What a smaller cell explains as well is not worth the time that it takes.
                continue
            if atoms * self._templates() > self.plan.choices:
                self._failed(f"about {atoms:.0f} atoms are too many to look for in a guess")
                continue
            if self.physics and self.known.amounts is not None:
                most = round(self._effort(order) * self.plan.decoded / atoms)
                densities = densities[: most if self.found else max(most, 1)]
            if not len(densities):
                continue
            structures = guessed_structures(
                model, densities, lattice, self.known, peaks, self.gaussians,
                physics=self.physics, failed=self._failed, budget=self.budget,
                settings=self.settings,
            )  # fmt: skip
            taken = self._take(structures, peaks)
            self.progress(
                f"{lattice.system} {lattice.centring}: {taken} structures from "
                f"{len(densities)} guesses of {model.card.name}"
            )

    def _take(self, structures: Iterable[Structure], peaks: MeasuredPeaks) -> int:
        """Everything that is found comes in here, if its atoms keep their distance; how many do."""
        before = len(self.found)
        for structure in structures:
            near = too_near(structure.crystal)
            if near is None:
                self.found.append(Ranked.of(structure, peaks, self.settings))
            else:
                self._failed(f"in the last one {near}")
        return len(self.found) - before

    def _guess(self, model: SolveModel) -> Float[ndarray, "guesses n n n"]:
        name = model.card.name
        if name not in self.densities:
            vector = network_pattern(self.measured, model.patterns).vector
            self.densities[name] = model.guess(
                vector,
                self.known,
                self.guesses,
                self.settings.guesses.grid,
                self.seed,
                self.budget.part(self.plan.guessing),
            )
        return self.densities[name]

    def _templates(self) -> int:
        """How many elements an atom of a guess may be of."""
        if self.known.complete:
            return len(self.known.elements)
        return int(np.count_nonzero(self.gaussians.valence))

    def _effort(self, order: int) -> float:
        """What is less likely gets less time."""
        return self.effort / (1 + self.plan.less * order)

    def _failed(self, reason: str) -> None:
        self.reason = reason

    def _atoms(self, densities: Float[ndarray, "guesses n n n"], lattice: IndexedLattice) -> float:
        """About how many atoms a cell holds, by its volume or the electrons that were guessed."""
        if self.known.amounts is not None:
            contents = cell_contents(self.known, _volume(lattice), self.settings.contents)
            return float(sum(contents[0].values()))
        elements = list(self.known.elements) or np.flatnonzero(self.gaussians.valence).tolist()
        valence = self.gaussians.valence[elements].mean()
        return float(densities.mean() * _volume(lattice) / max(float(valence), 1.0))


def _low_angles(structure: Structure, measured: MeasuredPeaks, settings: SolveSettings) -> float:
    """Rwp over the spacings that structures are searched by."""
    peaks = measured.shifted(structure.lattice.zero_shift)
    few = peaks.down_to(settings.search.d_min)
    return match_pattern(structure.crystal, few, settings.agreement).rwp


def _candidate(place: int, ranked: Ranked, gaussians: ValenceGaussians, grid: int) -> Candidate:
    crystal, lattice = ranked.structure.crystal, ranked.structure.lattice
    number, symbol = space_group_of(crystal)
    return Candidate(
        rank=place,
        crystal=crystal,
        space_group=number,
        space_group_symbol=symbol,
        density=iam_density([crystal], grid, gaussians)[0].numpy(),
        match=ranked.match,
        system=lattice.system,
        centring=lattice.centring,
        guess=ranked.structure.guess,
        analogue_of=ranked.structure.analogue_of,
    )


def _volume(lattice: IndexedLattice) -> float:
    """Of the primitive cell, in A^3."""
    return abs(float(np.linalg.det(lattice.primitive)))


def _formula(counts: Mapping[int, int]) -> str:
    cell = Composition({Element.from_Z(z): n for z, n in counts.items()})
    return str(cell.formula).replace(" ", "")
