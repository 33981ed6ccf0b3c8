"""From a file to candidates: the library and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

import crystalnet
from crystalnet.cli import main
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.arguments import composition
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.lattices_to_try import densest

MEASURED = Path(__file__).resolve().parents[2] / "data" / "measured_patterns"
HALITE = MEASURED / "rockjock_halite.xy"
ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)


def test_a_measured_pattern_of_rock_salt_is_solved() -> None:
    told: list[str] = []
    solution = crystalnet.solve(
        HALITE, wavelength="CuKa", formula="NaCl", system="cubic", progress=told.append
    )
    best = solution.candidates[0]
    assert StructureMatcher().fit(best.crystal.to_structure(), ROCK_SALT)
    assert best.space_group == 225
    assert best.match.rwp == pytest.approx(0.063, abs=0.01)
    assert solution.lattices[0].a == pytest.approx(5.64, abs=0.02)
    assert [c.rank for c in solution.candidates] == list(range(1, len(solution.candidates) + 1))
    assert any("reach d = 1.43 A" in line for line in told)
    again = crystalnet.solve(HALITE, wavelength="CuKa", formula="NaCl", system="cubic")
    np.testing.assert_array_equal(best.density, again.candidates[0].density)


def test_a_measured_pattern_of_corundum_is_solved_by_symmetry() -> None:
    told: list[str] = []
    corundum = Structure.from_spacegroup(
        "R-3c", Lattice.hexagonal(4.76, 12.99), ["Al", "O"], [[0, 0, 0.3522], [0.3063, 0, 0.25]]
    )
    solution = crystalnet.solve(
        MEASURED / "rockjock_corundum.xy",
        wavelength="CuKa",
        formula="Al2O3",
        lattice=(4.76, 13.0),
        progress=told.append,
    )
    best = solution.candidates[0]
    assert StructureMatcher().fit(best.crystal.to_structure(), corundum)
    assert best.space_group == 167
    assert best.analogue_of is None
    assert any("by symmetry" in line for line in told)
    # Valence electrons: 3 of each aluminium, 6 of each oxygen.
    electrons = float(best.density.mean()) * best.crystal.volume
    assert electrons == pytest.approx(4 * 3 + 6 * 6, rel=0.02)
    # Without that, the structure type is known.
    known = crystalnet.solve(
        MEASURED / "rockjock_corundum.xy",
        wavelength="CuKa",
        formula="Al2O3",
        lattice=(4.76, 13.0),
        effort=0.0,
    ).candidates[0]
    assert known.analogue_of is not None
    assert StructureMatcher().fit(known.crystal.to_structure(), corundum)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "formula", "space_group", "rwp"),
    [
        ("fluorite", "CaF2", 225, 0.057),
        ("magnetite", "Fe3O4", 227, 0.120),
        ("pyrite", "FeS2", 205, 0.134),
        ("quartz", "SiO2", 152, 0.036),
        # Larger cells agree better here, with many more free coordinates.
        ("calcite", "CaCO3", 167, 0.341),
    ],
)
def test_more_measured_patterns(name: str, formula: str, space_group: int, rwp: float) -> None:
    solution = crystalnet.solve(MEASURED / f"rockjock_{name}.xy", formula=formula)
    best = solution.candidates[0]
    assert best.space_group == space_group
    assert best.match.rwp == pytest.approx(rwp, abs=0.01)
    lattice = solution.lattices[0]
    assert best.crystal.volume == pytest.approx(abs(np.linalg.det(lattice.primitive)), rel=1e-3)


def test_a_list_of_peaks_and_a_given_lattice_do_too(tmp_path: Path) -> None:
    pattern = powder_pattern(
        Crystal.from_structure(ROCK_SALT.get_primitive_structure()), 0.71073, (5.0, 60.0)
    )
    path = tmp_path / "peaks.csv"
    rows = zip(pattern.d_spacing, pattern.intensity, strict=True)
    path.write_text("# Mo Ka\nd,I\n" + "".join(f"{d:.5f},{i:.3f}\n" for d, i in rows))
    solution = crystalnet.solve(path, elements=["Na", "Cl"], system="cubic", lattice=(5.64,))
    matcher = StructureMatcher()
    assert any(matcher.fit(c.crystal.to_structure(), ROCK_SALT) for c in solution.candidates)


def test_the_command_writes_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    status = main(
        ["solve", str(HALITE), "--wavelength", "CuKa", "--formula", "NaCl", "--lattice", "5.64",
         "--output", str(folder), "--plot", str(tmp_path / "p.png")]
    )  # fmt: skip
    assert status == 0
    out = capsys.readouterr().out
    assert "NaCl" in out
    assert "Fm-3m" in out
    for name in ("structure.cif", "CHGCAR", "density.cube", "density.ccp4", "pattern.csv"):
        assert (folder / "candidate-01" / name).is_file(), name
    assert (folder / "report.html").is_file()
    assert (tmp_path / "p.png").is_file()
    told = json.loads((folder / "summary.json").read_text())["told"]
    assert told["formula"] == "NaCl"
    assert len(told["known_structures"]["cubic.npz"]) == 64


def test_a_folder_is_solved_in_one_run_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.xy").write_bytes(HALITE.read_bytes())
    (tmp_path / "b.xy").write_text("nothing of use\n")
    command = ["solve", str(tmp_path), "--jobs", "1", "--wavelength", "CuKa", "--formula", "NaCl",
               "--system", "cubic"]  # fmt: skip
    assert main(command) == 1, "one of the two fails"
    seen = capsys.readouterr()
    assert "1 of 2 patterns solved, 1 failed" in seen.out
    assert "b.xy: holds no numbers" in seen.err
    before = (tmp_path / "a.xy-solved" / "summary.json").stat().st_mtime_ns
    (tmp_path / "b.xy").unlink()
    assert main(command) == 0
    assert "solved already" in capsys.readouterr().out
    assert (tmp_path / "a.xy-solved" / "summary.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wavelength", "MoKa"], "says 1.54184 A, but the wavelength given is"),
        (["--wavelength", "CuKa", "--formula", "Xy2"], "the formula 'Xy2' cannot be read"),
        (["--wavelength", "CuKa", "--elements", "Na,Qq"], "'Qq' is no element"),
        (["--wavelength", "CuKa", "--lattice", "five"], "want numbers in A"),
        (["--wavelength", "CuKa", "--lattice", "0.1"], "want lengths of"),
        (["--wavelength", "CuKa", "--lattice", "5.64,3", "--system", "cubic"], "system is cubic"),
        (
            ["--wavelength", "CuKa", "--lattice", "1,2,3"],
            "the peaks are of a lattice cubic F, a = 5.6",
        ),
        (["--wavelength", "CuKb"], "the radiation 'CuKb' is unknown"),
        (["--wavelength", "CuKa", "--effort", "-1"], "want 0 (none) to 1000"),
        (["--wavelength", "CuKa", "--quantity", "q"], "reaches d"),
    ],
)
def test_bad_input_is_one_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(HALITE), "--output", str(tmp_path / "out"), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists(), "nothing half-written"


def test_a_wavelength_is_never_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = tmp_path / "bare.xy"
    lines = HALITE.read_text().splitlines(keepends=True)
    bare.write_text("".join(line for line in lines if not line.startswith("#")))
    assert main(["solve", str(bare), "--output", str(tmp_path / "out")]) == 1
    assert "does not say its wavelength" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fluorite", "corundum"])
def test_a_known_mineral_is_found_with_nothing_known_of_its_composition(name: str) -> None:
    solution = crystalnet.solve(MEASURED / f"rockjock_{name}.xy", wavelength="CuKa")
    best = solution.candidates[0]
    assert best.formula == {"fluorite": "CaF2", "corundum": "Al2O3"}[name]
    assert best.analogue_of is not None
    assert best.space_group == {"fluorite": 225, "corundum": 167}[name]


def test_formula_and_elements_exclude_each_other() -> None:
    with pytest.raises(CrystalNetError, match="give one of them"):
        composition("NaCl", ["Na"], True)
    assert composition(None, None, True).elements == ()
    assert not composition(None, ["Na"], False).complete


def test_of_one_cell_the_likeliest_centring_is_kept() -> None:
    both = [*conventional_lattices("cubic", 4.7), *conventional_lattices("cubic", 6.0)]
    kept = densest(both, composition(None, None, True))
    assert [(lattice.centring, lattice.a) for lattice in kept] == [("F", 4.7), ("F", 6.0)]


def test_a_centring_that_leaves_no_room_does_not_count() -> None:
    # LuTl3 has four atoms in its cell, and its superlattice lines are hardly seen.
    kept = densest(conventional_lattices("cubic", 4.7), composition("LuTl3", None, True))
    assert [lattice.centring for lattice in kept] == ["P"]
    volume = float(np.linalg.det(kept[0].primitive))
    assert abs(volume) == pytest.approx(4.7**3)
