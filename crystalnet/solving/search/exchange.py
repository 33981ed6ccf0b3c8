"""Elements on each other's sites, where the pattern wants them there."""

from dataclasses import replace
from itertools import combinations

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.analogues import fit_of
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.group_fit import GroupFit
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.settings import USUAL, SolveSettings


def exchanged(
    crystal: Crystal,
    measured: MeasuredPeaks,
    lattice: IndexedLattice,
    settings: SolveSettings = USUAL,
) -> Crystal | None:
    """A crystal with elements exchanged as long as the intensities agree better, and refined.

    Orbits of as many atoms exchange theirs, two at a time, the pair that gains most first.

    Args:
        crystal: in a primitive cell of the lattice.

    Returns:
        None where no exchange gains, or atoms come too near after it.
    """
    found = fit_of(crystal, measured, lattice, settings)
    if found is None:
        return None
    fit, arranged = found
    plan = settings.strategy
    best = fit.refine(arranged) or arranged
    better = None
    while True:
        trials = sorted(swaps(fit, best), key=lambda each: each.residual)[: plan.refined]
        ends = [end for each in trials if (end := fit.refine(each)) is not None]
        ends = [each for each in ends if each.residual < best.residual - plan.gain]
        if not ends:
            return None if better is None else fit.crystal(better)
        best = better = min(ends, key=lambda each: round(each.residual, 6))


def best_exchange(fit: GroupFit, arranged: Arrangement, gain: float) -> Arrangement:
    """The elements of an arrangement exchanged as long as that helps; itself if it does not.

    Args:
        gain: residual that an exchange of two must gain.
    """
    least = fit.residual(arranged)
    while True:
        trials = swaps(fit, arranged)
        best = min(trials, key=lambda each: each.residual, default=arranged)
        if not trials or best.residual > least - gain:
            return arranged
        least, arranged = best.residual, best


def swaps(fit: GroupFit, arranged: Arrangement) -> list[Arrangement]:
    """Every exchange of the elements of two orbits of as many atoms, with its residual."""
    group, places = arranged.occupation.group, arranged.occupation.places
    every = []
    for i, j in combinations(range(len(places)), 2):
        (one, first), (other, second) = places[i], places[j]
        same = group.positions[one].multiplicity == group.positions[other].multiplicity
        if first != second and same:
            swapped = list(places)
            swapped[i], swapped[j] = (one, second), (other, first)
            trial = replace(arranged, occupation=Occupation(group, tuple(swapped)))
            # No last bit decides which is the best.
            every.append(replace(trial, residual=round(fit.residual(trial), 6)))
    return every
