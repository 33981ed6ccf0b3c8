"""The command: what is asked wrongly is one line, found out before any work."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crystalnet
from crystalnet import cli
from crystalnet.errors import CrystalNetError
from crystalnet.solving.command import Request
from crystalnet.solving.question import Question
from tests.solving.command_line import HALITE, refused


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


def test_help_answers_at_once() -> None:
    code = "import sys; from crystalnet.cli import main\ntry: main(['solve', '--help'])\n" \
           "except SystemExit: print('torch' in sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")
