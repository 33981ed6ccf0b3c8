"""The report in a real browser: nothing fails, everything is drawn, and a phone can read it."""

import http.server
import json
import shutil
import subprocess
import threading
from html import escape
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from reports.data import ReportData
from reports.page import write_report

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="needs chromium (Debian: apt install chromium)"),
]

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


class Listener(http.server.BaseHTTPRequestHandler):
    """Takes what the page in the browser tells."""

    told: Queue[bytes]

    def do_POST(self) -> None:
        self.told.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


def open_page(path: Path, folder: Path, width: int) -> dict[str, Any]:
    """What a browser makes of a page on disk at a width: facts, and `errors` of its console."""
    told: Queue[bytes] = Queue()
    handler = type("Handler", (Listener,), {"told": told})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        listener = f"http://127.0.0.1:{server.server_port}/"
        frame, log = folder / f"frame{width}.html", folder / f"browser{width}.log"
        page = escape(path.resolve().as_uri())
        frame.write_text(FRAME.format(page=page, width=width, listener=listener))
        with log.open("wb") as stream:
            browser = subprocess.Popen(
                [
                    str(BROWSER), "--headless=new", "--no-sandbox", "--use-angle=swiftshader",
                    "--enable-unsafe-swiftshader", "--disable-web-security",
                    "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
                    "--window-size=1400,1000", "--enable-logging=stderr", "--no-first-run",
                    "--remote-debugging-port=0", frame.as_uri(),
                ],
                stdout=stream, stderr=stream,
            )  # fmt: skip
            try:
                facts = json.loads(told.get(timeout=180))
            finally:
                browser.terminate()
                browser.wait(30)
                server.shutdown()
    lines = log.read_text(errors="replace").splitlines()
    # Hints about speed, of the software renderer and of plotly's canvas, are no errors of the page.
    hints = ("GL Driver Message", "willReadFrequently")
    errors = [line for line in lines if "CONSOLE" in line and not any(h in line for h in hints)]
    return {**facts, "errors": errors}


@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_report(data: ReportData, tmp_path: Path, width: int) -> None:
    page = tmp_path / "index.html"
    write_report(data, page, tmp_path / "figures", tmp_path / "tables")
    facts = open_page(page, tmp_path, width)
    assert facts["errors"] == []
    assert facts["title"].startswith("CrystalNet")
    assert facts["width"] == width
    assert facts["needed"] <= width, "the page is wider than the window"
    assert len(facts["images"]) > 5
    assert min(facts["images"]) > 0
    assert facts["drawn"] == facts["views"] == 3
    assert facts["canvases"] >= 3
