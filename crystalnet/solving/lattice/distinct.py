"""Of lattices fitted to lines: which are one, and in which order they come."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.compiled import CENTRINGS, TRICLINIC, lowest_lines
from crystalnet.solving.lattice.kinds.lattice_kind import six_numbers_of
from crystalnet.solving.lattice.score import LatticeFit
from crystalnet.solving.settings import LatticeSettings
from crystalnet.solving.ties import tied

# Scores, and logarithms of volumes, that differ by no more than this are equal.
SAME_SCORE, SAME_VOLUME = 1e-6, 1e-6


def in_score_order(fits: Sequence[LatticeFit]) -> list[LatticeFit]:
    """The most probable first; of equals the one of the smallest cell, then the first tried."""
    score = np.array([-fit.score for fit in fits])
    volume = np.array([np.log(fit.lattice().volume) for fit in fits])
    return [fits[k] for k in np.lexsort((tied(volume, SAME_VOLUME), tied(score, SAME_SCORE)))]


def distinct(
    fits: Sequence[LatticeFit], most: int, settings: LatticeSettings
) -> list[IndexedLattice]:
    """The best fits, each lattice once, in the highest symmetry that explains lines about as well.

    A cell of lower symmetry, whose every edge is fitted, always explains them a little better.
    """
    kept: list[IndexedLattice] = []
    firsts: list[Float[ndarray, " lines"]] = []
    ordered = [(fit, fit.lattice()) for fit in in_score_order(fits)]
    every = [_first_lines(lattice, settings.same_lines) for _, lattice in ordered]
    for (fit, _), first in zip(ordered, every, strict=True):
        if any(same_lines(first, other, settings.same_within) for other in firsts):
            continue
        alike = [
            (len(other.parameters), place)
            for place, (other, _) in enumerate(ordered)
            if same_lines(first, every[place], settings.alike)
            and _as_good(other, fit, settings.less_well)
        ]
        simplest = min(alike)[1]
        kept.append(ordered[simplest][1])
        firsts += [first, every[simplest]]
        if len(kept) == most:
            break
    return kept


def _as_good(simpler: LatticeFit, fit: LatticeFit, less_well: float) -> bool:
    if (~simpler.explained).sum() <= (~fit.explained).sum():
        return True
    return fit.score - simpler.score <= less_well * len(fit.explained)


def _first_lines(lattice: IndexedLattice, number: int) -> Float[ndarray, " lines"]:
    """1 / d^2 of the first reflections of the primitive cell, of each Friedel pair one."""
    six = six_numbers_of(lattice.primitive)
    first = lowest_lines(six[None], np.eye(6), TRICLINIC, CENTRINGS["P"], number)
    return np.asarray(first[0])


def same_lines(
    one: Float[ndarray, " lines"], others: Float[ndarray, "*others lines"], share: float
) -> Bool[ndarray, "*others"]:
    """Whether the lines of two lattices are at the same 1 / d^2, to within a share of it."""
    return np.asarray((np.abs(one - others) <= share * one).all(axis=-1))
