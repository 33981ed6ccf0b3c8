"""The table of the networks that come with the project."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.learned_table import tables
from reports.learned import table, went_wrong
from tests.reports.conftest import LEARNED


def test_each_line_has_its_mean_and_interval() -> None:
    made = table(LEARNED)
    assert made.columns.tolist() == ["SSIM", "cubic, DFT, 20 crystals"]
    assert made.iloc[:, 1].tolist() == ["0.900 (0.850 to 0.950)", "0.800 (0.700 to 0.900)"]
    assert len(table({})) == 0


def test_the_page_shows_the_table_of_the_metrics() -> None:
    page = Path("docs/network.md").read_text(encoding="utf-8")
    for text in tables().values():
        assert text in page


def test_the_page_says_what_is_above_the_composition_alone() -> None:
    page = Path("docs/network.md").read_text(encoding="utf-8")
    said = page.split("So the pattern is worth something")[1].split("\n\n")[0]
    inputs = json.loads(Path("docs/learned_inputs.json").read_bytes())["cubic"]
    metrics = json.loads(Path("metrics/learned.json").read_bytes())
    alone = inputs["iam"]["no_pattern"]["ssim"]
    cubic = metrics["iam"]["cubic"]
    dft = metrics["dft"]["cubic"]["one_guess"] - inputs["dft"]["no_pattern"]["ssim"]
    ceiling = cubic["modes_ceiling"]
    figures = (alone, 1 - alone, ceiling, ceiling - alone, cubic["one_guess"] - alone, dft)
    assert re.findall(r"0\.\d{3}", said) == [f"{each:.3f}" for each in figures]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"one_guess": 0.95}, "little"),
        ({"one_guess": 0.3, "best_of_5": 0.99}, "ranked behind"),
        ({"one_guess": 0.3, "best_of_5": 0.4, "seen_type": False}, "not in training"),
        (
            {"one_guess": 0.3, "best_of_5": 0.4, "seen_type": True, "agreement": 1.0},
            "explain the pattern and are others",
        ),
        (
            {"one_guess": 0.3, "best_of_5": 0.4, "seen_type": True, "agreement": 0.5},
            "no known structure",
        ),
    ],
)
def test_what_went_wrong_is_said(row: dict[str, float], words: str) -> None:
    assert words in went_wrong(row)
