"""The recorded session shows what was typed and what came, and nothing of the machine."""

import re
import shlex
from html import unescape

import pytest

from crystalnet.errors import CrystalNetError
from pipeline import session
from tests.documents import ROOT


def rows(picture: str) -> list[tuple[str, str]]:
    """The kind and the characters of each line."""
    found = re.findall(r'<text class="(\w*)"[^>]*>([^<]*)</text>', picture)
    return [(kind, unescape(text)) for kind, text in found]


def test_lines_are_drawn_as_a_terminal_shows_them() -> None:
    long = "<" * (session.COLUMNS + 5)
    picture = session.draw("solve a&b", ["", long, "verdict: likely", "  a reason", "2 s"])
    assert rows(picture) == [
        ("typed", "$ solve a&b"),
        ("", long[: session.COLUMNS]),
        ("", "<" * 5),
        ("verdict", "verdict: likely"),
        ("verdict", "  a reason"),
        ("", "2 s"),
    ]


def test_the_recorded_one_is_of_the_command_and_of_no_machine() -> None:
    picture = (ROOT / session.PICTURE).read_text(encoding="utf-8")
    lines = rows(picture)
    assert lines[0] == ("typed", f"$ {shlex.join(session.COMMAND)}")
    assert ("verdict", "verdict: solved") in lines
    assert any("TiO2" in text and "P4_2/mnm" in text for _, text in lines)
    assert len(picture) < 60_000
    foreign = re.findall(r"/(?:tmp|home|root|work)\b|@|https?://(?!www\.w3\.org/2000/svg)", picture)
    assert foreign == []


def test_a_command_that_fails_is_told() -> None:
    with pytest.raises(CrystalNetError, match=r"nothing\.xy: no such file"):
        session.lines_of(["solve", "nothing.xy"])
