"""The table of the networks that come with the project."""

from pathlib import Path

from benchmarks.learned_table import text
from reports.learned import table
from tests.reports.conftest import LEARNED


def test_each_line_has_its_mean_and_interval() -> None:
    made = table(LEARNED)
    assert made.columns.tolist() == ["SSIM", "cubic, DFT, 20 crystals"]
    assert made.iloc[:, 1].tolist() == ["0.900 (0.850 to 0.950)", "0.800 (0.700 to 0.900)"]
    assert len(table({})) == 0


def test_the_page_shows_the_table_of_the_metrics() -> None:
    assert text() in Path("docs/network.md").read_text(encoding="utf-8")
