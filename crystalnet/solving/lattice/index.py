"""Indexing: the lattice of a crystal from the positions of its powder lines.

Trial lattices of every kind, from indices that the first lines of crystals have (`trials`), are
compared with the first lines; the best are refined with more and more lines, compared with all of
them, and scored (`score`). Kinds of few parameters are tried first, and those of more only if what
was found does not explain the lines beyond doubt. A bound on work, none on time: the answer is the
same on any machine.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.compiled import CENTRINGS, first_judgement, lowest_lines
from crystalnet.solving.lattice.distinct import SAME_SCORE, same_lines
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import POINTS, Centring, LatticeKind
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import LatticeFit, refined_lattices, score_lattice
from crystalnet.solving.lattice.trials import trial_lattices
from crystalnet.solving.settings import LatticeSettings
from crystalnet.solving.ties import in_order


def fits_of(lines: Lines, systems: Sequence[str], settings: LatticeSettings) -> list[LatticeFit]:
    """Lattices fitted to lines, in no order, the same one perhaps in several cells.

    Up to 10 % of the lines, of up to 10 % of the intensity, may be those of impurities.

    Args:
        systems: kinds of lattice to try.

    Raises:
        CrystalNetError: for too few lines.
    """
    tried = kinds_for(lines, systems)
    if not tried:
        kinds = map(kind_of, systems)
        needed = " or ".join(f"{each.fewest_lines} for a {each.system} lattice" for each in kinds)
        raise CrystalNetError(
            f"{len(lines.q)} significant peaks; want at least {needed}, so measure a wider range"
        )
    fits: list[LatticeFit] = []
    for parameters, same in groupby(sorted(tried, key=_size), key=_size):
        for kind in same:
            for centring in kind.centrings:
                fits += _fits(kind, centring, lines, settings)
        if parameters <= len(settings.beyond_doubt):
            # Lines without errors of position would say more of wrong lattices too.
            doubtless = settings.beyond_doubt[parameters - 1]
            if any(
                fit.explained.all()
                and fit.score / len(lines.q) > doubtless + np.log(lines.sigma / fit.width)
                for fit in fits
            ):
                break
    return fits


def kinds_for(lines: Lines, systems: Sequence[str]) -> list[LatticeKind]:
    """Those of some kinds of lattice whose parameters so many lines can tell."""
    kinds = [kind_of(system) for system in systems]
    return [kind for kind in kinds if len(lines.q) >= kind.fewest_lines]


def _size(kind: LatticeKind) -> int:
    return len(kind.edges)


def _fits(
    kind: LatticeKind, centring: Centring, lines: Lines, settings: LatticeSettings
) -> Iterator[LatticeFit]:
    """The best of the trial lattices of one kind and centring, refined and scored."""
    trials = trial_lattices(kind, centring, lines.q)
    merit = _judged(
        kind,
        centring,
        trials,
        np.zeros(len(trials)),
        lines,
        settings.compared,
        settings.coarse,
        settings,
    )
    some = np.flatnonzero(merit > 0)
    best = some[in_order(-merit[some], SAME_SCORE, settings.refined)]
    parameters, zeros = refined_lattices(kind.system, centring, trials[best], lines, settings)
    every = len(lines.q)
    merit = _judged(kind, centring, parameters, zeros, lines, every, settings.fine, settings)
    order = in_order(-merit, SAME_SCORE, settings.kept)
    first = lowest_lines(
        parameters[order], kind.metric, kind.laue, CENTRINGS[centring], settings.same_lines
    )
    kept: list[int] = []
    for place, trial in enumerate(order.tolist()):
        if (
            merit[trial] > 0
            and not same_lines(first[place], first[kept], settings.same_within).any()
        ):
            kept.append(place)
            fit = score_lattice(
                kind.system, centring, parameters[trial], zeros[trial], lines, settings
            )
            if fit is not None and _acceptable(fit, lines, settings):
                yield fit
        if len(kept) == settings.scored:
            break


def _judged(
    kind: LatticeKind,
    centring: Centring,
    parameters: Float[ndarray, "trials parameters"],
    zeros: Float[ndarray, " trials"],
    lines: Lines,
    number: int,
    sigmas: float,
    settings: LatticeSettings,
) -> Float[ndarray, " trials"]:
    """How improbable it is that the first lines are as near to a lattice's by chance."""
    number = min(number, len(lines.q))
    return np.asarray(
        first_judgement(
            parameters,
            zeros,
            kind.metric,
            kind.laue,
            CENTRINGS[centring],
            lines.q[:number],
            lines.slope(lines.two_theta[:number]),
            sigmas * lines.sigma,
            settings.most_predicted * max(number, 8),
            settings.glance,
            (settings.smallest * POINTS[centring], settings.largest * POINTS[centring]),
        )
    )


def _acceptable(fit: LatticeFit, lines: Lines, settings: LatticeSettings) -> bool:
    stray, share = ~fit.explained, settings.unexplained
    few = stray.sum() <= max(settings.strays, share * len(stray))
    return bool(few and lines.share[stray].sum() <= share)
