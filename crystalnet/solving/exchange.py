"""Which element on which site: the pattern knows better than a guessed density.

A density tells where atoms are; elements with as many valence electrons look alike in it, but not
to X-rays. So the elements of a decoded crystal are exchanged over its sites until its pattern
agrees best with the measured one.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import HalfSphere
from crystalnet.crystallography.scattering import form_factor
from crystalnet.solving.ranking import (
    DISPLACEMENTS,
    MeasuredPeaks,
    compare_profiles,
    peak_profile,
)

# All assignments are tried up to this many, otherwise exchanges of two atoms as long as they help.
ALL = 1000
# Assignments whose profiles are worked on at once.
AT_ONCE = 64
# A reflection this close to another, in relative |hkl|^2, is on the same peak.
SAME_PEAK = 1e-6
# Assignments whose Rwp differs by less than this are one to the pattern.
SAME = 1e-4
# An assignment that is worse than the best by more than this is none of its rivals.
RIVAL = 0.1


def exchange_elements(crystal: Crystal, measured: MeasuredPeaks, most: int = 3) -> list[Crystal]:
    """The crystal with its elements on the sites where its pattern agrees best, and rivals of it.

    Args:
        most: assignments returned beyond the crystal's own.

    Returns:
        the best one first; of those that give the same pattern one, the crystal's own if it is
        among them; the crystal's own in any case.

    Raises:
        CrystalNetError: for an element without X-ray form factor.
    """
    numbers = crystal.atomic_numbers
    if len(np.unique(numbers)) == 1:
        return [crystal]
    scorer = _Scorer(crystal, measured)
    if not scorer.reflections:
        return [crystal]
    if _count(numbers) <= ALL:
        trials = np.array(list(_assignments(tuple(numbers.tolist()))))
    else:
        trials = scorer.descend(numbers)
    trials = np.concatenate([numbers[None], trials])
    rwp = scorer.rwp(trials)
    chosen: list[int] = []
    # A stable sort: of equal ones the crystal's own, which is the first, is kept.
    for trial in np.argsort(np.round(rwp / SAME), kind="stable").tolist():
        if len(chosen) == most or rwp[trial] > rwp.min() + RIVAL:
            break
        if all(abs(rwp[trial] - rwp[other]) > SAME for other in chosen):
            chosen.append(trial)
    if 0 not in chosen:
        chosen.append(0)
    return [replace(crystal, atomic_numbers=trials[trial]) for trial in chosen]


class _Scorer:
    """Rwp of any assignment of elements to the sites of one crystal."""

    def __init__(self, crystal: Crystal, measured: MeasuredPeaks) -> None:
        low, high = 2 * np.sin(np.radians(np.array(measured.two_theta_range) / 2))
        sphere = HalfSphere.of(crystal, low / measured.wavelength, high / measured.wavelength)
        self.reflections = len(sphere.g_squared)
        if not self.reflections:
            return
        self.range = measured.two_theta_range
        self.elements = np.unique(crystal.atomic_numbers)
        self.factors = np.stack([form_factor(int(z), sphere.g_squared / 4) for z in self.elements])
        hkl = sphere.hkl(np.arange(self.reflections))
        self.phases = np.exp(2j * np.pi * (crystal.frac_coords @ hkl.T))
        sine2 = np.minimum(sphere.g_squared * (measured.wavelength / 2) ** 2, 1 - 1e-12)
        lorentz = (1 + (1 - 2 * sine2) ** 2) / (sine2 * np.sqrt(1 - sine2))
        damping = np.exp(-2 * np.outer(DISPLACEMENTS, sphere.g_squared / 4))
        self.weight = lorentz * damping
        apart = np.diff(sphere.g_squared) > SAME_PEAK * sphere.g_squared[1:]
        self.first = np.append(0, np.flatnonzero(apart) + 1)
        self.two_theta = 2 * np.degrees(np.arcsin(np.sqrt(sine2[self.first])))
        self.profile = peak_profile(measured.two_theta, measured.intensity, self.range)

    def descend(self, numbers: Int[ndarray, " atoms"]) -> Int[ndarray, "trials atoms"]:
        """What exchanges of two atoms lead to as long as they help, the best of each step."""
        path, best = [numbers], float(self.rwp(numbers[None])[0])
        while True:
            trials = _exchanges(path[-1])
            found = self.rwp(trials)
            if found.min() >= best - SAME:
                return np.array(path)
            path.append(trials[int(found.argmin())])
            best = float(found.min())

    def rwp(self, assignments: Int[ndarray, "trials atoms"]) -> Float[ndarray, " trials"]:
        """The least Rwp of each assignment over the displacement parameters."""
        best = np.empty(len(assignments))
        for start in range(0, len(assignments), AT_ONCE):
            trials = assignments[start : start + AT_ONCE]
            there = (trials[:, None, :] == self.elements[:, None]).astype(np.float64)
            sums = (there.reshape(-1, trials.shape[1]) @ self.phases).reshape(
                len(trials), len(self.elements), -1
            )
            power = np.abs((sums * self.factors).sum(axis=1)) ** 2
            peaks = np.add.reduceat(power[:, None] * self.weight, self.first, axis=-1)
            profiles = peak_profile(self.two_theta, peaks, self.range)
            flat = profiles.reshape(-1, profiles.shape[-1])
            rwp, _ = compare_profiles(flat, self.profile)
            best[start : start + AT_ONCE] = rwp.reshape(len(trials), -1).min(axis=1)
        return best


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


def _exchanges(numbers: Int[ndarray, " atoms"]) -> Int[ndarray, "trials atoms"]:
    """Every exchange of two different elements."""
    one, other = np.nonzero(np.triu(numbers[:, None] != numbers))
    trials = np.tile(numbers, (len(one), 1))
    rows = np.arange(len(one))
    trials[rows, one], trials[rows, other] = numbers[other], numbers[one]
    return trials
