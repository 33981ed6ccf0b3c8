"""The report in a real browser: nothing fails, everything is drawn, and a phone can read it."""

from pathlib import Path

import pytest

from reports.data import ReportData
from reports.page import write_report
from tests.pages import needs_browser, open_page

pytestmark = [pytest.mark.slow, needs_browser]

# The page is looked at through a frame: a window of a headless browser is at least 500 px wide.
FRAME = """<!doctype html><body style="margin:0"><iframe src="{page}"
style="border:0;width:{width}px;height:900px"></iframe><script>
const frame = document.querySelector("iframe");
let waited = 0;
function look() {{
  const page = frame.contentDocument, root = page.documentElement;
  page.querySelector(".turn")?.scrollIntoView();
  const facts = {{
    title: page.title,
    width: frame.contentWindow.innerWidth,
    needed: root.scrollWidth,
    images: [...page.images].map((image) => image.naturalWidth),
    views: page.querySelectorAll(".turn:first-of-type .view").length,
    drawn: page.querySelectorAll(".turn:first-of-type .view[data-drawn]").length,
    canvases: page.querySelectorAll(".view canvas").length,
    text: page.body.innerText.length,
  }};
  waited += 1;
  if (facts.drawn < facts.views && waited < 60) return setTimeout(look, 1000);
  fetch("{listener}", {{method: "POST", mode: "no-cors", body: JSON.stringify(facts)}});
}}
frame.onload = look;
</script>"""


@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_report(data: ReportData, tmp_path: Path, width: int) -> None:
    page = tmp_path / "index.html"
    write_report(data, page, tmp_path / "figures", tmp_path / "tables")
    facts = open_page(page, tmp_path, width, FRAME)
    assert facts["errors"] == []
    assert facts["title"].startswith("CrystalNet")
    assert facts["width"] == width
    assert facts["needed"] <= width, "the page is wider than the window"
    assert len(facts["images"]) > 5
    assert min(facts["images"]) > 0
    assert facts["drawn"] == facts["views"] == 3
    assert facts["canvases"] >= 3
