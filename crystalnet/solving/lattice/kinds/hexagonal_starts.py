"""Hexagonal lattices to start from: small indices for low powder lines, in every way there is."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattice.kinds.lattice_kind import Centring, LatticeKind
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.ties import in_order

# The lines given indices, from the lowest.
START_LINES = 6
# The largest l tried for each m; an R lattice has a third of the l.
START_L = {0: 12, 1: 10, 3: 6, 4: 5, 7: 3, 9: 1}
# Starts are compared with so many lines, within so many sigmas (they are only starts), and so
# many of each centring are refined.
COARSE_LINES, COARSE_WINDOW, REFINED = 14, 6.0, 150
COARSE_M = np.array([0, 1, 3, 4, 7, 9, 12, 13, 16, 19, 21, 25])
BLOCK = 4096
# Starts whose parameters all differ by no more than this share of them are one.
SAME_START = 2.5e-3
# Starts are equally good if the logarithms of their probabilities differ by no more than this.
SAME_MERIT = 1e-6


def hexagonal_starts(
    kind: LatticeKind, centring: Centring, lines: Lines
) -> Float[ndarray, "starts 2"]:
    """The best parameters from small indices of two low lines each.

    Of two that are equally good the one from lower lines and smaller indices comes first.
    """
    terms = kind.line_table(centring).terms
    limit = np.array([START_L.get(int(m), -1) for m in terms[:, 0]])
    widen = 3 if centring == "R" else 1
    small = terms[np.sqrt(terms[:, 1]) <= np.where(limit >= 0, widen * limit, -1)]
    i, j = np.triu_indices(min(START_LINES, len(lines.q)), 1)
    first, second = (each.ravel() for each in np.indices((len(small), len(small))))
    determinant = small[first, 0] * small[second, 1] - small[first, 1] * small[second, 0]
    first, second, determinant = (x[determinant != 0] for x in (first, second, determinant))
    low, high = lines.q[i][:, None], lines.q[j][:, None]
    a = (low * small[second, 1] - high * small[first, 1]) / determinant
    c = (high * small[first, 0] - low * small[second, 0]) / determinant
    starts = kind.sensible(np.column_stack([a.ravel(), c.ravel()]))
    merit = np.concatenate(
        [
            _coarse(starts[k : k + BLOCK], centring, lines)
            for k in range(0, max(len(starts), 1), BLOCK)
        ]
    )
    starts = starts[in_order(-merit, SAME_MERIT)]
    size = np.log(starts)
    new = np.ones(len(starts), dtype=bool)
    best: list[int] = []
    while new.any() and len(best) < REFINED:
        best.append(int(np.argmax(new)))
        new &= (np.abs(size - size[best[-1]]) > SAME_START).any(axis=1)
    return np.asarray(starts[best])


def _coarse(
    starts: Float[ndarray, "starts 2"], centring: Centring, lines: Lines
) -> Float[ndarray, " starts"]:
    """How improbable it is that lines anywhere are as near to the first ones of a lattice.

    Minus the logarithm of the probability, summed over the lines, from the nearest line of the
    lattice and the mean density of its lines.
    """
    count = min(COARSE_LINES, len(lines.q))
    q = lines.q[:count]
    window = COARSE_WINDOW * lines.sigma / lines.slope(lines.two_theta[:count])
    a, c = starts[:, 0, None, None], starts[:, 1, None, None]
    rest = np.maximum(q[:, None] - a * COARSE_M, 0) / c
    order = np.sqrt(rest)
    if centring == "P":
        order = np.rint(order)
    else:
        # Multiples of 3 where m is one; the nearest that is none elsewhere.
        third = np.rint(order / 3) * 3
        other = np.where(order >= third, third + np.maximum(np.rint(order - third), 1), 0)
        other = np.where(order < third, third - np.maximum(np.rint(third - order), 1), other)
        order = np.where(COARSE_M % 3 == 0, third, other)
    error = np.abs(a * COARSE_M + c * order**2 - q[:, None])
    error[..., 0][order[..., 0] == 0] = np.inf
    nearest = error.min(axis=2)
    # Lines up to q are about 0.3 q^1.5 / (A sqrt C), half of them in an R lattice.
    density = 0.45 * np.sqrt(q) / (starts[:, :1] * np.sqrt(starts[:, 1:]))
    density *= 0.53 if centring == "R" else 1.0
    chance = 1 - np.exp(-2 * density * (nearest + window / 4))
    return np.asarray(-np.log(np.where(nearest <= window, chance, 1.0)).sum(axis=1))
