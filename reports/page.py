"""The page that a reader opens: one file that needs no server and loads nothing."""

import base64
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crystalnet.files import atomic_write
from reports import figures, tables
from reports.data import ReportData
from reports.paper import DOI
from reports.views import views_html

# Title -> tables and figures in order.
SECTIONS = {
    "What the networks that come along do": [
        "learned_examples",
        "learned",
        "learned_distributions",
        "learned_calibration",
    ],
    "What comes out": [
        "overview",
        "table1_scores",
        "rotations",
        "repeats",
        "agreement",
        "distributions",
    ],
    "What each input and each idea is worth": [
        "worth_of_inputs",
        "table2_inputs",
        "inputs",
        "worth_of_ideas",
    ],
    "Successes and failures": ["successes", "failures", "samples"],
    "Crystals, training, cost": ["table3_crystals", "curves", "cost"],
    "Beside the paper, crystal by crystal": ["against_the_paper", "by_group", "groups"],
}

# Where the numbers of a table or figure stand, seen from the page.
SOURCES = {
    "learned": "../metrics/learned_dft.json",
    "learned_examples": "../artifacts/scores/learned",
    "learned_distributions": "../artifacts/scores/learned",
    "learned_calibration": "../artifacts/scores/learned",
    "table1_scores": "../metrics",
    "rotations": "../metrics",
    "repeats": "../metrics/repeats.json",
    "agreement": "../metrics",
    "distributions": "../artifacts/scores",
    "worth_of_inputs": "../artifacts/ablation.parquet",
    "worth_of_ideas": "../docs/learned_quick.json",
    "table2_inputs": "../artifacts/ablation.parquet",
    "table3_crystals": "../metrics/dataset.json",
    "curves": "../artifacts/models",
    "cost": "../artifacts/models",
    "against_the_paper": "../data/paper_test_results.parquet",
    "by_group": "../metrics/groups",
    "groups": "../data/paper_test_results.parquet",
}


def write_report(data: ReportData, page: Path, figure_folder: Path, table_folder: Path) -> None:
    """Write the page, its figures (PNG, PDF) and its tables (Markdown, LaTeX).

    The same data give the same bytes.
    """
    # A table without rows (no model was trained twice, say) is left out.
    made = {name: make(data) for name, (_, make) in tables.TABLES.items()}
    made = {name: table for name, table in made.items() if len(table)}
    with atomic_write(table_folder) as folder:
        folder.mkdir()
        for name, table in made.items():
            caption = tables.TABLES[name][0]
            (folder / f"{name}.md").write_text(
                f"{caption}\n\nDensities: {data.density_label}; scale {data.scale}.\n\n"
                + tables.markdown(table),
                encoding="utf-8",
            )
            text = tables.latex(table, f"{caption} Densities: {data.density_label}.")
            (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    with atomic_write(figure_folder) as folder, matplotlib.rc_context(figures.STYLE):
        folder.mkdir()
        for name, (_, draw) in figures.FIGURES.items():
            # So is a figure without anything to show.
            if (drawn := draw(data)) is not None:
                figures.save(drawn, folder, name)
    with atomic_write(page) as temporary:
        text = _render(data, made, figure_folder, table_folder)
        temporary.write_text(text, encoding="utf-8")


def _render(
    data: ReportData, made: dict[str, pd.DataFrame], figure_folder: Path, table_folder: Path
) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    settings = [model.evaluation for model in data.models]
    return environment.get_template("page.html").render(
        data=data,
        views=Markup(views_html(data.turned)) if data.turned else "",
        doi=DOI,
        crystals=sum(c["all"] for splits in data.splits.values() for c in splits.values()),
        hardware=sorted({model.card.hardware for model in data.models}),
        grids=sorted({f"{s.grid} x {s.grid} x {s.grid}" for s in settings}),
        guesses=sorted({s.guesses for s in settings}),
        rotations=sorted({s.rotations for s in settings}),
        sections=[
            {
                "title": title,
                "items": [
                    _item(name, made, figure_folder, table_folder)
                    for name in names
                    if name in made or (figure_folder / f"{name}.png").exists()
                ],
            }
            for title, names in SECTIONS.items()
        ],
    )


def _item(
    name: str, made: dict[str, pd.DataFrame], figure_folder: Path, table_folder: Path
) -> dict[str, Any]:
    source = SOURCES.get(name)
    if name in tables.TABLES:
        return {
            "kind": "table",
            "caption": tables.TABLES[name][0],
            # pandas escapes the cells.
            "html": Markup(made[name].to_html(index=False, border=0, justify="left")),
            "files": [f"{table_folder.name}/{name}.{kind}" for kind in ("md", "tex")],
            "source": source,
        }
    return {
        "kind": "figure",
        "caption": figures.FIGURES[name][0],
        "png": base64.b64encode((figure_folder / f"{name}.png").read_bytes()).decode(),
        "files": [f"{figure_folder.name}/{name}.{kind}" for kind in ("png", "pdf")],
        "source": source,
    }
