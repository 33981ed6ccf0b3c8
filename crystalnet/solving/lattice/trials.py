"""Trial lattices: the first powder lines are given such indices as they have in known crystals.

A lattice of p free parameters follows from p lines and their indices. Which indices the first lines
of crystals have was counted on training crystals (`pipeline.steps.trial_indices`): a few dozen sets
of them are enough for 98 of 100 orthorhombic crystals, some hundreds for monoclinic and triclinic
ones. Each set is given to every choice of p of the first lines, in order of 1 / d^2, so that lines
that are missing or foreign leave others to go by.
"""

from functools import cache
from itertools import combinations
from math import comb

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattice.kinds.lattice_kind import Centring, LatticeKind


def trial_lattices(
    kind: LatticeKind, centring: Centring, q: Float[ndarray, " lines"]
) -> Float[ndarray, "trials parameters"]:
    """Parameters in 1/A^2 from the first lines, of every set and every choice of lines.

    Args:
        q: 1 / d^2 of the lines in 1/A^2, ascending.
    """
    solutions = _solutions(kind, centring)
    size = solutions.shape[1]
    first = q[: kind.first_lines]
    chosen = np.fromiter(
        (line for each in combinations(range(len(first)), size) for line in each),
        dtype=np.int64,
        count=size * comb(len(first), size),
    ).reshape(-1, size)
    return np.asarray(first[chosen] @ solutions.transpose(0, 2, 1)).reshape(-1, size)


@cache
def _solutions(
    kind: LatticeKind, centring: Centring
) -> Float[ndarray, "sets parameters parameters"]:
    return np.asarray(np.linalg.inv(kind.index_sets(centring)))
