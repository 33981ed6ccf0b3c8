"""A folder of patterns: several at once, a table of all, and one that fails stops no other."""

import csv
import json
from pathlib import Path

import pytest

from crystalnet import cli
from crystalnet.solving.command import table, workers
from crystalnet.solving.command.request import Request
from crystalnet.solving.command.table import Row, row_of, write_table
from crystalnet.solving.question import Question

HALITE = Path(__file__).resolve().parents[2] / "data" / "measured_patterns" / "rockjock_halite.xy"
QUICK = ["--wavelength", "CuKa", "--formula", "NaCl", "--lattice", "5.64", "--effort", "0.05"]


def folder_of(tmp_path: Path) -> Path:
    """Two patterns and one that is none."""
    folder = tmp_path / "patterns"
    folder.mkdir()
    for name in ("a.xy", "c <&>.xy"):
        (folder / name).write_bytes(HALITE.read_bytes())
    (folder / "b.xy").write_text("10 1\n20 2\n")
    return folder


def table_in(place: Path) -> list[dict[str, str]]:
    with (place / "solved.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_several_at_once_and_one_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    folder, out = folder_of(tmp_path), tmp_path / "out"
    arguments = ["solve", str(folder), *QUICK, "--output", str(out)]
    assert cli.main([*arguments, "--jobs", jobs]) == 1
    seen = capsys.readouterr()
    assert "b.xy: 2 peaks; want at least 3" in seen.err
    assert "2 of 3 patterns solved, 1 failed" in seen.out
    rows = table_in(out)
    assert [row["pattern"] for row in rows] == ["a.xy", "b.xy", "c <&>.xy"]
    assert [row["error"] for row in rows] == ["", "2 peaks; want at least 3", ""]
    assert [row["formula"] for row in rows] == ["NaCl", "", "NaCl"]
    assert float(rows[0]["a"]) == pytest.approx(5.64, abs=0.01)
    summary = json.loads((out / "a.xy-solved" / "summary.json").read_text())
    assert rows[0]["verdict"] == summary["verdict"]["word"]
    page = (out / "solved.html").read_text()
    assert 'href="c%20%3C%26%3E.xy-solved/report.html">c &lt;&amp;&gt;.xy</a>' in page
    # Run again, only what failed is tried; the table has all.
    assert cli.main([*arguments, "--json", "--jobs", jobs]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["formula"] for each in told] == ["NaCl", "", "NaCl"]
    assert table_in(out) == rows


def test_the_table_is_no_pattern(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xy").write_bytes(HALITE.read_bytes())
    for _ in range(2):
        assert cli.main(["solve", str(tmp_path), *QUICK]) == 0
        assert "solved.csv" not in capsys.readouterr().out
    assert len(table_in(tmp_path)) == 1


def test_json_and_quiet_say_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["solve", str(HALITE), *QUICK, "--output", str(tmp_path / "out")]
    assert cli.main([*arguments, "--json"]) == 0
    seen = capsys.readouterr()
    assert json.loads(seen.out) == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert cli.main([*arguments, "--quiet"]) == 0
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "")


def test_a_fault_of_the_program_is_a_row_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(workers, "solve_one", fail)
    request = Request(tmp_path, Question(formula="NaCl"))
    found = workers.attempted(tmp_path / "a.xy", tmp_path / "out", request)
    assert found.error.endswith("a fault of the program (ZeroDivisionError: by nothing)")
    assert not found.interrupted


def test_a_summary_that_cannot_be_read_is_an_error_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"told": {}, "candidates": []}')
    assert "cannot be read" in row_of(tmp_path / "a.xy", tmp_path).error
    row = Row("=1+1", formula="@x")
    write_table(tmp_path, [row])
    text = (tmp_path / "solved.csv").read_text()
    assert "'=1+1" in text
    assert "'@x" in text
    assert len(table.HEADINGS) == (tmp_path / "solved.html").read_text().count("<th>")
