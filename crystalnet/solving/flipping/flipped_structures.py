"""Structures by charge flipping: maps, their symmetry, their atoms, refined and in order."""

from collections.abc import Mapping, Sequence

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.flipping.building import Builder
from crystalnet.solving.flipping.flip import flipped
from crystalnet.solving.flipping.map_symmetry import MapSymmetry
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.group_search import Arrangement, GroupSearch
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.frames import Frame, frames_of


def flipped_structures(
    measured: MeasuredPeaks,
    contents: Sequence[Mapping[int, int]],
    lattice: IndexedLattice,
    *,
    starts: int | None = None,
    number: int | None = None,
    seed: int = 0,
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
) -> list[Crystal]:
    """Structures whose intensities agree with the measured ones, the best first.

    Args:
        contents: what the primitive cell may hold: atoms of each atomic number, the likeliest
            first.
        starts: maps of each content at most, if not as many as usual.
        number: the space group, if it is known.
        budget: when it is over, what has been found is returned.

    Returns:
        In the primitive cell; none where nothing agrees, or the cell is too large.

    Raises:
        CrystalNetError: for an element without X-ray form factor, or a group that is of no such
            lattice.
    """
    plan = settings.flipping
    frames = frames_of(lattice, number)
    searches: dict[int, GroupSearch] = {}
    found: list[tuple[GroupSearch, Arrangement]] = []
    generator = np.random.default_rng(seed)

    def search_of(frame: Frame) -> GroupSearch:
        if id(frame) not in searches:
            searches[id(frame)] = GroupSearch(
                measured, lattice, frame, settings.search.d_min, settings.search.d_min, budget,
                settings.agreement,
            )  # fmt: skip
        return searches[id(frame)]

    for counts in contents:
        if sum(counts.values()) > plan.most_atoms:
            continue
        reflections = Reflections(measured, lattice, counts, plan, settings.agreement)
        if not reflections.possible or np.prod(reflections.shape) > plan.most_points:
            continue
        possible = [frame for frame in frames if search_of(frame).lines.possible]
        for start in range(plan.starts if starts is None else starts):
            if budget.over():
                break
            amplitude = flipped(reflections, generator, plan, sharp=bool(start % 2), budget=budget)
            symmetry = MapSymmetry(reflections, amplitude, lattice.primitive)
            for framed in symmetry.likely(possible, plan.symmetric, plan.frames):
                if budget.over():
                    break
                one = search_of(framed.frame)
                builder = Builder(reflections, one, counts, plan)
                found += [(one, each) for each in builder.build(framed)]
            if found and min(each.residual for _, each in found) < plan.perfect:
                break
    good = [pair for pair in found if pair[1].residual < plan.good]
    good.sort(key=lambda pair: round(pair[1].residual, 4))
    return [one.crystal(each) for one, each in good[: plan.most]]
