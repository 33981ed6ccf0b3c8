"""The figures of the report. Colours are those of Okabe and Ito, safe for colour-blind readers."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray
from PIL import Image

from reports import learned_charts, paper, worth
from reports.charts import by_group, panels
from reports.data import Example, ReportData
from reports.groups import FEWEST
from reports.isosurface import FRONT, TOP, Camera, draw, level_of

matplotlib.use("Agg")

TRUTH, GUESS = "#0072B2", "#D55E00"
PALETTE = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]

# Examples beside each other, lines of systems in learning curves, models in a column of a legend.
BESIDE, LEGEND = 8, 40
LINES = ["solid", "dashed", "dotted", "dashdot"]

# Share of the cell's volume inside the isosurface of the truth; guesses are drawn at its level.
VOLUME_SHARE = 0.12

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "legend.frameon": False,
    "svg.hashsalt": "crystalnet",
}


def overview(data: ReportData) -> Figure:
    """Of each system the test crystal scored best, and two from the middle."""
    shown = [
        example
        for system in data.systems
        for kind, most in ((data.successes, 1), (data.typical, 2))
        for example in [one for one in kind if one.system == system][:most]
    ]
    return _pairs(shown, width=1.55, title_rank=False)


def learned_examples(data: ReportData) -> Figure | None:
    """The best, the median and the worst of the networks that come along."""
    return _pairs(data.learned_examples, width=1.55) if data.learned_examples else None


def successes(data: ReportData) -> Figure:
    """The test crystals scored best."""
    return _pairs(data.successes, width=1.6)


def failures(data: ReportData) -> Figure:
    """The test crystals scored worst."""
    return _pairs(data.failures, width=1.6)


def samples(data: ReportData) -> Figure:
    """Several latent samples of one crystal of each system, from two sides, beside the truth."""
    count = max(len(example.guesses) for example in data.samples) + 1
    figure = Figure(figsize=(1.5 * count, 3.8 * len(data.samples)))
    parts = figure.subfigures(len(data.samples), 1, squeeze=False)[:, 0]
    for part, example in zip(parts, data.samples, strict=True):
        grid = part.add_gridspec(
            3, count, height_ratios=[1, 1, 0.08], hspace=0.03, wspace=0.03,
            left=0.02, right=0.98, top=0.84, bottom=0.06,
        )  # fmt: skip
        level = level_of(example.truth, VOLUME_SHARE)
        for column, density in enumerate([example.truth, *example.guesses]):
            truth = column == 0
            name = "truth" if truth else f"sample {column}, SSIM {example.ssim[column - 1]:.2f}"
            for row, camera in enumerate((FRONT, TOP)):
                axes = part.add_subplot(grid[row, column])
                _density(axes, density, level, truth, camera)
                if row == 0:
                    axes.set_title(name)
        _strip(part.add_subplot(grid[2, :]), example.pattern)
        part.suptitle(_name(example).replace("\n", ", "), fontsize=9)
    return figure


def inputs(data: ReportData) -> Figure:
    """What the models that are told more or less make of the same crystals."""
    columns = 1 + max(len(example.guesses) for example in data.inputs)
    figure = Figure(figsize=(1.45 * columns, 2.0 * len(data.inputs)))
    parts = figure.subfigures(len(data.inputs), 1, squeeze=False)[:, 0]
    for part, example in zip(parts, data.inputs, strict=True):
        grid = part.add_gridspec(
            2, columns, height_ratios=[1, 0.08], hspace=0.03, wspace=0.03,
            left=0.02, right=0.98, top=0.72, bottom=0.06,
        )  # fmt: skip
        level = level_of(example.truth, VOLUME_SHARE)
        titles = [
            f"{label}\nSSIM {ssim:.2f}"
            for label, ssim in zip(example.labels, example.ssim, strict=True)
        ]
        drawn = zip(["truth", *titles], [example.truth, *example.guesses], strict=True)
        for column, (title, density) in enumerate(drawn):
            axes = part.add_subplot(grid[0, column])
            _density(axes, density, level, column == 0)
            axes.set_title(title, fontsize=7)
        _strip(part.add_subplot(grid[1, :]), example.pattern)
        part.suptitle(f"{_name(example)}, {example.rank}".replace("\n", ", "), fontsize=8)
    return figure


def distributions(data: ReportData) -> Figure:
    """SSIM of every test crystal, for each model and baseline: the means hide the spread."""
    figure, each = panels(len(data.systems), 3.6, 3.0)
    for axes, system in zip(each, data.systems, strict=True):
        column = f"ssim_{data.main(system).evaluation.rotations}"
        series = {
            m.name.removeprefix(f"{system}-"): m.scores[column].to_numpy()
            for m in data.models
            if m.card.system == system
        }
        for name, of_name in data.baseline_scores[system].groupby("baseline"):
            series[str(name).replace("_", " ")] = of_name[column].to_numpy()
        _boxes(axes, series)
        axes.set(
            title=f"{system}, {len(next(iter(series.values())))} test crystals",
            xlim=(0, 1),
            xlabel="SSIM, best over guesses and rotations",
        )
    return figure  # fmt: skip


def curves(data: ReportData) -> Figure:
    """Validation SSIM and loss over the epochs."""
    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    loss, ssim = figure.subplots(1, 2)
    for index, model in enumerate(data.models):
        style = {
            "color": PALETTE[index % len(PALETTE)],
            "linestyle": LINES[data.systems.index(model.card.system) % len(LINES)],
            "linewidth": 1.0,
        }
        loss.plot(model.curves["epoch"], model.curves["l1"], label=model.name, **style)
        seen = model.curves.dropna(subset=["validation_ssim"])
        ssim.plot(seen["epoch"], seen["validation_ssim"], marker="o", markersize=2.5, **style)
    loss.set(xlabel="epoch", ylabel="mean |error| in training, e/A$^3$", yscale="log")
    ssim.set(xlabel="epoch", ylabel="validation SSIM")
    columns = -(-len(data.models) // LEGEND)
    figure.legend(loc="outside right center", fontsize=6 if columns == 1 else 3, ncols=columns)
    return figure


def against_the_paper(data: ReportData) -> Figure | None:
    """Each test crystal that the paper has too: its SSIM here and there."""
    systems = [system for system in data.systems if system in paper.TABLE_1]
    if not systems:
        return None
    figure, each = panels(len(systems), 3.1, 3.1)
    for index, (axes, system) in enumerate(zip(each, systems, strict=True)):
        model = data.main(system)
        both = model.scores.merge(data.paper_results, on="material_id", suffixes=("_own", ""))
        column = f"ssim_{model.evaluation.rotations}"
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.7)
        axes.scatter(both["ssim"], both[column], s=9, color=PALETTE[index], alpha=0.7, linewidth=0)
        axes.set(
            xlabel="SSIM, the paper (its densities)",
            ylabel="SSIM, this run",
            xlim=(0, 1),
            ylim=(0, 1),
            aspect="equal",
            title=f"{system}, {len(both)} shared crystals",
        )
    return figure  # fmt: skip


# File name -> (caption, maker), in the order of the page; what has nothing to show is left out.
FIGURES: dict[str, tuple[str, Callable[[ReportData], Figure | None]]] = {
    "learned_examples": (
        "Of each crystal system the DFT test crystal that the network that comes along scores "
        "best, the one in the middle and the worst: lines of the pattern as intensity strips, the "
        "true density (blue) and the one guess that is ranked first (orange), as it comes, as "
        "isosurfaces at the same level in the cell drawn as a cube.",
        learned_examples,
    ),
    "learned_distributions": (
        "SSIM of every test crystal: dots are crystals, the bar is the middle half, the line the "
        "median. Orange: the networks that come along; grey: what they are compared with.",
        learned_charts.distributions,
    ),
    "learned_calibration": (
        "Left: the SSIM that a guess is said to have without a look at the truth, beside the one "
        "that it has, as means of groups of at least five test crystals. Right: how much worse the "
        "guess that is put first is than the best of the five, as a share of the test crystals.",
        learned_charts.calibration,
    ),
    "overview": (
        "Patterns as intensity strips (0 to 180 degrees 2-theta, left to right), the true density "
        "(blue) and the best of the guesses from the pattern and the composition (orange), as "
        "isosurfaces at the same level in the cell drawn as a cube. Of the main model of each "
        "system: the test crystal that it scores best, and two from the middle of the ranking.",
        overview,
    ),
    "successes": (
        "Figure 3 of the paper: the test crystals that the main models score best. Each guess is "
        "the best of all in its best rotation, which looks at the truth.",
        successes,
    ),
    "failures": ("Figure 4 of the paper: the test crystals scored worst.", failures),
    "samples": (
        "Figure 2 of the paper: guesses from several latent samples of one crystal, from two "
        "sides, in the order drawn, each in its best rotation.",
        samples,
    ),
    "worth_of_inputs": (
        "What is lost by networks that are told less, over pairs of the same test crystals, with "
        "95 % bootstrap intervals; orange where the interval leaves out 0. Guesses are compared as "
        "they come (dots) and the best of them in its best rotation (diamonds). In full: "
        "as the networks that come along are trained, alone, on densities of free atoms (IAM) and "
        "embedded DFT densities.",
        worth.inputs,
    ),
    "worth_of_ideas": (
        "What changes when one thing of a training is changed: short trainings of the networks "
        "of modes on the embedded crystals with DFT densities, over pairs of the same validation "
        "crystal, with 95 % bootstrap intervals; orange where the interval leaves out 0. Of a "
        "benchmark of its own, not of this run.",
        worth.ideas,
    ),
    "inputs": (
        "Figure 5 of the paper: the same crystals by the models that are told more or less, each "
        "the best of its guesses in its best rotation. Chosen by rule: of each system the test "
        "crystals at the quartiles and the median of the main model's SSIM.",
        inputs,
    ),
    "by_group": (
        "SSIM by structure type (anonymous formula and space group), number of atoms, space group "
        f"and element, groups of at least {FEWEST} crystals. Blue: this run; grey: the paper, on "
        "the same crystals and its own densities.",
        by_group,
    ),
    "distributions": (
        "SSIM of every test crystal: dots are crystals, the bar is the median, the box holds the "
        "middle half.",
        distributions,
    ),
    "curves": ("Learning curves.", curves),
    "against_the_paper": (
        "Crystals that are in the paper's test set too. The densities differ (see the top of the "
        "page), and so does the number of training crystals.",
        against_the_paper,
    ),
}


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG and PDF whose bytes depend on what is drawn alone."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=150, format="png")
    # A third of the bytes, in the page too, which holds them all.
    colours = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(folder / f"{name}.png", optimize=True)
    figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None, "Producer": None})


def _pairs(examples: list[Example], width: float, title_rank: bool = True) -> Figure:
    columns = min(len(examples), BESIDE)
    bands = -(-len(examples) // columns)
    figure = Figure(figsize=(width * columns, bands * (2 * width + 0.75)), layout="constrained")
    every = figure.subplots(3 * bands, columns, height_ratios=[0.09, 1, 1] * bands, squeeze=False)
    for axes in every.reshape(bands, 3, columns).swapaxes(1, 2).reshape(-1, 3)[len(examples) :]:
        for unused in axes:
            unused.set_axis_off()
    for place, example in enumerate(examples):
        band, column = divmod(place, columns)
        rows = every[3 * band : 3 * band + 3]
        _strip(rows[0, column], example.pattern)
        level = level_of(example.truth, VOLUME_SHARE)
        _density(rows[1, column], example.truth, level, truth=True)
        _density(rows[2, column], example.guesses[0], level, truth=False)
        rank = f"\n{example.rank}" if title_rank else ""
        rows[0, column].set_title(f"{_name(example)}{rank}", fontsize=7)
        rows[2, column].set_title(f"SSIM {example.ssim[0]:.3f}", y=-0.1, fontsize=7)
    for band in range(bands):
        for row, name, colour in ((1, "truth", TRUTH), (2, "prediction", GUESS)):
            axes = every[3 * band + row, 0]
            axes.text(
                -0.04, 0.5, name, transform=axes.transAxes, rotation=90,
                color=colour, ha="right", va="center", fontsize=8,
            )  # fmt: skip
    return figure


def _density(
    axes: Axes,
    density: Float[ndarray, "x x x"],
    level: float,
    truth: bool,
    camera: Camera = FRONT,
) -> None:
    draw(axes, density, level, TRUTH if truth else GUESS, camera=camera, pixels=260)


def _strip(axes: Axes, pattern: Float[ndarray, " bins"]) -> None:
    """A pattern as dark lines on white; the square root shows weak peaks too."""
    # Peaks are one bin wide and would fall between pixels: they are drawn seven bins wide.
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(pattern, 3), 7).max(axis=1)
    axes.imshow(
        np.sqrt(wide)[None],
        aspect="auto",
        cmap="Greys",
        vmin=0,
        vmax=1,
        interpolation="antialiased",
    )
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color="0.6", linewidth=0.5)  # fmt: skip


def _boxes(axes: Axes, series: dict[str, ndarray]) -> None:
    draw_random = np.random.default_rng(0)
    for place, values in enumerate(series.values()):
        colour = PALETTE[place % len(PALETTE)]
        jitter = draw_random.uniform(-0.28, 0.28, len(values))
        axes.scatter(values, place + jitter, s=4, color=colour, alpha=0.35, linewidth=0)
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        axes.plot(
            [low, high], [place, place], color=colour, linewidth=5, alpha=0.5, solid_capstyle="butt"
        )
        axes.plot([middle, middle], [place - 0.3, place + 0.3], color="black", linewidth=1.3)
    axes.set(yticks=range(len(series)), yticklabels=list(series), ylim=(len(series) - 0.5, -0.5))


def _name(example: Example) -> str:
    return f"{_subscripts(example.formula)}  {example.material_id}\nspace group " + str(
        example.spacegroup_number
    )


def _subscripts(formula: str) -> str:
    """A formula for mathtext: numbers below the line."""
    return re.sub(r"[0-9]+", lambda number: f"$_{{{number[0]}}}$", formula)
