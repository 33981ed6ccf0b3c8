"""Pages that the project writes: their tags, and what a real browser makes of them."""

import http.server
import json
import shutil
import subprocess
import threading
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="needs chromium (Debian: apt install chromium)"
)


class Tags(HTMLParser):
    """Tags that are open, ends of tags that were not, and addresses that a page loads."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.loaded: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [value for name, value in attrs if name == "src" or tag == "link"]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Listener(http.server.BaseHTTPRequestHandler):
    """Takes what the page in the browser tells."""

    told: Queue[bytes]

    def do_POST(self) -> None:
        self.told.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


def open_page(path: Path, folder: Path, width: int, frame: str) -> dict[str, Any]:
    """What a browser makes of a page on disk at a width: facts, and `errors` of its console.

    Args:
        frame: HTML with places for `page`, `width` and `listener`, to which it posts the facts.
    """
    told: Queue[bytes] = Queue()
    handler = type("Handler", (Listener,), {"told": told})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        listener = f"http://127.0.0.1:{server.server_port}/"
        around, log = folder / f"frame{width}.html", folder / f"browser{width}.log"
        page = escape(path.resolve().as_uri())
        around.write_text(frame.format(page=page, width=width, listener=listener))
        with log.open("wb") as stream:
            browser = subprocess.Popen(
                [
                    str(BROWSER), "--headless=new", "--no-sandbox", "--use-angle=swiftshader",
                    "--enable-unsafe-swiftshader", "--disable-web-security",
                    "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
                    "--window-size=1400,1000", "--enable-logging=stderr", "--no-first-run",
                    "--remote-debugging-port=0", around.as_uri(),
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
