"""A run of the command: a folder, an answer that is there, time that is over, an interruption."""

import itertools
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crystalnet import cli
from crystalnet.solving.budget import Budget
from crystalnet.solving.command import Request
from crystalnet.solving.question import Question
from tests.solving.command_line import HALITE, QUICK, refused


def test_a_folder_asks_each_pattern_its_own_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.xy", "a.txt"):
        (tmp_path / name).write_bytes(HALITE.read_bytes())
    (tmp_path / "README.txt").write_text("Patterns of salt.\n1. halite\n2 more\n")
    (tmp_path / "structure.cif").write_text("data_x\n_cell_length_a 5.64\n")
    (tmp_path / "notes.dat").symlink_to(tmp_path / "nowhere")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "folder.xy").mkdir()

    def told(*options: str) -> str:
        assert cli.main(["solve", str(tmp_path), *QUICK, "--jobs", "1", *options]) == 0
        seen = capsys.readouterr()
        assert not seen.err
        return seen.out

    first = told()
    assert "README.txt: passed over, holds no pattern" in first
    assert "structure.cif: passed over, holds no pattern" in first
    assert "notes.dat: passed over, no such file" in first
    assert "picture.csv: passed over, a picture" in first
    assert "2 of 2 patterns solved, 0 failed; 4 other files passed over" in first
    for name in ("a.xy", "a.txt"):
        assert (tmp_path / f"{name}-solved" / "summary.json").is_file()
    assert told().count("solved already") == 2
    # Nothing was cut short, so more time is no other question.
    assert told("--time", "600").count("solved already") == 2
    assert told("--again").count("solved already") == 0
    changed = HALITE.read_text().splitlines()
    (tmp_path / "a.xy").write_text("\n".join(changed[:-1]) + "\n")
    assert told().count("solved already") == 1
    # Other questions have other answers.
    assert told("--profile").count("solved already") == 0


def test_a_question_is_answered_only_by_its_own_answer(tmp_path: Path) -> None:
    pattern = tmp_path / "a.xy"
    pattern.write_text("10 5\n")
    asked = Question(formula="NaCl", lattice=(5.64,), time_limit=60.0)
    summary = tmp_path / "summary.json"

    def told(**found: object) -> None:
        found = {"cut_short": None, "interrupted": False, **found}
        summary.write_text(json.dumps({"told": {**asked.told(pattern), **found}}))

    told()
    assert asked.answered_by(summary, pattern)
    others = {
        "wavelength": "CuKa", "formula": "KCl", "system": "cubic", "lattice": (5.65,),
        "quantity": "d", "peaks": True, "seed": 1, "effort": 2.0,
    }  # fmt: skip
    for name, value in others.items():
        assert not replace(asked, **{name: value}).answered_by(summary, pattern), name
    elements = replace(asked, formula=None, elements=("Na",))
    assert not elements.answered_by(summary, pattern)
    # What is known has changed.
    told(known_structures={"cubic.npz": "0" * 64})
    assert not asked.answered_by(summary, pattern)
    told()
    # Where nothing was cut short, more time has the same answer; where it was, it has not.
    longer = replace(asked, time_limit=600.0)
    assert longer.answered_by(summary, pattern)
    told(cut_short="the time of 60 s was over")
    assert asked.answered_by(summary, pattern)
    assert not longer.answered_by(summary, pattern)
    told(cut_short="it was interrupted", interrupted=True)
    assert not asked.answered_by(summary, pattern)
    told()
    pattern.write_text("10 6\n")
    assert not asked.answered_by(summary, pattern)
    for broken in ("", "[]", "{}", '{"told": 3}', "\udcff"):
        summary.write_bytes(broken.encode("utf-8", "surrogatepass"))
        assert not asked.answered_by(summary, pattern)


def test_an_answer_names_what_was_asked(tmp_path: Path) -> None:
    command_line = ["solve", str(HALITE), *QUICK, "--wavelength", "CuKa", "--seed", "3"]
    assert cli.main([*command_line, "--output", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "summary.json").read_text())["told"]
    digest = subprocess.run(["sha256sum", HALITE], capture_output=True, text=True, check=True)
    assert told["pattern_sha256"] == digest.stdout.split()[0]
    for name, value in {
        "wavelength_given": "CuKa", "formula": "NaCl", "elements": None, "elements_complete": True,
        "system": None, "lattice_A": [5.64], "quantity": None, "is_list_of_peaks": None,
        "seed": 3, "effort": 0.05, "time_limit_s": 60.0,
        "cut_short": None, "interrupted": False,
    }.items():  # fmt: skip
        assert told[name] == value, name
    assert told["version"]
    assert {len(checksum) for checksum in told["known_structures"].values()} == {64}


def test_a_folder_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.txt").write_text("nothing here\n")
    assert "holds no pattern" in refused(capsys, ["solve", str(tmp_path)])


def test_time_that_is_over_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing known there is one known structure after the other; the first ones must do."""
    looks = itertools.count()

    def every_look_a_second(seconds: float, tell: Callable[[str], object]) -> Budget:
        return Budget(seconds, tell, lambda: float(next(looks)))

    monkeypatch.setattr("crystalnet.solving.command.one.Budget", every_look_a_second)
    magnetite = HALITE.with_name("rockjock_magnetite.xy")
    arguments = ["solve", str(magnetite), "--system", "cubic", "--time", "100"]
    status = cli.main([*arguments, "--output", str(tmp_path / "out")])
    seen = capsys.readouterr()
    assert status == 0, seen.err
    assert "the time of 100 s was over before everything was tried" in seen.out
    told = json.loads((tmp_path / "out" / "summary.json").read_text())["told"]
    assert told["cut_short"] == "the time of 100 s was over"
    assert told["seconds"] < 150
    # There are hundreds of that cell.
    assert "structures from known ones as they are" in seen.out


def test_interrupted_it_keeps_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.xy", "b.xy"):
        (tmp_path / name).write_bytes(HALITE.read_bytes())
    say = Request.say

    def interrupt(request: Request, line: str) -> None:
        say(request, line)
        # Not a line that says how long it has been at it, on a slow machine: nothing is found then.
        if "structures of" in line and "by symmetry" in line:
            os.kill(os.getpid(), signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(Request, "say", interrupt)
    arguments = ["solve", str(tmp_path), *QUICK, "--jobs", "1"]
    assert cli.main(arguments) == 130
    out = capsys.readouterr().out
    assert "interrupted at a.xy" in out
    assert signal.getsignal(signal.SIGINT) == before
    told = json.loads((tmp_path / "a.xy-solved" / "summary.json").read_text())["told"]
    assert told["cut_short"] == "it was interrupted"
    assert (tmp_path / "a.xy-solved" / "candidate-01" / "structure.cif").is_file()
    assert not (tmp_path / "b.xy-solved").exists()
    monkeypatch.setattr(Request, "say", say)
    # What was interrupted is no answer.
    assert cli.main(arguments) == 0
    assert "solved already" not in capsys.readouterr().out


def test_interrupted_before_anything_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say = Request.say

    def interrupt(request: Request, line: str) -> None:
        say(request, line)
        if "peaks" in line:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Request, "say", interrupt)
    out = tmp_path / "out"
    assert cli.main(["solve", str(HALITE), *QUICK, "--output", str(out)]) == 130
    assert "interrupted before anything was found" in capsys.readouterr().err
    assert not out.exists()
