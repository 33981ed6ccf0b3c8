"""Which element on which site: the pattern knows better than a guessed density.

A density tells where atoms are; elements with as many valence electrons look alike in it, but not
to X-rays. So the elements of a decoded crystal are exchanged over its sites until its pattern
agrees best with the measured one.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.agreement.arrangements import AT_ONCE, PatternScorer
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, AgreementSettings, ExchangeSettings
from crystalnet.solving.ties import in_order


def exchange_elements(
    crystal: Crystal,
    measured: MeasuredPeaks,
    settings: ExchangeSettings = USUAL.exchange,
    budget: Budget = UNBOUNDED,
    agreement: AgreementSettings = USUAL.agreement,
) -> list[Crystal]:
    """The crystal with its elements on the sites where its pattern agrees best, and rivals of it.

    Returns:
        the best one first; of those that give the same pattern one, the crystal's own if it is
        among them; the crystal's own in any case.

    Raises:
        CrystalNetError: for an element without X-ray form factor.
    """
    numbers = crystal.atomic_numbers
    if len(np.unique(numbers)) == 1:
        return [crystal]
    coarse = replace(agreement, displacements=settings.displacements)
    scorer = PatternScorer(crystal, measured.down_to(settings.d_min), coarse)
    if not scorer.reflections:
        return [crystal]
    phases = scorer.phases(crystal.frac_coords)
    if _count(numbers) <= settings.all_up_to:
        trials = np.array(list(_assignments(tuple(numbers.tolist()))))
    else:
        trials = _descend(scorer, phases, numbers, settings.same, budget)
    trials = np.concatenate([numbers[None], trials])
    rwp = _rwp(scorer, phases, trials)
    chosen: list[int] = []
    # Of equal ones the crystal's own, which is the first, is kept.
    for trial in in_order(rwp, settings.same).tolist():
        if len(chosen) == settings.most or rwp[trial] > rwp.min() + settings.rival:
            break
        if all(abs(rwp[trial] - rwp[other]) > settings.same for other in chosen):
            chosen.append(trial)
    if 0 not in chosen:
        chosen.append(0)
    return [replace(crystal, atomic_numbers=trials[trial]) for trial in chosen]


def _rwp(
    scorer: PatternScorer,
    phases: Complex[ndarray, "atoms hkl"],
    assignments: Int[ndarray, "trials atoms"],
) -> Float[ndarray, " trials"]:
    there = (assignments[:, None, :] == scorer.elements[:, None]).astype(np.float64)
    sums = (there.reshape(-1, assignments.shape[1]) @ phases).reshape(
        len(assignments), len(scorer.elements), -1
    )
    return scorer.rwp((sums * scorer.factors).sum(axis=1))


def _descend(
    scorer: PatternScorer,
    phases: Complex[ndarray, "atoms hkl"],
    numbers: Int[ndarray, " atoms"],
    same: float,
    budget: Budget,
) -> Int[ndarray, "steps atoms"]:
    """What exchanges of two atoms lead to as long as they help, the best of each step."""
    path, best = [numbers], float(_rwp(scorer, phases, numbers[None])[0])
    while not budget.over():
        trials, found = _exchanges(scorer, phases, path[-1])
        if found.min() >= best - same:
            break
        path.append(trials[in_order(found, same)[0]])
        best = float(found.min())
    return np.array(path)


def _count(numbers: Int[ndarray, " atoms"]) -> int:
    """In how many ways the elements can stand on the sites."""
    _, counts = np.unique(numbers, return_counts=True)
    ways = math.factorial(len(numbers))
    for count in counts.tolist():
        ways //= math.factorial(count)
    return ways


def _assignments(numbers: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every distinct order of the numbers."""
    if len(numbers) == 1:
        yield numbers
        return
    for first in sorted(set(numbers)):
        rest = list(numbers)
        rest.remove(first)
        for others in _assignments(tuple(rest)):
            yield (first, *others)


def _exchanges(
    scorer: PatternScorer, phases: Complex[ndarray, "atoms hkl"], numbers: Int[ndarray, " atoms"]
) -> tuple[Int[ndarray, "trials atoms"], Float[ndarray, " trials"]]:
    """Every exchange of two different elements, and its Rwp."""
    one, other = np.nonzero(np.triu(numbers[:, None] != numbers))
    trials = np.tile(numbers, (len(one), 1))
    rows = np.arange(len(one))
    trials[rows, one], trials[rows, other] = numbers[other], numbers[one]
    factors = scorer.factor(numbers)
    amplitude = (factors * phases).sum(axis=0)
    found = np.empty(len(trials))
    for start in range(0, len(trials), AT_ONCE):
        i, j = one[start : start + AT_ONCE], other[start : start + AT_ONCE]
        change = (factors[j] - factors[i]) * (phases[i] - phases[j])
        found[start : start + AT_ONCE] = scorer.rwp(amplitude + change)
    return trials, found
