"""The page and its files say what the per-crystal tables say, and load nothing from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from pipeline.params import load_params
from reports import figures, tables
from reports.data import ReportData
from reports.groups import groups_of
from reports.isosurface import FRONT, cast, level_of
from reports.page import write_report

PARAMS = load_params()


@pytest.fixture(scope="module")
def folder(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(data, folder / "index.html", folder / "figures", folder / "tables")
    return folder


class Resources(HTMLParser):
    """What a page loads, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag in ("img", "script", "iframe", "source", "link"):
            source = values.get("src") or values.get("href")
            self.loaded += [source] if source else []
        if tag not in ("img", "meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(folder: Path) -> None:
    parser = Resources()
    parser.feed((folder / "index.html").read_text())
    assert parser.open == []
    assert len(parser.loaded) == len(figures.FIGURES)
    assert all(source.startswith("data:image/png;base64,") for source in parser.loaded)


def test_densities_and_scale_stand_at_the_top(folder: Path) -> None:
    top = (folder / "index.html").read_text().split("<h2>")[0]
    assert "made-up densities" in top
    assert "<code>quick</code>" in top
    assert "a small CPU" in top
    assert "25 x 25 x 25" in top


def test_every_table_and_figure_is_there_and_linked(folder: Path) -> None:
    page = (folder / "index.html").read_text()
    for name in figures.FIGURES:
        for kind in ("png", "pdf"):
            assert (folder / f"figures/{name}.{kind}").stat().st_size > 1000
            assert f'href="figures/{name}.{kind}"' in page
    for name in tables.TABLES:
        for kind in ("md", "tex"):
            assert (folder / f"tables/{name}.{kind}").read_text().strip()
            assert f'href="tables/{name}.{kind}"' in page


def test_numbers_are_those_of_the_crystals(folder: Path, data: ReportData) -> None:
    scores = data.models[0].scores["ssim_cube"].to_numpy()
    text = (folder / "tables/table1_scores.md").read_text()
    row = next(line for line in text.splitlines() if "cubic-baseline" in line)
    assert f"{scores.mean():.3f} ± {scores.std():.3f}" in row
    assert f"{100 * (scores < 0.5).mean():.0f} %" in row
    assert f"{data.models[0].scores['ssim_first_none'].mean():.3f}" in row
    assert "0.934 ± 0.149" in text, "the paper's own"
    assert f"{16378 / 9:.1f} times" in text


def test_a_difference_stands_with_its_interval(folder: Path) -> None:
    text = (folder / "tables/table2_inputs.md").read_text()
    row = next(line for line in text.splitlines() if "no_formula" in line)
    assert "-0.100 (-0.100 to -0.100)" in row
    assert "0.868" in row


def test_latex_is_escaped(folder: Path) -> None:
    text = (folder / "tables/table1_scores.tex").read_text()
    assert not re.search(r"(?<!\\)[%_#]", text)


def test_the_same_data_give_the_same_bytes(folder: Path, data: ReportData, tmp_path: Path) -> None:
    write_report(data, tmp_path / "index.html", tmp_path / "figures", tmp_path / "tables")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes(), path


def test_an_isosurface_is_as_large_as_what_it_encloses() -> None:
    axis = (np.arange(40) + 0.5) / 40 - 0.5
    square = axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2
    density = np.exp(-square / 0.05)
    level = level_of(density, 0.1)
    assert (density > level).mean() == pytest.approx(0.1, abs=0.01)
    picture = cast(density, level, FRONT, "#0072B2", pixels=200)
    # A sphere of that volume, seen in parallel projection on a picture of 1.68 cell edges.
    radius = (0.1 * 3 / 4 / np.pi) ** (1 / 3)
    assert (picture[..., 3] > 0).mean() == pytest.approx(np.pi * radius**2 / 1.68**2, rel=0.05)


def test_groups_are_compared_with_the_paper_on_shared_crystals(data: ReportData) -> None:
    groups = {label: rows for _, label, rows in groups_of(data, "cubic")}
    assert len(groups["cubic, all"]) == 20
    assert len(groups["structure type in training"]) == 3
    assert len(groups["structure type not in training"]) == 17
    assert set(groups) >= {"2 atoms", "space group 225", "with Na", "with Cl"}
    table = tables.against_the_paper(data).set_index("group")
    scores = data.models[0].scores.set_index("material_id")["ssim_cube"]
    shared = scores[["mp-3", "mp-4", "mp-5"]]
    assert table.loc["all", "crystals"] == 3
    assert table.loc["all", "this run: mean SSIM"] == f"{shared.mean():.3f}"
    assert table.loc["all", "the paper: median"] == "0.600"
    assert table.loc["all", "the paper: share below 0.5"] == "33 %"
    assert "structure type in training" not in table.index  # only two of its crystals are shared
