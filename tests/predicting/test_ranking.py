"""Guesses ranked without the truth."""

import numpy as np
import torch

from crystalnet.predicting.guesses import Guess
from crystalnet.predicting.ranking import (
    FEATURES,
    distinct,
    features_of,
    likeness,
    ranked,
)
from crystalnet.predicting.ranking_fit import Seen, fit_ranking
from crystalnet.scoring.ssim import score_guesses


def field(seed: int) -> torch.Tensor:
    return torch.rand(14, 14, 14, generator=torch.Generator().manual_seed(seed))


def guesses() -> list[Guess]:
    """Two of a network, three retrieved: the second of those is the first anew."""
    return [
        Guess(field(0), "network", 0, 0.0, None),
        Guess(field(1), "network", 1, 0.0, None),
        Guess(field(2), "retrieved", 0, 0.99, None),
        Guess(field(2), "retrieved", 1, 0.98, None),
        Guess(field(3), "retrieved", 2, 0.5, None),
    ]


def test_likeness_is_ssim() -> None:
    made = guesses()
    alike = likeness(made)
    wanted = score_guesses(made[0].density[None], made[2].density[None, None], "none").ssim
    np.testing.assert_allclose(alike[0, 2], wanted.item(), rtol=1e-5)
    np.testing.assert_allclose(np.diag(alike), 1, atol=1e-5)


def test_crystals_that_are_built_alike_are_one_answer() -> None:
    made = guesses()
    found, alike = distinct(made)
    assert [guess.agreement for guess in found] == [0, 0, 0.99, 0.5]
    assert [guess.place for guess in found] == [0, 1, 0, 1]
    np.testing.assert_allclose(alike, likeness(found), rtol=1e-6)


def test_a_ranking_finds_what_agreement_tells() -> None:
    rng = np.random.default_rng(0)
    made = guesses()
    seen = []
    for number in range(60):
        agreements = rng.uniform(0.7, 1, 3)
        some = [
            *made[:2],
            *(
                Guess(g.density, g.origin, g.place, float(a), None)
                for g, a in zip(made[2:], agreements, strict=True)
            ),
        ]
        ssim = np.append([0.5, 0.4], 1 - 3 * (1 - agreements))
        seen.append(Seen(f"mp-{number}", features_of(some, likeness(some)), ssim))
    ranking = fit_ranking(seen)
    assert set(ranking.weights) == set(FEATURES)
    best = ranked(made, ranking, count=5)
    # The twin is left out, and what agrees badly comes last.
    origins = [guess.origin for _, guess in best]
    assert origins == ["retrieved", "network", "network", "retrieved"]
    assert best[-1][1].agreement == 0.5
    assert best[0][0] > 0.9
    assert len(ranked(made, ranking, count=2)) == 2
