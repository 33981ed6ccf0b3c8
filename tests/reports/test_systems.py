"""The report of all seven crystal systems: everything is there, no figure is too wide to read."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from matplotlib.image import imread

from crystalnet.settings import CrystalSystem
from reports.data import ReportData
from reports.learned import table
from reports.page import write_report
from tests.reports.conftest import LEARNED, columns, metrics, model

SYSTEMS = get_args(CrystalSystem)
# Pixels, at 150 an inch.
WIDEST = 2400


@pytest.fixture(scope="module")
def folder(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seven")
    names = list(data.baselines["cubic"])
    examples = [replace(data.successes[0], system=system) for system in SYSTEMS]
    seven = replace(
        data,
        splits=dict.fromkeys(SYSTEMS, data.splits["cubic"]),
        models=[
            model(system, form, seed)
            for seed, system in enumerate(SYSTEMS)
            for form in ("baseline", "no_formula")
        ],
        baselines={s: {name: metrics(columns(9)) for name in names} for s in SYSTEMS},
        baseline_scores=dict.fromkeys(SYSTEMS, data.baseline_scores["cubic"]),
        ablation=pd.concat(
            [
                data.ablation.assign(system=s, model=data.ablation["model"].str.replace("cubic", s))
                for s in SYSTEMS
            ]
        ),
        successes=examples,
        typical=2 * examples,
        failures=examples,
        samples=examples[:2],
        inputs=[replace(data.inputs[0], system=system) for system in SYSTEMS[:2]],
        learned={},
        learned_scores=data.learned_scores[:0],
        learned_examples=[],
        ideas={},
        full_inputs={},
    )
    write_report(seven, folder / "index.html", folder / "figures", folder / "tables")
    return folder


def test_every_system_is_on_the_page_and_in_the_tables(folder: Path) -> None:
    page = (folder / "index.html").read_text()
    scores = (folder / "tables/table1_scores.md").read_text()
    crystals = (folder / "tables/table3_crystals.md").read_text()
    for system in SYSTEMS:
        assert f"{system}-baseline" in page
        assert system in scores
        assert system in crystals


def test_no_figure_is_too_wide_and_none_is_empty(folder: Path) -> None:
    widths = {path.stem: imread(path).shape[1] for path in (folder / "figures").glob("*.png")}
    assert max(widths.values()) < WIDEST, widths
    # Nothing was scored by the networks that come along.
    assert not {name for name in widths if name.startswith("learned")}
    assert {"overview", "by_group", "distributions", "against_the_paper"} <= set(widths)


def test_rotations_that_differ_have_lines_of_their_own() -> None:
    found = {**LEARNED["dft"]["cubic"], "paper_protocol": 0.95}
    found["intervals"] = {**found["intervals"], "paper_protocol": [0.9, 1.0]}
    both = {"iam": {"cubic": found, "hexagonal": {**found, "rotations": "lattice"}}}
    lines = table(both).set_index("SSIM")
    assert lines.loc["best of 5 in 24 rotations (the paper's protocol)"].tolist()[1] == ""
    assert "0.950" in lines.loc["best of 5 in the lattice's rotations"].iloc[1]
