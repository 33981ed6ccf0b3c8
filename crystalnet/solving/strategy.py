"""From the peaks of a measured pattern to candidates, the best first."""

from collections.abc import Callable, Sequence

from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.attempt import Attempt
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import crystal_system_of
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.ranking import Ranked, different, in_rank_order
from crystalnet.solving.search.cell_limits import FREE, CellLimits
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.sources import by_analogy, by_flipping, by_symmetry, exchange
from crystalnet.solving.symmetry.conventional import space_group_of


def solve_peaks(
    measured: MeasuredPeaks,
    known: KnownComposition,
    lattices: Sequence[IndexedLattice],
    gaussians: ValenceGaussians,
    *,
    seed: int = 0,
    most: int = 20,
    symmetry: bool = True,
    flipping: bool = True,
    analogy: bool = True,
    space_group: int | None = None,
    effort: float = 1.0,
    progress: Callable[[str], object] = lambda line: None,
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
    limits: CellLimits = FREE,
) -> list[Candidate]:
    """Structures by symmetry, by charge flipping and among known ones, ranked by their patterns.

    The first lattice is worked on in any case, others only where nothing has explained the pattern.

    Args:
        lattices: to try, the likeliest first.
        most: candidates returned.
        symmetry: whether Wyckoff positions are gone through.
        flipping: whether charge flipping is tried where they have not explained the pattern.
        analogy: whether known structures are tried where neither has.
        space_group: number of the only group that is tried, if it is known.
        effort: how long Wyckoff positions are gone through, as a multiple of the usual five
            seconds or so for each lattice, and how many maps are made by charge flipping.
        progress: is called with lines for a person to read.
        budget: when it is over, what has been found is ranked.
        settings: what is tried, and when it is enough.
        limits: how much a cell holds, if that is known.

    Returns:
        Different structures only, each at its best; ranks from 1.

    Raises:
        CrystalNetError: where nothing gives a structure.
    """
    attempt = Attempt(
        measured, known, lattices, seed, space_group, effort, progress, budget, settings, limits
    )
    for order in range(len(lattices)):
        if budget.over():
            break
        if symmetry:
            by_symmetry(attempt, order)
        if flipping and not attempt.explained(settings.strategy.certain):
            by_flipping(attempt, order)
        if analogy and not attempt.explained():
            by_analogy(attempt, order)
    exchange(attempt)
    if not attempt.found:
        if budget.cut_short:
            raise CrystalNetError(
                f"nothing was found when {budget.cut_short}; give it more time, or say more of the "
                "composition"
            )
        raise CrystalNetError(
            f"nothing gives a structure ({attempt.reason}); check lattice and composition, or say "
            "more of them"
        )
    budget.doing = f"ranking of {len(attempt.found)} structures"
    kept = different(in_rank_order(attempt.found, settings.ranking), most, budget, settings.ranking)
    grid = settings.strategy.density_grid
    return [_candidate(place, each, gaussians, grid) for place, each in enumerate(kept, start=1)]


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
        system=crystal_system_of(number),
        lattice=lattice,
        analogue_of=ranked.structure.analogue_of,
    )
