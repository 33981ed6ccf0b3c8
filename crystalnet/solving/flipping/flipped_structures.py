"""Structures by charge flipping: maps, their symmetry, their atoms, refined and in order."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.flipping.building import Builder
from crystalnet.solving.flipping.flip import Start, at_random, flipped
from crystalnet.solving.flipping.map_symmetry import MapSymmetry
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.group_fit import GroupFit
from crystalnet.solving.search.order import worth
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.frames import Frame, frames_of


def flipped_structures(
    measured: MeasuredPeaks,
    contents: Sequence[Mapping[int, int]],
    lattice: IndexedLattice,
    *,
    maps: int | None = None,
    number: int | None = None,
    seed: int = 0,
    start: Start = at_random,
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
) -> list[Crystal]:
    """Structures whose intensities agree with the measured ones, the best first.

    Args:
        contents: what the primitive cell may hold: atoms of each atomic number, the likeliest
            first.
        maps: made at most, if not as many as usual.
        number: the space group, if it is known.
        start: phases that maps begin with, such as those of a density that is near.
        budget: when it is over, what has been found is returned.

    Returns:
        In the primitive cell; none where nothing agrees, or the cell is too large.

    Raises:
        CrystalNetError: for an element without X-ray form factor, or a group that is of no such
            lattice.
    """
    plan = settings.flipping
    frames = frames_of(lattice, number)
    fits: dict[int, GroupFit] = {}
    found: list[tuple[GroupFit, Arrangement]] = []
    generator = np.random.default_rng(seed)

    def fit_of(frame: Frame) -> GroupFit:
        if id(frame) not in fits:
            fits[id(frame)] = GroupFit(measured, lattice, frame, settings=settings)
        return fits[id(frame)]

    def least() -> float:
        return min((each.residual for _, each in found), default=np.inf)

    tried = []
    for counts in contents:
        if sum(counts.values()) <= plan.most_atoms:
            one = Reflections(measured, lattice, frames[0].cell, counts, plan, settings.agreement)
            if one.possible and np.prod(one.shape) <= plan.most_points:
                tried.append((counts, one))
    possible = [frame for frame in frames if tried and fit_of(frame).lines.possible]
    made = itertools.product(range(plan.maps), tried)
    for turn, (counts, reflections) in itertools.islice(made, plan.maps if maps is None else maps):
        if budget.over():
            break
        sharp = bool(turn % 2)
        amplitude = flipped(reflections, generator, plan, sharp=sharp, start=start, budget=budget)
        symmetry = MapSymmetry(reflections, amplitude, lattice.primitive)
        for framed in symmetry.likely(possible, plan.symmetric, plan.frames):
            if budget.over():
                break
            fit = fit_of(framed.frame)
            builder = Builder(reflections, fit, counts, plan)
            found += [(fit, each) for each in builder.build(framed)]
            if least() < plan.perfect:
                break
        if least() < (plan.perfect if turn < plan.surely else plan.explained):
            break
    good = [pair for pair in found if pair[1].residual < plan.good]
    # Every structure has its subgroups too, which agree as well.
    good.sort(key=lambda pair: round(pair[1].residual - worth(pair[0].group, settings.search), 4))
    return [one.crystal(each) for one, each in good[: plan.most]]
