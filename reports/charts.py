"""Charts of scores by group, every crystal a dot: the means hide the spread."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from reports.data import ReportData
from reports.groups import groups_of

HERE, THERE = "#0072B2", "#999999"


def panels(
    count: int, width: float, height: float, beside: int = 4, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, in rows of at most `beside`.

    Args:
        width, height: of a panel, inches.
    """
    columns = min(count, beside)
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    every = list(figure.subplots(rows, columns, squeeze=False, sharey=sharey).ravel())
    for unused in every[count:]:
        unused.set_axis_off()
    return figure, every[:count]


def by_group(data: ReportData) -> Figure:
    """SSIM by structure type, atoms, space group and element, here and in the paper."""
    groups = {system: list(groups_of(data, system)) for system in data.systems}
    tallest = max(len(found) for found in groups.values())
    figure, each = panels(len(groups), 4.2, 0.9 + 0.24 * tallest, beside=2)
    for axes, (system, found) in zip(each, groups.items(), strict=True):
        for place, (_, _, rows) in enumerate(found):
            dots(axes, place - 0.13, rows["ssim"].to_numpy(), HERE)
            dots(axes, place + 0.2, rows["paper_ssim"].dropna().to_numpy(), THERE)
        axes.set(
            title=system,
            xlabel="SSIM: this run blue, the paper grey",
            xlim=(min(0.0, *(rows["ssim"].min() for *_, rows in found)) - 0.02, 1.02),
            yticks=range(len(found)),
            yticklabels=[f"{label} ({len(rows)})" for _, label, rows in found],
            ylim=(len(found) - 0.4, -0.6),
        )
        axes.grid(axis="x", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        # A line between kinds of group.
        kinds = [kind for kind, *_ in found]
        for place in range(1, len(kinds)):
            if kinds[place] != kinds[place - 1]:
                axes.axhline(place - 0.5, color="0.8", linewidth=0.6)
    return figure


def dots(axes: Axes, place: float, values: ndarray, colour: str) -> None:
    """Values as dots in a row, their middle half as a bar and their median as a line."""
    if not len(values):
        return
    # Multiples of the golden ratio spread neighbours evenly, without random numbers.
    height = place + 0.22 * ((np.arange(len(values)) * (np.sqrt(5) - 1) / 2) % 1 - 0.5)
    axes.plot(np.sort(values), height, "o", color=colour, alpha=0.4, markersize=2.2, mew=0)
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    axes.plot([lower, upper], [place, place], color=colour, linewidth=3, alpha=0.5)
    axes.plot([median, median], [place - 0.14, place + 0.14], color="black", linewidth=1.2)
