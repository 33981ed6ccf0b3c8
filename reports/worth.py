"""Figures of what inputs and ideas are worth: differences between trainings, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.charts import panels
from reports.data import ReportData
from reports.learned import KINDS

CLEAR, UNSURE = "#D55E00", "#999999"
AS_IT_IS = "as it is"
# Columns of the ablation, and their marks: one guess as it comes, the best of all.
SCORES = {"ssim_first_none": "o", "ssim": "D"}


@dataclass(frozen=True)
class Difference:
    """A change of the mean SSIM over pairs of the same crystal, with its 95 % interval."""

    label: str
    mean: float
    low: float
    high: float
    mark: str = "o"

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def inputs(data: ReportData) -> Figure | None:
    """What is lost by networks that are told less: by architecture, and in trainings in full."""
    found: dict[str, list[Difference]] = {}
    for row in data.ablation.to_dict("records"):
        if row["protocol"] == "main" or row["input"] == "baseline":
            continue
        rows = found.setdefault(f"{row['system']}, {row['architecture']}", [])
        for score, mark in SCORES.items():
            mean, low, high = (row[f"{score}_difference{end}"] for end in ("", "_low", "_high"))
            rows.append(Difference(row["input"], mean, low, high, mark))
    for system in data.systems:
        for kind, label in KINDS.items():
            for told, score in data.full_inputs.get(system, {}).get(kind, {}).items():
                if isinstance(score, dict) and "worth" in score:
                    mean, low, high = score["worth"]
                    lost = Difference(f"{told}, {system}, {label}", -mean, -high, -low)
                    found.setdefault("in full", []).append(lost)
    return _figure(found, 3.6)


def ideas(data: ReportData) -> Figure | None:
    """What ideas gain or lose, a panel for each system, the worst loss first."""
    found = {
        f"{system}, DFT": sorted(
            (
                Difference(name, *score["difference"])
                for name, score in data.ideas[system]["changed"].items()
                if name != AS_IT_IS
            ),
            key=lambda each: each.mean,
        )
        for system in data.systems
        if system in data.ideas
    }
    return _figure(found, 4.4)


def _figure(groups: dict[str, list[Difference]], width: float) -> Figure | None:
    """A panel for each group, a row for each label, differences to one scale."""
    if not groups:
        return None
    every = [each for rows in groups.values() for each in rows]
    ends = [min(each.low for each in every), max(each.high for each in every), 0.0]
    margin = 0.04 * (max(ends) - min(ends))
    tallest = max(len({each.label for each in rows}) for rows in groups.values())
    figure, each_axes = panels(len(groups), width, 0.8 + 0.19 * tallest, beside=2)
    for axes, (title, rows) in zip(each_axes, groups.items(), strict=True):
        _rows(axes, rows)
        axes.set(
            title=title,
            xlabel="change of mean SSIM",
            xlim=(min(ends) - margin, max(ends) + margin),
        )
    return figure


def _rows(axes: Axes, differences: Sequence[Difference]) -> None:
    labels = list(dict.fromkeys(each.label for each in differences))
    axes.axvline(0, color="0.7", linewidth=0.7)
    for place, label in enumerate(labels):
        own = [each for each in differences if each.label == label]
        for index, each in enumerate(own):
            height = place + 0.26 * (index - (len(own) - 1) / 2)
            colour = CLEAR if each.clear else UNSURE
            axes.plot([each.low, each.high], [height, height], color=colour, linewidth=1.2)
            axes.plot(each.mean, height, each.mark, color=colour, markersize=3.6)
    axes.set(
        yticks=range(len(labels)),
        yticklabels=[label.replace("_", " ") for label in labels],
        ylim=(len(labels) - 0.4, -0.6),
    )
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
