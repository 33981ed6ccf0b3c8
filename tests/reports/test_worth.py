"""The figures of what inputs and ideas are worth."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes

from reports.data import ReportData
from reports.worth import CLEAR, UNSURE, ideas, inputs


def labels(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_yticklabels()]


def drawn(axes: Axes) -> list[tuple[float, float, float, str]]:
    """Mean, low, high and colour of each row; the first line is that of 0."""
    lines = axes.lines[1:]
    return [
        (float(point.get_xdata()[0]), *map(float, interval.get_xdata()), str(point.get_color()))
        for interval, point in zip(lines[::2], lines[1::2], strict=True)
    ]


def test_ideas_stand_by_what_they_lose_and_are_bright_where_that_is_sure(data: ReportData) -> None:
    # The made-up run has cubic crystals alone.
    (axes,) = ideas(data).axes
    assert axes.get_title() == "cubic, DFT"
    assert labels(axes) == ["less of it", "more of it"]
    assert drawn(axes) == [(-0.05, -0.08, -0.02, CLEAR), (0.004, -0.01, 0.02, UNSURE)]


def test_inputs_of_the_run_and_of_trainings_in_full_are_losses(data: ReportData) -> None:
    ablation = data.ablation.assign(
        ssim_difference=[np.nan, -0.1],
        ssim_difference_low=[np.nan, -0.2],
        ssim_difference_high=[np.nan, 0.05],
        ssim_first_none_difference=[np.nan, -0.15],
        ssim_first_none_difference_low=[np.nan, -0.2],
        ssim_first_none_difference_high=[np.nan, -0.1],
    )
    run, full = inputs(replace(data, ablation=ablation)).axes
    assert (run.get_title(), full.get_title()) == ("cubic, paper", "in full")
    assert labels(run) == ["no formula"]
    assert labels(full) == ["no pattern, cubic, IAM"]
    assert drawn(run) == [(-0.15, -0.2, -0.1, CLEAR), (-0.1, -0.2, 0.05, UNSURE)]
    assert [row[:3] for row in drawn(full)] == [pytest.approx((-0.1, -0.14, -0.07))]


def test_nothing_to_show_is_no_figure(data: ReportData) -> None:
    nothing = replace(data, ideas={}, full_inputs={}, ablation=data.ablation.head(0))
    assert ideas(nothing) is None
    assert inputs(nothing) is None
