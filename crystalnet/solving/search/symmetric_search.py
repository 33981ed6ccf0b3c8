"""Structures from the pattern and symmetry alone.

A network blurs cells of many atoms, but few numbers describe most of them: the elements on a
handful of Wyckoff positions. All ways to put them there are gone through, for every space group
that the lattice and the absent lines allow and the simplest ways first, until the measured
intensities are explained or the work that is allowed is done.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import HalfSphere
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.lattice.cells import IndexedLattice, centring_vectors
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.group_search import SAME_SAMPLE, Arrangement, Draft, GroupSearch
from crystalnet.solving.search.occupations import occupations
from crystalnet.solving.settings import USUAL, AgreementSettings, SearchSettings
from crystalnet.solving.symmetry.frames import frames_of
from crystalnet.solving.symmetry.wyckoff import SpaceGroup
from crystalnet.solving.ties import in_order, tied

# Residuals that differ by no more than this are one; lines, in relative 1 / d^2.
SAME_RESIDUAL, SAME_LINE = 1e-3, 1e-6


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
    settings: SearchSettings = USUAL.search,
    agreement: AgreementSettings = USUAL.agreement,
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
    most_work = settings.work if work is None else work
    images = len(centring_vectors(lattice.centring))
    cells = [{z: images * count for z, count in counts.items()} for counts in contents]
    d_min = max(settings.d_min, _spacing(lattice, settings.lines))
    searches: list[GroupSearch] = []
    for frame in frames_of(lattice, number):
        if budget.over():
            break
        one = GroupSearch(measured, lattice, frame, d_min, settings.d_min, budget, agreement)
        searches += [one] if one.lines.possible else []
    # The more symmetric ones come first.
    searches.sort(key=lambda each: -len(each.group.rotations))
    generator = np.random.default_rng(seed)
    found: list[tuple[GroupSearch, Arrangement]] = []
    explained = False

    def enough() -> bool:
        return _worked(searches) > most_work or budget.over()

    for complexity in range(settings.complexity + 1):
        found += _of_complexity(searches, cells, complexity, enough, generator, budget, settings)
        least = min((each.residual for _, each in found), default=np.inf)
        if explained or least < settings.perfect or enough():
            break
        explained = least < settings.explained
    merit = np.array([each.residual - worth(one.group, settings) for one, each in found])
    places = tied(merit, SAME_RESIDUAL)
    # Of structures that agree alike the more symmetric one, and the one of fewer numbers.
    order = sorted(range(len(found)), key=lambda i: (places[i], *_simplicity(*found[i])))
    kept: list[tuple[GroupSearch, Arrangement]] = []
    for one, each in map(found.__getitem__, order):
        if len(kept) == most:
            break
        if not any(one is other and _same(each, another) for other, another in kept):
            kept.append((one, each))
    return [one.crystal(each) for one, each in kept]


def _of_complexity(
    searches: list[GroupSearch],
    cells: Sequence[Mapping[int, int]],
    complexity: int,
    enough: Callable[[], bool],
    generator: np.random.Generator,
    budget: Budget,
    settings: SearchSettings,
) -> list[tuple[GroupSearch, Arrangement]]:
    sampled, drafts = [], []
    for one, cell in product(searches, cells):
        for occupation in islice(
            occupations(one.group, cell, complexity, budget), settings.occupations
        ):
            if enough():
                break
            arrangements, draft = one.sample(occupation, generator)
            sampled += [(one, each) for each in arrangements]
            if draft is not None:
                drafts.append((one, draft))
    drafts = [drafts[i] for i in _by_residual([draft for _, draft in drafts])]
    drafts.sort(key=lambda pair: pair[1].crowded)
    begun = []
    for one, draft in drafts[: settings.begun]:
        if enough():
            break
        arrangements = one.improve(draft, 0, 1)
        sampled += [(one, each) for each in arrangements]
        if arrangements:
            begun.append((arrangements[0], one, draft))
    begun = [begun[i] for i in _by_residual([arrangement for arrangement, _, _ in begun])]
    starts = max(settings.starts // max(len(begun), 1), settings.least_starts)
    for _, one, draft in begun[: settings.improved]:
        if enough():
            break
        sampled += [(one, each) for each in one.improve(draft, 1, 1 + starts)]
    best = _by_residual([each for _, each in sampled])[: settings.refined]
    refined: list[tuple[GroupSearch, Arrangement]] = []
    for one, each in map(sampled.__getitem__, best):
        # What is found first is the best, and one is always refined.
        if refined and budget.over():
            break
        end = one.refine(each)
        refined += [] if end is None else [(one, end)]
    return refined


def _by_residual(found: Sequence[Arrangement | Draft]) -> list[int]:
    """Their places from the best one on; of equal ones the simpler group and occupation first."""
    order = in_order(np.array([each.residual for each in found]), SAME_SAMPLE)
    return [int(place) for place in order]


def _simplicity(
    one: GroupSearch, found: Arrangement
) -> tuple[int, int, int, tuple[tuple[int, int], ...], tuple[float, ...]]:
    """What is the least for the simplest of arrangements that agree alike."""
    values = np.concatenate(found.parameters)
    # Whole turns are none, from either side.
    place = tuple((np.round(values, 4) % 1).tolist())
    return -len(one.group.rotations), len(values), one.group.number, found.occupation.places, place


def _same(one: Arrangement, other: Arrangement) -> bool:
    """Whether two starts in one group ended in one place."""
    same = abs(one.residual - other.residual) < SAME_RESIDUAL
    return same and one.occupation.places == other.occupation.places


def _spacing(lattice: IndexedLattice, lines: int) -> float:
    """The spacing in A down to which a lattice has so many lines."""
    bare = Crystal("lattice", lattice.primitive, np.array([1]), np.zeros((1, 3)))
    # As many lines as reflections are surely within this radius, in 1/A.
    reach = (3 * lines / (2 * np.pi * bare.volume)) ** (1 / 3)
    while True:
        squares = HalfSphere.of(bare, 0.0, reach).g_squared
        apart = np.flatnonzero(np.diff(squares, prepend=0) > SAME_LINE * squares)
        if len(apart) > lines:
            return float(1 / np.sqrt(squares[apart[lines]]))
        reach *= 1.3


def worth(group: SpaceGroup, settings: SearchSettings) -> float:
    """What the symmetry of a group is worth in residual: every structure has its subgroups too."""
    return settings.symmetry * math.log(len(group.rotations)) / math.log(48)


def _worked(searches: list[GroupSearch]) -> int:
    return sum(each.work for each in searches)
