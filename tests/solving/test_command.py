"""The command: what is wrong is one line, found out before any work; nothing is lost."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crystalnet
from crystalnet import cli
from crystalnet.errors import CrystalNetError
from crystalnet.files import probe, shown
from crystalnet.solving.budget import Budget
from crystalnet.solving.command import Request
from crystalnet.solving.pattern.formats.content import LARGEST, file_content
from crystalnet.solving.question import Question

HALITE = Path(__file__).resolve().parents[2] / "data" / "measured_patterns" / "rockjock_halite.xy"
QUICK = ["--formula", "NaCl", "--lattice", "5.64", "--effort", "0.05"]


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused is so before a pattern is solved."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("solving was begun")

    monkeypatch.setattr("crystalnet.solving.command.one.solve", fail)


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


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "the seed -1; want 0 to"),
        (["--seed", str(2**63)], "want 0 to 2^63 - 1"),
        (["--seed", "1e5"], "invalid int value"),
        (["--effort", "nan"], "an effort of nan"),
        (["--effort", "inf"], "an effort of inf"),
        (["--effort", "-0.1"], "want 0 (none) to 1000"),
        (["--effort", "lots"], "invalid float value"),
        (["--time", "0"], "want more than 0"),
        (["--time", "-3"], "want more than 0"),
        (["--time", "nan"], "want more than 0"),
        (["--lattice", "nan"], "want lengths of"),
        (["--lattice", "inf"], "want lengths of"),
        (["--lattice=-5"], "want lengths of"),
        (["--lattice", ""], "want numbers in A"),
        (["--lattice", "5,"], "want numbers in A"),
        (["--lattice", "90"], "larger cells are not solved"),
        (["--lattice", "1e400"], "want lengths of"),
        (["--system", "quadratic"], "invalid choice"),
        (["--quantity", "{x}"], "invalid choice"),
        (["--wavelength", "nan"], "the wavelength nan"),
        (["--wavelength", "1e999"], "the wavelength 1e999"),
        (["--wavelength", ""], "the radiation ''"),
        (["--formula", "Na1e9Cl"], "at most 1000"),
        (["--formula", ""], "cannot be read"),
        (["--formula", "{x}"], "'{x}' cannot be read"),
        (["--elements", ""], "'' is no element"),
        (["--elements", "Na,Xx"], "'Xx' is no element"),
        (["--contains", "Na,,Cl"], "'' is no element"),
        (["--formula", "NaCl", "--elements", "Na"], "not allowed with"),
        (["--peaks", "--profile"], "not allowed with"),
        (["--energy", "0"], "the energy 0 keV; want"),
        (["--energy", "nan"], "the energy nan keV; want"),
        (["--energy", "8", "--wavelength", "CuKa"], "not allowed with"),
        (["--range", "10"], "want two numbers such as 10,90"),
        (["--range", "90,10"], "the range [90.0, 10.0]; want first and last"),
        (["--exclude=-1,5"], "the excluded range [-1.0, 5.0]; want"),
        (["--exclude", "a,b"], "want numbers such as"),
        (["--impurity", "200"], "the impurity line 200.0; want its 2-theta"),
        (["--z", "0", "--formula", "NaCl"], "Z = 0; want 1 to"),
        (["--z", "4"], "Z = 4 without a formula"),
        (["--density", "2"], "says nothing without a formula"),
        (["--density", "nan", "--formula", "NaCl"], "a density of nan g/cm^3"),
        (["--tolerance", "50"], "'50'; want 0.01 to 10"),
        (["--background-width", "0"], "'0'; want 0.2 to 30"),
        (["--background-terms", "1.5"], "'1.5'; want 1 to 40"),
        (["--columns", "1;2"], "want numbers such as 1,3"),
        (["--jobs", "0"], "'0'; want 1 to 256"),
        (["--json", "--quiet"], "not allowed with"),
        (["--plot", "picture.docx"], "want an ending such as"),
        (["--plot", "/proc/nowhere/p.png"], "cannot be written"),
        (["--nonsense"], "unrecognized arguments"),
    ],
)
def test_options_that_make_no_sense(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "out"
    assert message in refused(capsys, ["solve", str(HALITE), "--output", str(out), *options])
    assert not out.parent.exists(), "nothing half-made"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "the seed -1"),
        ({"effort": float("nan")}, "an effort of nan"),
        ({"time_limit": 0.0}, "want more than 0"),
        ({"lattice": (5.0, 5.0, 5.0, 2.0)}, r"a, c \(hexagonal, trigonal, tetragonal\)"),
        ({"system": "quadratic"}, "'quadratic'; want cubic or hexagonal"),
        ({"elements": []}, "without elements"),
        ({"elements": "NaCl"}, "'NaCl' is no element"),
        ({"wavelength": 0.0}, "the wavelength 0.0"),
    ],
)
def test_the_library_refuses_the_same(options: dict, message: str) -> None:
    with pytest.raises(CrystalNetError, match=message):
        crystalnet.solve(HALITE, **options)


def test_a_quantity_is_one_of_three() -> None:
    with pytest.raises(CrystalNetError, match="'angle'; want two_theta or q or d"):
        Question(quantity="angle")


words = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.sampled_from(["NaCl", "Na,Cl", "CuKa", "5.64", "4.9,5.4", "1e-300", "\u0664", "D2O"]),
)
OPTIONS = ["--wavelength", "--quantity", "--formula", "--elements", "--contains", "--system",
           "--lattice", "--seed", "--effort", "--time", "--energy", "--range", "--exclude",
           "--impurity", "--z", "--density", "--tolerance", "--background-width",
           "--background-terms", "--columns", "--scan"]  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chosen=st.dictionaries(st.sampled_from(OPTIONS), words, max_size=4))
def test_whatever_is_asked_is_answered_or_refused_in_one_line(
    chosen: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached: list[bool] = []

    def stop(*_: object, **__: object) -> None:
        reached.append(True)
        raise CrystalNetError("far enough")

    monkeypatch.setattr("crystalnet.solving.command.one.solve", stop)
    pairs = [f"{option}={value}" for option, value in chosen.items()]
    error = refused(capsys, ["solve", str(HALITE), "--output", str(tmp_path / "out"), *pairs])
    assert not reached or "far enough" in error
    assert list(tmp_path.iterdir()) == []


def test_every_option_reaches_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    monkeypatch.setattr("crystalnet.solving.command.run", lambda each: asked.append(each) or 0)

    def of(line: str) -> Request:
        assert cli.main(line.split()[1:]) == 0
        return asked.pop()

    for line in cli.EXAMPLES.splitlines()[1:]:
        assert of(line).question.known.elements
    found = of(
        "crystalnet solve scan.xrdml --formula CaSO4.2H2O --range 10,70 --exclude 28,29 "
        "--exclude 40,41 --z 4 --density 2.3 --impurity 26.6,50.1 --columns 1,3 --scan 2 "
        "--tolerance 3 --background-width 4 --background-terms 12 --jobs 3 --json"
    )
    question = found.question
    assert (found.jobs, found.said) == (3, "json")
    assert question.regions.within == (10, 70)
    assert len(question.regions.excluded) == 4
    assert (question.limits.units, question.limits.density) == (4, 2.3)
    assert (question.columns, question.scan) == ((1, 3), 2)
    assert question.settings.changed() == {
        "lattices.given_within": 0.03, "profile.widest": 4.0, "fit.background": 12,
    }  # fmt: skip
    energy = of("crystalnet solve beamline.dat --energy 17.4 --formula LaB6 --space-group Pm-3m")
    assert energy.question.radiation is not None
    assert energy.question.radiation.wavelength == pytest.approx(0.71255, abs=1e-5)


def put_a_file(place: Path) -> Path:
    (place / "file").write_text("in the way")
    return place / "file"


def put_a_page(place: Path) -> Path:
    (place / "out" / "report.html").mkdir(parents=True)
    return place / "out"


def put_a_candidate(place: Path) -> Path:
    (place / "out").mkdir()
    (place / "out" / "candidate-01").write_text("in the way")
    return place / "out"


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    "where",
    [
        put_a_file,
        lambda place: put_a_file(place) / "below",
        put_a_page,
        put_a_candidate,
        lambda place: place / ("n" * 300),
        lambda place: place / ("n" * 300) / "below",
        # Nobody can make a folder there, root neither.
        lambda place: Path("/proc/crystalnet"),
    ],
)
def test_what_cannot_be_written_is_found_out_before_any_work(
    where: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = where(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    error = refused(capsys, ["solve", str(HALITE), "--output", str(out)])
    assert str(out) in error
    assert "cannot be written to" in error
    assert sorted(tmp_path.rglob("*")) == before


def test_probing_leaves_nothing(tmp_path: Path) -> None:
    probe(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("kept")
    probe(tmp_path / "kept")
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    error = refused(capsys, ["solve", str(HALITE), "--output", str(tmp_path / "closed")])
    assert "Permission denied" in error


def a_pipe(place: Path) -> Path:
    os.mkfifo(place / "pipe.xy")
    return place / "pipe.xy"


def a_dangling_link(place: Path) -> Path:
    (place / "link.xy").symlink_to(place / "nowhere")
    return place / "link.xy"


def a_link_to_itself(place: Path) -> Path:
    (place / "self.xy").symlink_to(place / "self.xy")
    return place / "self.xy"


def a_socket(place: Path) -> Path:
    # Sockets take short paths only.
    before = Path.cwd()
    os.chdir(place)
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind("s.xy")
    finally:
        os.chdir(before)
    return place / "s.xy"


def of_bytes(content: bytes) -> Callable[[Path], Path]:
    def write(place: Path) -> Path:
        (place / "file.xy").write_bytes(content)
        return place / "file.xy"

    return write


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: Path("/dev/zero"), "a device, not a file"),
        (lambda _: Path("/dev/null"), "a device, not a file"),
        (a_pipe, "a pipe, not a file"),
        (a_socket, "a socket, not a file"),
        (a_dangling_link, "no such file"),
        (a_link_to_itself, "cannot be read"),
        (lambda place: place / "nowhere.xy", "no such file"),
        (lambda place: place / ("n" * 300), "cannot be"),
        (of_bytes(b""), "the file is empty"),
        (of_bytes(b" \n\n"), "the file is empty"),
        (of_bytes(b"\x7fELF\0\0\0"), "a binary file"),
        (of_bytes(b"\xff\xfe\xfa"), "holds no numbers"),
        (of_bytes(b"\xe9\xe8 no UTF-8\n"), "holds no numbers"),
        (of_bytes(b"10 5\n" * 2), "does not say its wavelength"),
    ],
)
def test_what_is_no_pattern_ends_in_one_line(
    make: Callable[[Path], Path],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["solve", str(make(tmp_path)), "--output", str(tmp_path / "out")]
    assert message in refused(capsys, arguments)
    assert not (tmp_path / "out").exists()


def test_reading_is_bounded_whatever_a_file_says_of_its_size(tmp_path: Path) -> None:
    path = tmp_path / "sparse.xy"
    with path.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(CrystalNetError, match="more than 100 MB"):
        file_content(path)


NAMES = ["{x}.xy", "<b>x&y.xy", "a b'\"c.xy", "%s%d.xy", "\N{GREEK SMALL LETTER THETA}.xy",
         "-x.xy", "{{ 7*7 }}.xy", "</script>.xy".replace("/", "_"), "new\nline.xy",
         os.fsdecode(b"no-utf8-\xff.xy")]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_are_names(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pattern = tmp_path / name
    pattern.write_bytes(HALITE.read_bytes())
    assert cli.main(["solve", str(pattern), *QUICK]) == 0
    folder = tmp_path / f"{name}-solved"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["told"]["pattern"] == shown(pattern)
    page = (folder / "report.html").read_text()
    told = page[page.index("What was told") : page.index('<script id="data"')]
    assert "<b>x" not in told
    assert "49.xy" not in told
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith(shown(folder / "report.html"))


def test_a_name_that_leaves_no_room_for_the_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = tmp_path / ("n" * 250 + ".xy")
    pattern.write_bytes(HALITE.read_bytes())
    assert "File name too long" in refused(capsys, ["solve", str(pattern), *QUICK])
    assert cli.main(["solve", str(pattern), *QUICK, "--output", str(tmp_path / "out")]) == 0


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
        if "by symmetry" in line:
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


@pytest.mark.parametrize("factor", [1e300, 1e-300, 1e-310, 3e35, 1.0])
def test_intensities_have_any_scale(factor: float, tmp_path: Path) -> None:
    rows = [line for line in HALITE.read_text().splitlines() if not line.startswith("#")]
    values = [tuple(map(float, row.split()[:2])) for row in rows]
    path = tmp_path / "scaled.xy"
    path.write_text("".join(f"{x!r} {y * factor!r}\n" for x, y in values))
    asked = {"wavelength": "CuKa", "formula": "NaCl", "lattice": (5.64,)}
    best = crystalnet.solve(path, **asked, effort=0.05).candidates[0]
    assert best.space_group == 225
    # As in the file itself.
    assert best.match.rwp == pytest.approx(
        crystalnet.solve(HALITE, **asked, effort=0.05).candidates[0].match.rwp, abs=1e-3
    )


def test_a_disk_that_fills_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crystalnet.solving.output.write_page", full)
    error = refused(capsys, ["solve", str(HALITE), *QUICK, "--output", str(tmp_path / "out")])
    assert "No space left on device" in error
    assert not (tmp_path / "out" / "summary.json").exists()


def test_help_answers_at_once() -> None:
    code = "import sys; from crystalnet.cli import main\ntry: main(['solve', '--help'])\n" \
           "except SystemExit: print('torch' in sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")
