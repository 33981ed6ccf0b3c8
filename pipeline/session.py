"""A session in a terminal, as it was, for docs/solve.md.

python -m pipeline.session    runs `crystalnet solve` on a measured pattern, writes docs/session.svg
"""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from pipeline.steps import command

PICTURE = Path("docs/session.svg")
COMMAND = (
    "crystalnet", "solve", "data/measured_patterns/rockjock_rutile.xy", "--wavelength", "CuKa",
    "--elements", "Ti,O", "--output", "rutile",
)  # fmt: skip
# Characters of a line, and the size of one in pixels.
COLUMNS, WIDE, HIGH, MARGIN = 110, 7.8, 18, 14
STYLE = """
  text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #d7dde5; }
  .screen { fill: #1b212b; } .typed { fill: #ffffff; font-weight: bold; }
  .verdict { fill: #8ddb8c; }
"""


def lines_of(arguments: Sequence[str]) -> list[str]:
    """What the command prints, line by line, in a folder that has nothing but the data.

    Raises:
        CrystalNetError: if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").symlink_to(Path("data").resolve())
        done = subprocess.run(
            [sys.executable, "-m", "crystalnet.cli", *arguments],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise CrystalNetError(f"{shlex.join(arguments)}: {done.stderr.strip()[-200:]}")
    return done.stdout.splitlines()


def draw(typed: str, lines: Sequence[str]) -> str:
    """A screen with what was typed and what came; long lines go on in the next."""
    rows: list[tuple[str, str]] = []
    kind = "typed"
    for line in (f"$ {typed}", *lines):
        # The verdict and its reasons, which are set in.
        if line.startswith("verdict:"):
            kind = "verdict"
        elif kind != "verdict" or not line.startswith("  "):
            kind = "typed" if not rows else ""
        parts = [line[at : at + COLUMNS] for at in range(0, max(len(line), 1), COLUMNS)]
        rows += [(kind, part) for part in parts]
    width, height = COLUMNS * WIDE + 2 * MARGIN, len(rows) * HIGH + 2 * MARGIN
    texts = [
        f'<text class="{kind}" x="{MARGIN}" y="{MARGIN + HIGH * (row + 0.75):g}" xml:space='
        f'"preserve" textLength="{len(part) * WIDE:g}">{escape(part)}</text>'
        for row, (kind, part) in enumerate(rows)
        if part.strip()
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img">',
            f"<title>{escape(typed)}</title><style>{STYLE}</style>",
            f'<rect class="screen" width="{width:g}" height="{height:g}" rx="8"/>',
            *texts,
            "</svg>\n",
        ]
    )


def main() -> None:
    text = draw(shlex.join(COMMAND), lines_of(COMMAND[1:]))
    with atomic_write(PICTURE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(PICTURE)


if __name__ == "__main__":
    command.run(main)
