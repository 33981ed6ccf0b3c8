"""Structures from the pattern and symmetry alone.

A network blurs cells of many atoms, but few numbers describe most of them: the elements on a
handful of Wyckoff positions. All ways to put them there are gone through, for every space group
that the lattice and the absent lines allow and the simplest ways first, until the measured
intensities are explained or the work that is allowed is done.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.lattice.cells import IndexedLattice, centring_vectors
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.group_search import GroupSearch
from crystalnet.solving.search.occupations import occupations
from crystalnet.solving.search.order import best_first, by_residual
from crystalnet.solving.settings import USUAL, SearchSettings, SolveSettings
from crystalnet.solving.symmetry.frames import frames_of


def search(
    measured: MeasuredPeaks,
    contents: Sequence[Mapping[int, int]],
    lattice: IndexedLattice,
    *,
    number: int | None = None,
    work: int | None = None,
    seed: int = 0,
    most: int = 5,
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
) -> list[Crystal]:
    """Arrangements of the atoms of a cell whose intensities agree with the measured ones.

    Args:
        contents: what the primitive cell may hold: atoms of each atomic number.
        number: of the only space group, if it is known.
        work: numbers worked on at most, if not as many as usual.
        most: arrangements returned.
        budget: when it is over, what has been found is returned.

    Returns:
        The best first, in the primitive cell; none where nothing fits.

    Raises:
        CrystalNetError: for an element without X-ray form factor, or a group that is of no such
            lattice.
    """
    plan = settings.search
    most_work = plan.work if work is None else work
    images = len(centring_vectors(lattice.centring))
    cells = [{z: images * count for z, count in counts.items()} for counts in contents]
    d_min = max(plan.d_min, _spacing(lattice, plan))
    searches: list[GroupSearch] = []
    for frame in frames_of(lattice, number):
        if budget.over():
            break
        one = GroupSearch(measured, lattice, frame, d_min, settings, budget)
        searches += [one] if one.lines.possible else []
    # The more symmetric ones come first.
    searches.sort(key=lambda each: -len(each.group.rotations))
    generator = np.random.default_rng(seed)
    found: list[tuple[GroupSearch, Arrangement]] = []
    explained = False

    def enough() -> bool:
        return _worked(searches) > most_work or budget.over()

    for complexity in range(plan.complexity + 1):
        found += _of_complexity(searches, cells, complexity, enough, generator, budget, settings)
        least = min((each.residual for _, each in found), default=np.inf)
        if explained or least < plan.perfect or enough():
            break
        explained = least < plan.explained
    return [one.crystal(each) for one, each in best_first(found, most, plan)]


def _of_complexity(
    searches: list[GroupSearch],
    cells: Sequence[Mapping[int, int]],
    complexity: int,
    enough: Callable[[], bool],
    generator: np.random.Generator,
    budget: Budget,
    settings: SolveSettings,
) -> list[tuple[GroupSearch, Arrangement]]:
    plan, same = settings.search, settings.sampling.same
    sampled, drafts = [], []
    for one, cell in product(searches, cells):
        for occupation in islice(
            occupations(one.group, cell, complexity, budget), plan.occupations
        ):
            if enough():
                break
            arrangements, draft = one.sample(occupation, generator)
            sampled += [(one, each) for each in arrangements]
            if draft is not None:
                drafts.append((one, draft))
    drafts = [drafts[i] for i in by_residual([draft for _, draft in drafts], same)]
    drafts.sort(key=lambda pair: pair[1].crowded)
    begun = []
    for one, draft in drafts[: plan.begun]:
        if enough():
            break
        arrangements = one.improve(draft, 0, 1)
        sampled += [(one, each) for each in arrangements]
        if arrangements:
            begun.append((arrangements[0], one, draft))
    begun = [begun[i] for i in by_residual([arrangement for arrangement, _, _ in begun], same)]
    starts = max(plan.starts // max(len(begun), 1), plan.least_starts)
    for _, one, draft in begun[: plan.improved]:
        if enough():
            break
        sampled += [(one, each) for each in one.improve(draft, 1, 1 + starts)]
    best = by_residual([each for _, each in sampled], same)[: plan.refined]
    refined: list[tuple[GroupSearch, Arrangement]] = []
    for one, each in map(sampled.__getitem__, best):
        # What is found first is the best, and one is always refined.
        if refined and budget.over():
            break
        end = one.refine(each)
        refined += [] if end is None else [(one, end)]
    return refined


def _spacing(lattice: IndexedLattice, settings: SearchSettings) -> float:
    """The spacing in A down to which a lattice has so many lines."""
    bare = Crystal("lattice", lattice.primitive, np.array([1]), np.zeros((1, 3)))
    lines = settings.lines
    # As many lines as reflections are surely within this radius, in 1/A.
    reach = (3 * lines / (2 * np.pi * bare.volume)) ** (1 / 3)
    while True:
        squares = HalfSphere.of(bare, 0.0, reach).g_squared
        apart = np.flatnonzero(np.diff(squares, prepend=0) > settings.same_line * squares)
        if len(apart) > lines:
            return float(1 / np.sqrt(squares[apart[lines]]))
        reach *= 1.3


def _worked(searches: list[GroupSearch]) -> int:
    return sum(each.work for each in searches)
