"""The figures of the networks that come along."""

from dataclasses import replace

import numpy as np
import pytest

from reports.data import ReportData
from reports.learned_charts import FEWEST, SHOWN, calibration, distributions, right_choice


def test_every_crystal_is_a_dot(data: ReportData) -> None:
    panels = distributions(data).axes
    assert [axes.get_title() for axes in panels] == [
        "cubic, DFT, 40 crystals",
        "trigonal, DFT, 40 crystals",
    ]
    for axes in panels:
        clouds = [line for line in axes.lines if line.get_marker() == "o"]
        assert [len(line.get_xdata()) for line in clouds] == [40] * len(SHOWN)


def test_what_was_not_scored_is_left_out(data: ReportData) -> None:
    some = replace(data, learned_scores=data.learned_scores.drop(columns="nearest_one_guess"))
    labels = [text.get_text() for text in distributions(some).axes[0].get_yticklabels()]
    assert labels == [label for name, label in SHOWN.items() if name != "nearest_one_guess"]


def test_groups_of_the_likely_ssim_are_means_of_enough_crystals(data: ReportData) -> None:
    likely, choice = calibration(data).axes
    rows = data.learned_scores[data.learned_scores["system"] == "cubic"]
    line = next(line for line in likely.lines if line.get_label() == "cubic, DFT")
    said, true = np.array(line.get_xdata()), np.array(line.get_ydata())
    some = rows[(rows["likely"] >= 0.0) & (rows["likely"] < 0.5)]
    assert len(some) >= FEWEST
    assert said[0] == pytest.approx(some["likely"].mean())
    assert true[0] == pytest.approx(some["one_guess"].mean())
    right = 100 * right_choice(rows).mean()
    assert choice.lines[0].get_label() == f"cubic, DFT: the best of five for {right:.0f} %"


def test_a_choice_is_right_if_nothing_is_better_by_more_than_a_thousandth(
    data: ReportData,
) -> None:
    rows = data.learned_scores.head(4).assign(
        one_guess=[0.9, 0.9, 0.9, 0.9], best_of_5=[0.9, 0.9009, 0.902, 0.95]
    )
    assert right_choice(rows).tolist() == [True, True, False, False]
