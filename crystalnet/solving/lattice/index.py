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
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.compiled import CENTRINGS, TRICLINIC, first_judgement, lowest_lines
from crystalnet.solving.lattice.kinds import KINDS, kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import (
    POINTS,
    Centring,
    LatticeKind,
    six_numbers_of,
)
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import (
    LARGEST,
    MOST_PREDICTED,
    LatticeFit,
    refined_lattices,
    score_lattice,
)
from crystalnet.solving.lattice.trials import trial_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, LatticeSettings
from crystalnet.solving.ties import in_order, tied

# Lattices whose first so many lines are at the same 1 / d^2, to within this share, are one.
COMPARED, SAME = 16, 5e-3
# One that is more symmetric may be fitted to the same lines a little worse: 1 / d^2 within this
# share, and so much (natural logarithm) for each line.
ALIKE, LESS_WELL = 1e-2, 0.6
# Scores, and logarithms of volumes, that differ by no more than this are equal.
SAME_SCORE, SAME_VOLUME = 1e-6, 1e-6
# The least volume of a primitive cell, in A^3.
SMALLEST = 8.0


def index(
    peaks: MeasuredPeaks,
    systems: Sequence[str] = tuple(KINDS),
    tolerance: float = 0.05,
    most: int = 10,
    *,
    weak: bool = False,
    settings: LatticeSettings = USUAL.lattices,
) -> list[IndexedLattice]:
    """Lattices that explain the positions of peaks, the most probable first.

    Where several lattices explain all peaks equally, how frequent each is among crystals decides.
    Up to 10 % of the lines, of up to 10 % of the intensity, may be those of impurities. Some
    lattices have the same lines (say cubic I and a P of 1 / sqrt 2 its edge, up to N = 6): all are
    returned.

    Args:
        peaks: a measured pattern's.
        systems: kinds of lattice to try.
        tolerance: what 99 of 100 errors of position stay within, in degrees 2-theta.
        most: lattices returned.
        weak: whether evidence is enough that is only better than that of lines anywhere.

    Raises:
        CrystalNetError: for too few significant peaks, or if no lattice fits.
    """
    lines = Lines.of(peaks, tolerance)
    kinds = [kind_of(system) for system in systems]
    tried = [kind for kind in kinds if len(lines.q) >= kind.fewest_lines]
    if not tried:
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
    enough = settings.weak[0] - settings.weak[1] * len(lines.q) if weak else settings.evidence
    lattices = _distinct([fit for fit in fits if fit.score > enough], most)
    if not lattices:
        names = " or ".join(kind.system for kind in tried)
        raise CrystalNetError(
            f"no {names} lattice fits the {len(lines.q)} first significant peaks "
            f"within {tolerance} degrees 2-theta; check wavelength and positions, or give the "
            "lattice"
        )
    return lattices


def _size(kind: LatticeKind) -> int:
    return len(kind.edges)


def _fits(
    kind: LatticeKind, centring: Centring, lines: Lines, settings: LatticeSettings
) -> Iterator[LatticeFit]:
    """The best of the trial lattices of one kind and centring, refined and scored."""
    trials = trial_lattices(kind, centring, lines.q)
    merit = _judged(
        kind, centring, trials, np.zeros(len(trials)), lines, settings.compared, settings.coarse
    )
    best = in_order(-merit, SAME_SCORE, settings.refined)
    parameters, zeros = refined_lattices(
        kind.system, centring, trials[best[merit[best] > 0]], lines
    )
    merit = _judged(kind, centring, parameters, zeros, lines, len(lines.q), settings.fine)
    order = in_order(-merit, SAME_SCORE, settings.kept)
    first = lowest_lines(parameters[order], kind.metric, kind.laue, CENTRINGS[centring], COMPARED)
    kept: list[int] = []
    for place, trial in enumerate(order.tolist()):
        if merit[trial] > 0 and not any(_same(first[place], first[k]) for k in kept):
            kept.append(place)
            fit = score_lattice(kind.system, centring, parameters[trial], zeros[trial], lines)
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
            MOST_PREDICTED * max(number, 8),
            (SMALLEST * POINTS[centring], LARGEST * POINTS[centring]),
        )
    )


def _same(
    one: Float[ndarray, " lines"], other: Float[ndarray, " lines"], share: float = SAME
) -> bool:
    return bool((np.abs(one - other) <= share * one).all())


def with_peaks(
    lattices: Sequence[IndexedLattice],
    peaks: MeasuredPeaks,
    tolerance: float = 0.05,
    unexplained: float = USUAL.lattices.unexplained,
) -> list[IndexedLattice]:
    """Given lattices refined against peaks, the one whose absences fit best first.

    Args:
        tolerance: of the positions, in degrees 2-theta.
        unexplained: lattices that leave more than this share of the intensity are left out.

    Raises:
        CrystalNetError: if none stays.
    """
    lines = Lines.of(peaks, tolerance)
    fits = []
    for each in lattices:
        start = kind_of(each.system).parameters_of(each.edges)[None]
        for parameters, zero in zip(
            *refined_lattices(each.system, each.centring, start, lines), strict=True
        ):
            fit = score_lattice(each.system, each.centring, parameters, float(zero), lines)
            if fit is not None and lines.share[~fit.explained].sum() <= unexplained:
                fits.append(fit)
    if not fits:
        edges = ", ".join(sorted({_told(each) for each in lattices}))
        raise CrystalNetError(
            f"no lattice of {edges} explains the {len(lines.q)} first significant peaks; check "
            "the edges and the wavelength"
        )
    return [fit.lattice() for fit in _in_order(fits)]


def _told(lattice: IndexedLattice) -> str:
    names = kind_of(lattice.system).edges
    return ", ".join(
        f"{n} = {edge:g}" + (" A" if len(n) == 1 else " degrees")
        for n, edge in zip(names, lattice.edges, strict=True)
    )


def _acceptable(fit: LatticeFit, lines: Lines, settings: LatticeSettings) -> bool:
    stray, share = ~fit.explained, settings.unexplained
    few = stray.sum() <= max(settings.strays, share * len(stray))
    return bool(few and lines.share[stray].sum() <= share)


def _in_order(fits: Sequence[LatticeFit]) -> list[LatticeFit]:
    """The most probable first; of equals the one of the smallest cell, then the first tried."""
    score = np.array([-fit.score for fit in fits])
    volume = np.array([np.log(fit.lattice().volume) for fit in fits])
    return [fits[k] for k in np.lexsort((tied(volume, SAME_VOLUME), tied(score, SAME_SCORE)))]


def _distinct(fits: list[LatticeFit], most: int) -> list[IndexedLattice]:
    """The best fits, each lattice once, in the highest symmetry that explains lines about as well.

    A cell of lower symmetry, whose every edge is fitted, always explains them a little better.
    """
    kept: list[IndexedLattice] = []
    firsts: list[Float[ndarray, " lines"]] = []
    ordered = [(fit, fit.lattice()) for fit in _in_order(fits)]
    every = [_first_lines(lattice) for _, lattice in ordered]
    for (fit, _), first in zip(ordered, every, strict=True):
        if any(_same(first, other) for other in firsts):
            continue
        alike = [
            (len(other.parameters), place)
            for place, (other, _) in enumerate(ordered)
            if _same(first, every[place], ALIKE) and _as_good(other, fit)
        ]
        simplest = min(alike)[1]
        kept.append(ordered[simplest][1])
        firsts += [first, every[simplest]]
        if len(kept) == most:
            break
    return kept


def _as_good(simpler: LatticeFit, fit: LatticeFit) -> bool:
    if (~simpler.explained).sum() <= (~fit.explained).sum():
        return True
    return fit.score - simpler.score <= LESS_WELL * len(fit.explained)


def _first_lines(lattice: IndexedLattice) -> Float[ndarray, " lines"]:
    """1 / d^2 of the first reflections of the primitive cell, of each Friedel pair one."""
    six = six_numbers_of(lattice.primitive)
    first = lowest_lines(six[None], np.eye(6), TRICLINIC, CENTRINGS["P"], COMPARED)
    return np.asarray(first[0])
