"""The public names: all there, loaded when asked for, with examples that run."""

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import crystalnet

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = sorted(
    name for name in crystalnet.__all__ if inspect.isfunction(getattr(crystalnet, name))
)
HALITE = "data/measured_patterns/rockjock_halite.xy"


def test_the_names_are_those_of_the_package() -> None:
    assert set(crystalnet.__all__) == set(crystalnet._HOME)
    assert set(crystalnet.__all__) <= set(dir(crystalnet))
    for name in crystalnet.__all__:
        assert getattr(crystalnet, name).__module__ == crystalnet._HOME[name]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = crystalnet.nothing


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = "import sys, crystalnet; print({'numpy', 'torch', 'pymatgen'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_page_of_the_api_has_every_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name, home in crystalnet._HOME.items():
        assert f"::: {home}.{name}\n" in page, name


@pytest.mark.parametrize("name", [*FUNCTIONS, "Crystal", "SolveSettings"])
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    thing = getattr(crystalnet, name)
    examples = doctest.DocTestFinder(recurse=False).find(thing, name, globs={})
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    told: list[str] = []
    for each in examples:
        runner.run(each, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)
    assert sum(len(each.examples) for each in examples) >= 2


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_say_arguments_and_errors(name: str) -> None:
    function = getattr(crystalnet, name)
    text = inspect.getdoc(function) or ""
    told = text.split("Args:")[1].split("Returns:")[0].split("Raises:")[0]
    for argument in inspect.signature(function).parameters:
        assert f"{argument}:" in told or f"{argument}, " in told, argument
    assert "CrystalNetError:" in text or name == "resample"


def test_arguments_are_forgiving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    given = {"wavelength": "CuKa", "effort": 0.05}
    one = crystalnet.solve(HALITE, elements="Na, Cl", lattice=5.64, **given)
    other = crystalnet.solve(Path(HALITE), elements=["Na", "Cl"], lattice=(5.64,), **given)
    assert one.told["elements"] == other.told["elements"] == ["Na", "Cl"]
    assert one.told["lattice_A"] == other.told["lattice_A"] == [5.64]
    np.testing.assert_array_equal(one.candidates[0].density, other.candidates[0].density)
    np.testing.assert_array_equal(
        crystalnet.read_pattern(HALITE, wavelength=1.5418).two_theta, one.file.two_theta
    )


WRONG = (
    [
        (f'solve("{HALITE}", wavelength="CuKa", {argument})', message)
        for argument, message in [
            ("lattice='wide'", "the lattice 'wide'; want numbers in A, such as 10.5 or 4.91,5.40"),
            ("lattice=[[5.6]]", "the lattice [[5.6]]; want numbers in A"),
            ("lattice=0.1", "the lattice [0.1]; want lengths of 0.5 to 100 A"),
            ("elements=14", "the elements 14; want symbols such as Si,O"),
            ("elements=[14, 8]", "the elements [14, 8]; want symbols such as Si,O"),
            ("elements='Si,Xx'", "'Xx' is no element"),
            ("seed='5'", "the seed is '5'; want a whole number"),
            ("seed=1.5", "the seed is 1.5; want a whole number"),
            ("effort=None", "the effort is None; want a number"),
            ("quantity='degrees'", "the quantity 'degrees'; want two_theta or q or d"),
        ]
    ]
    + [
        (f"index_lattice({arguments})", message)
        for arguments, message in [
            ("['a'], 1.54", "two_theta is ['a']; want a list of numbers, one for each peak"),
            ("[[20.0, 30.0]], 1.54", "two_theta is [[20.0, 30.0]]; want a list of numbers"),
            ("[], 1.54", "peaks at [] degrees 2-theta; want some, between 0 and 180"),
            ("[20.0, 200.0], 1.54", "want some, between 0 and 180"),
            ("[20.0, 30.0], 'Xy'", "the radiation 'Xy' is unknown"),
            ("[20.0, 30.0], 1.54, [1.0]", "2 peak positions but 1 intensities"),
            ("[20.0, 30.0], 1.54, None, 'cubical'", "the crystal system 'cubical'; want cubic or"),
            ("[20.0, 30.0], 1.54", "2 significant peaks; want at least 3 for a cubic lattice"),
        ]
    ]
    + [
        (
            f"read_pattern('{HALITE}', 'degrees')",
            "the quantity 'degrees'; want two_theta or q or d",
        ),
        (f"read_pattern('{HALITE}', wavelength='Xy')", "the radiation 'Xy' is unknown"),
        ("SolveSettings(peaks=3)", "the settings peaks are 3; want PeakSettings(...)"),
        (
            "crystalnet.solving.settings.PeakSettings(most='5')",
            "the setting most is '5'; want something",
        ),
        ("Crystal('salt', [[1.0]], [11], [[0.0]])", "salt: lattice is a list; want an array"),
    ]
)


def test_a_wrong_argument_is_one_line() -> None:
    """In a process without the type checks of the tests, as people have it."""
    calls = [call for call, _ in WRONG]
    code = f"""
import crystalnet
from crystalnet import *
for call in {calls!r}:
    try:
        print("nothing was wrong:", eval(call))
    except CrystalNetError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(WRONG), done.stdout
    for line, (call, message) in zip(lines, WRONG, strict=True):
        assert message in line, call


def test_peaks_are_indexed_in_any_order_and_system() -> None:
    places = [27.37, 31.70, 45.45, 53.87, 56.47]
    best = crystalnet.index_lattice(places[::-1], "CuKa1", [5.0, 4.0, 3.0, 2.0, 1.0], ["cubic"])[0]
    assert best.centring == "F"
    assert best.a == pytest.approx(5.64, abs=0.005)
    assert best.primitive.shape == (3, 3)
    volume = abs(float(np.linalg.det(best.primitive)))
    assert volume == pytest.approx(best.a**3 / 4)
