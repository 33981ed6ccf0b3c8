"""The ranking of guesses, fitted to crystals whose density is known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import minimize

from crystalnet.predicting.ranking import Ranking

# Ridge: in units of one row.
_PENALTY = 1.0
# What is lost by choosing, in units of half a squared error; the SSIM by which guesses must differ
# to be told apart. By cross-validation on validation crystals.
_CHOICE, _SHARPNESS = 3.0, 0.05


class Seen(NamedTuple):
    """What is seen of all guesses of one crystal, and their SSIM with the truth."""

    material_id: str
    features: Float[ndarray, "guesses features"]
    ssim: Float[ndarray, " guesses"]


def least_squares(seen: Sequence[Seen]) -> Ranking:
    """Weights for which the likely SSIM is nearest to the true one, with a small penalty."""
    features, ssim = _rows(seen)
    penalty = _PENALTY * np.eye(features.shape[1])
    return Ranking.of(np.linalg.solve(features.T @ features + penalty, features.T @ ssim))


def fit_ranking(seen: Sequence[Seen]) -> Ranking:
    """Weights for which the likely SSIM is near the true one, and the likeliest guess a good one.

    Least squares with a small penalty, and in the same sum what is lost by choosing: the best SSIM
    of a crystal less the mean of all, weighted by the softmax of their likely SSIM. The square of
    an error counts most where all guesses are bad; what is lost counts where they differ.
    """
    features, ssim = _rows(seen)
    first = np.cumsum([0, *(len(each.ssim) for each in seen[:-1])])
    crystal = np.repeat(np.arange(len(seen)), [len(each.ssim) for each in seen])

    def loss(weights: ndarray) -> tuple[float, ndarray]:
        likely = features @ weights
        off = likely - ssim
        share = np.exp((likely - np.maximum.reduceat(likely, first)[crystal]) / _SHARPNESS)
        share /= np.add.reduceat(share, first)[crystal]
        mean = np.add.reduceat(share * ssim, first)
        lost = float(np.sum(np.maximum.reduceat(ssim, first) - mean))
        rising = off - _CHOICE * share * (ssim - mean[crystal]) / _SHARPNESS
        value = (off @ off + _PENALTY * weights @ weights) / 2 + _CHOICE * lost
        return float(value), features.T @ rising + _PENALTY * weights

    start = least_squares(seen).vector
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Ranking.of(found.x)


def _rows(
    seen: Sequence[Seen],
) -> tuple[Float[ndarray, "guesses features"], Float[ndarray, " guesses"]]:
    """Of all crystals, one after the other."""
    return np.concatenate([s.features for s in seen]), np.concatenate([s.ssim for s in seen])
