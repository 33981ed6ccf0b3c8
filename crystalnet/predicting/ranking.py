"""Guesses in the order in which they are likely to be right, without the truth.

The likely SSIM of a guess is a linear function of what can be seen of it: where it comes from, how
well its pattern agrees, how much other guesses are like it, and products of these. Fitted on
validation crystals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from crystalnet.predicting.guesses import Guess
from crystalnet.scoring.ssim import score_guesses

FEATURES = (
    "network_first",
    "network_other",
    "retrieved",
    "disagreement",
    "disagreement_root",
    "place",
    "like_network",
    "like_network_retrieved",
    "like_retrieved",
    "like_best",
    "nothing_retrieved",
    "behind_in_agreement",
    "behind_in_likeness",
    "best_disagreement_root",
    "best_likeness",
    "behind_in_root",
    "like_retrieved_squared",
    "like_both",
    "disagreement_root_by_likeness",
    "like_network_retrieved_squared",
)
"""What is seen of a guess. Disagreement is 1 less the agreement of a retrieved structure; likeness
is SSIM with the first guess of the network, with the other retrieved ones (mean), or with the best
of them; behind means how much less than the best retrieved one."""
# Points per axis at which guesses are compared, at least.
_COARSE = 24
# Guesses that are more alike than this are one.
_SAME = 0.995
# Disagreements are told apart up to this, and how far one is behind up to that.
_MOST, _BEHIND = 0.3, 0.01


@dataclass(frozen=True, eq=False)
class Ranking:
    """Weights of the features, by their names."""

    weights: dict[str, float]

    @classmethod
    def of(cls, vector: Float[ndarray, " features"]) -> "Ranking":
        """The ranking with these weights, in the order of FEATURES."""
        return cls({name: round(float(w), 5) for name, w in zip(FEATURES, vector, strict=True)})

    @property
    def vector(self) -> Float[ndarray, " features"]:
        """The weights in the order of FEATURES."""
        return np.array([self.weights[name] for name in FEATURES])

    def scores(self, features: Float[ndarray, "guesses features"]) -> Float[ndarray, " guesses"]:
        """Likely SSIM of each guess."""
        likely: ndarray = np.clip(features @ self.vector, 0, 1)
        return likely


def likeness(guesses: Sequence[Guess]) -> Float[ndarray, "guesses guesses"]:
    """SSIM between guesses, on a coarser grid."""
    grid = guesses[0].density.shape[0]
    step = max(1, grid // _COARSE)
    stack = torch.stack([guess.density[::step, ::step, ::step] for guess in guesses]).float()
    each = stack[None].expand(len(guesses), -1, -1, -1, -1)
    found: ndarray = score_guesses(stack, each, "none").ssim[..., 0].double().numpy()
    return found


def distinct(guesses: Sequence[Guess]) -> tuple[list[Guess], Float[ndarray, "guesses guesses"]]:
    """Guesses of which each known structure is there once, in order; and their likeness.

    Crystals that are built alike are one answer: that there are many of them makes it no likelier.
    """
    alike = likeness(guesses)
    kept: list[int] = []
    known: list[int] = []
    for i, guess in enumerate(guesses):
        if guess.origin == "retrieved":
            if any(alike[j, i] >= _SAME for j in known):
                continue
            known.append(i)
        kept.append(i)
    places = {i: place for place, i in enumerate(known)}
    found = [replace(guesses[i], place=places.get(i, guesses[i].place)) for i in kept]
    return found, alike[np.ix_(kept, kept)]


def features_of(
    guesses: Sequence[Guess], alike: Float[ndarray, "guesses guesses"]
) -> Float[ndarray, "guesses features"]:
    """What is seen of each guess, in the order of FEATURES; arguments as of `distinct`."""
    known = np.array([guess.origin == "retrieved" for guess in guesses])
    net = ~known
    place = np.array([guess.place for guess in guesses])
    # Rounding takes agreements beyond 1.
    gap = known * np.clip(1 - np.array([guess.agreement for guess in guesses]), 0, _MOST)
    root = np.sqrt(gap)
    any_known = bool(known.any())
    least = float(gap[known].min()) if any_known else _MOST
    to_network = alike[0]
    most_like = float(to_network[known].max()) if any_known else 0.0
    first_known = int(np.argmax(known))
    # Of each retrieved one, its mean likeness to the others.
    others = known[:, None] & known & ~np.eye(len(known), dtype=bool)
    to_others = np.where(others, alike.T, 0).sum(axis=1) / np.maximum(others.sum(axis=1), 1)
    to_best = alike[first_known] * (net & any_known)
    like_known = to_network * known
    columns = [
        net & (place == 0),
        net & (place > 0),
        known,
        gap,
        root,
        place * known,
        to_network * net,
        like_known,
        to_others,
        to_best,
        np.full(len(guesses), not any_known),
        known * np.minimum(gap - least, _BEHIND) / _BEHIND,
        known * (most_like - to_network),
        net * np.sqrt(least),
        net * most_like,
        known * (root - np.sqrt(least)),
        to_others**2,
        to_others * like_known,
        root * like_known,
        like_known**2,
    ]
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def ranked(guesses: Sequence[Guess], ranking: Ranking, count: int) -> list[tuple[float, Guess]]:
    """At most so many guesses that differ, likeliest first, with their likely SSIM."""
    guesses, alike = distinct(guesses)
    scores = ranking.scores(features_of(guesses, alike))
    chosen: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if all(alike[j, i] < _SAME for j in chosen):
            chosen.append(i)
        if len(chosen) == count:
            break
    return [(float(scores[i]), guesses[i]) for i in chosen]
