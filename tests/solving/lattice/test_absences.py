"""How probable it is that some lines of a lattice are seen and others are not."""

import numpy as np
import pytest
from scipy.special import betaln, logsumexp

from crystalnet.solving.lattice.absences import chance_of_absences


def test_lines_that_overlap_are_one_within_a_family_only() -> None:
    # Families 0 and 1 at one place; of 0 another line beside it, and one elsewhere that is seen.
    families = np.array([[0, 1, 0, 0]])
    angle, hit = np.array([10.0, 10.0, 10.01, 20.0]), np.array([False, False, False, True])
    found = chance_of_absences(families, np.array([0.03]), 0.2, angle, hit, 0.05)
    # Family 0: one of two, at any share 1 / (3 * 2). Family 1: none of one.
    wanted = np.log((1 - 0.03 - 0.2) / 6) + np.log((1 - 0.03 - 0.2) / 2 + 0.03)
    assert found == pytest.approx(wanted)


def test_every_way_counts_as_much() -> None:
    generator = np.random.default_rng(0)
    families = generator.integers(4, size=(5, 60))
    hit = generator.random(60) < 0.4
    unseen = np.array([0.03, 0.1, 0.03, 0.1, 0.03])
    angle = np.arange(60.0)
    ways = []
    for family, weak in zip(families, unseen, strict=True):
        size, seen = np.bincount(family), np.bincount(family[hit], minlength=family.max() + 1)
        share = np.exp(betaln(seen + 1, size - seen + 1))
        chance = (1 - weak - 0.2) * share + weak * (seen == 0) + 0.2 * (seen == size)
        ways.append(np.log(chance).sum())
    found = chance_of_absences(families, unseen, 0.2, angle, hit, 0.05)
    assert found == pytest.approx(logsumexp(ways) - np.log(5))
