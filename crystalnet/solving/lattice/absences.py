"""How probable it is that just those lines of a lattice are seen that are."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from crystalnet.solving.compiling import compiled


@compiled
def chance_of_absences(
    families: Int[ndarray, "ways predicted"],
    unseen: Float[ndarray, " ways"],
    all_seen: float,
    predicted: Float[ndarray, " predicted"],
    hit: Bool[ndarray, " predicted"],
    near: float,
) -> float:
    """Logarithm of the mean, over ways to part lines into families, of their probability.

    Lines of one family that overlap are one. Those of other families hide none: where a family is
    too weak to be seen, the rest counts as it does in the smaller cell, whose lines they are.

    Args:
        families, unseen: of each line in each way, numbers from 0 on, and how probable it is that
            all of one are too weak to be seen.
        all_seen: how probable it is that all of one are seen.
        predicted: ascending 2-theta of the lattice's lines, in degrees.
        hit: which of them are seen.
        near: degrees within which lines overlap.
    """
    ways = np.empty(len(families))
    for way in range(len(families)):
        number = families[way].max() + 1 if len(predicted) else 0
        size, found = np.zeros(number), np.zeros(number)
        last = np.full(number, -np.inf)
        for line in range(len(predicted)):
            family = families[way, line]
            if hit[line]:
                found[family] += 1
            if hit[line] or predicted[line] - last[family] > near:
                size[family] += 1
            last[family] = predicted[line]
        ways[way] = 0.0
        for n, k in zip(size, found):  # noqa: B905 - what is compiled knows no strict
            if n == 0:
                continue
            # Any number of them with the same probability: the beta function of k + 1, n - k + 1.
            any_share = math.exp(math.lgamma(k + 1) + math.lgamma(n - k + 1) - math.lgamma(n + 2))
            chance = (1 - unseen[way] - all_seen) * any_share
            if k == 0:
                chance += unseen[way]
            if k == n:
                chance += all_seen
            ways[way] += math.log(chance)
    most = ways.max()
    return float(most + math.log(np.exp(ways - most).mean()))
