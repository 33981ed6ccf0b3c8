"""The ranking of guesses, fitted to validation crystals."""

import json

import numpy as np
import pytest

from crystalnet.predicting.ranking import FEATURES, Ranking
from crystalnet.predicting.ranking_fit import Seen
from pipeline.steps.rank import note_of, on_validation


def test_scores_are_those_of_the_guess_put_first() -> None:
    ranking = Ranking({name: float(name == "retrieved") for name in FEATURES})
    features = np.zeros((3, len(FEATURES)))
    features[1, FEATURES.index("retrieved")] = 1
    seen = [
        Seen("mp-1", features, np.array([0.5, 0.75, 1.0])),
        Seen("mp-2", features[:1], np.array([0.25])),
    ]
    assert on_validation(ranking, {"iam": seen}) == {
        "validation_iam": pytest.approx(0.5),
        "validation_iam_network_alone": pytest.approx(0.375),
        "validation_iam_best": pytest.approx(0.625),
    }
    assert json.loads(note_of(ranking)["ranking"]) == ranking.weights
