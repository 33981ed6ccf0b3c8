"""Figures of the networks that come along: every test crystal, and the choice without the truth."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reports.charts import dots, panels
from reports.data import ReportData
from reports.learned import KINDS

GUESS, OTHER = "#D55E00", "#999999"
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7")
# Columns of the scores, from the weakest on.
SHOWN = {
    "constant_mean": "constant mean density",
    "nearest_by_pattern": "nearest by pattern",
    "nearest_one_guess": "nearest by pattern and composition",
    "network_alone": "the network alone",
    "one_guess": "one guess, chosen without the truth",
    "paper_protocol": "best of 5 in 24 rotations",
    "modes_ceiling": "what the modes can give",
    "free_atoms": "free atoms at the true places",
}
OURS = ("network_alone", "one_guess", "paper_protocol")
# Edges of the likely SSIM, and the fewest crystals between two of them that are shown.
LIKELY, FEWEST = np.array([0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0]), 5
# A guess that is so little worse than the best of five is as good.
AS_GOOD = 1e-3


def distributions(data: ReportData) -> Figure | None:
    """Every test crystal, by what guesses and by what it is compared with."""
    groups = _groups(data)
    if not groups:
        return None
    # What is compared with is not always scored.
    shown = {name: label for name, label in SHOWN.items() if name in data.learned_scores}
    figure, each = panels(len(groups), 3.1 + 1.4 / len(groups), 2.9, sharey=True)
    for axes, (label, found) in zip(each, groups.items(), strict=True):
        for place, column in enumerate(shown):
            dots(axes, place, found[column].to_numpy(), GUESS if column in OURS else OTHER)
        axes.set(
            title=f"{label}, {len(found)} crystals",
            xlabel="SSIM",
            xlim=(0, 1.02),
            yticks=range(len(shown)),
            yticklabels=list(shown.values()),
            ylim=(len(shown) - 0.4, -0.6),
        )
        axes.grid(axis="x", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    return figure


def calibration(data: ReportData) -> Figure | None:
    """The likely SSIM beside the true one, and what the choice without the truth costs."""
    if data.learned_scores.empty:
        return None
    figure = Figure(figsize=(6.6, 2.9), layout="constrained")
    likely, choice = figure.subplots(1, 2)
    likely.plot([0, 1], [0, 1], color="0.7", linewidth=0.7)
    for index, (label, found) in enumerate(_groups(data).items()):
        colour = COLOURS[index % len(COLOURS)]
        said, true = found["likely"].to_numpy(), found["one_guess"].to_numpy()
        place = np.clip(np.digitize(said, LIKELY) - 1, 0, len(LIKELY) - 2)
        seen = [i for i in range(len(LIKELY) - 1) if (place == i).sum() >= FEWEST]
        likely.plot(
            [said[place == i].mean() for i in seen],
            [true[place == i].mean() for i in seen],
            "o-",
            color=colour,
            markersize=4,
            linewidth=1,
            label=label,
        )
        lost = np.sort((found["best_of_5"] - found["one_guess"]).to_numpy())
        share = np.arange(1, len(lost) + 1) / len(lost)
        right = f"{label}: the best of five for {100 * right_choice(found).mean():.0f} %"
        choice.step(lost, 100 * share, where="post", color=colour, linewidth=1.2, label=right)
    likely.set(
        xlabel="likely SSIM, said without the truth", ylabel="SSIM", xlim=(0, 1), ylim=(0, 1)
    )
    choice.set(
        xlabel="SSIM below the best of the five guesses",
        ylabel="share of the test crystals, %",
        xlim=(-0.01, 0.4),
        ylim=(0, 101),
    )
    likely.legend(fontsize=6, loc="upper left")
    choice.legend(fontsize=6, loc="lower right")
    return figure


def right_choice(rows: pd.DataFrame) -> pd.Series:
    """Whether the guess that is put first is the best of the five, or as good."""
    return rows["one_guess"] >= rows["best_of_5"] - AS_GOOD


def _groups(data: ReportData) -> dict[str, pd.DataFrame]:
    """The scores by system and kind of density."""
    return {
        f"{system}, {KINDS[kind]}": rows
        for (system, kind), rows in data.learned_scores.groupby(["system", "kind"], sort=True)
    }
