"""How the tests call the command."""

from pathlib import Path

import pytest

from crystalnet import cli

HALITE = Path(__file__).resolve().parents[2] / "data" / "measured_patterns" / "rockjock_halite.xy"
QUICK = ["--formula", "NaCl", "--lattice", "5.64", "--effort", "0.05"]


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """The one line that a command is refused with."""
    try:
        status = cli.main(arguments)
    except SystemExit as left:
        status = int(str(left.code))
    error = capsys.readouterr().err
    assert status in (1, 2), error
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1, error
    assert "Traceback" not in error
    return error
