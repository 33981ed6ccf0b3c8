"""Every file that a run writes, read back by pymatgen and gemmi; and what the command says."""

import json
from pathlib import Path

import gemmi
import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Element, Lattice, Structure
from pymatgen.io.common import VolumetricData
from pymatgen.io.vasp import Chgcar

import crystalnet
from crystalnet import cli
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.solution import Solution
from crystalnet.solving.symmetry.contacts import least_distance, too_near

MEASURED = Path(__file__).resolve().parents[3] / "data" / "measured_patterns"
# Simulated: group, lattice, elements, places.
SIMULATED = {
    "ZnO": (
        "P6_3mc",
        Lattice.hexagonal(3.25, 5.207),
        ["Zn", "O"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
    ),
    "MgAl2O4": (
        "Fd-3m:2",
        Lattice.cubic(8.08),
        ["Mg", "Al", "O"],
        [[1 / 8] * 3, [0.5] * 3, [0.2624] * 3],
    ),
}


@pytest.fixture(scope="module", params=[*SIMULATED, "rockjock_corundum"])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Solution, Path]:
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    if name in SIMULATED:
        structure = Structure.from_spacegroup(*SIMULATED[name]).get_primitive_structure()
        pattern = powder_pattern(Crystal.from_structure(structure), 1.54184, (10.0, 90.0))
        path, formula = folder / "peaks.csv", name
        rows = zip(pattern.d_spacing, pattern.intensity, strict=True)
        path.write_text("d,I\n" + "".join(f"{d:.5f},{i:.4f}\n" for d, i in rows))
    else:
        path = MEASURED / f"{name}.xy"
        formula = "Al2O3"
    solution = crystalnet.solve(path, wavelength="CuKa", formula=formula, effort=0.1)
    solution.write(folder / "out")
    return solution, folder / "out"


# pymatgen says so whenever a coordinate is a third.
@pytest.mark.filterwarnings("ignore:.*fractional coordinates rounded to ideal values:UserWarning")
def test_every_file_holds_the_structure_whose_atoms_keep_their_distance(
    run: tuple[Solution, Path],
) -> None:
    solution, folder = run
    entries = json.loads((folder / "summary.json").read_text())["candidates"]
    assert [each["rank"] for each in entries] == [each.rank for each in solution.candidates]
    seen = {folder / "summary.json", folder / "report.html"}
    for candidate, entry in zip(solution.candidates, entries, strict=True):
        inner = folder / candidate.folder
        truth = candidate.crystal.to_structure()
        fitted = truth if candidate.fit is None else candidate.fit.crystal.to_structure()
        assert too_near(candidate.crystal) is None
        conventional = Structure.from_file(inner / "structure.cif")
        read = {
            "structure.cif": conventional,
            "CHGCAR": Chgcar.from_file(str(inner / "CHGCAR")).structure,
            "density.cube": VolumetricData.from_cube(inner / "density.cube").structure,
        }
        for name, structure in read.items():
            assert too_near(Crystal.from_structure(structure)) is None, name
            assert structure.composition.reduced_formula == entry["formula"], name
            # The CIF is of the fitted structure, the densities are of the atoms as found.
            known = fitted if name == "structure.cif" else truth
            assert structure.volume / len(structure) == pytest.approx(
                known.volume / len(known), rel=1e-4
            ), name
        assert len(conventional) == entry["atoms"] == gemmi_atoms(inner / "structure.cif")
        # Fitted edges are written to the digits of their errors, as far as which they are right.
        volume, within = entry["fit"]["volume"] if entry["fit"] else (entry["volume"], 0.0)
        assert conventional.volume == pytest.approx(volume, rel=1e-5, abs=within)
        assert entry["space_group"]["number"] == candidate.space_group
        grid = gemmi.read_ccp4_map(str(inner / "density.ccp4")).grid
        assert grid.unit_cell.volume == pytest.approx(truth.volume, rel=1e-5)
        assert np.isfinite(np.array(grid)).all()
        lines = pd.read_csv(inner / "pattern.csv", comment="#")
        assert len(lines) > 0
        assert set(entry["files"]) == {f"{candidate.folder}/{f}" for f in candidate.files}
        seen |= {inner / name for name in candidate.files}
    assert {path for path in folder.rglob("*") if path.is_file()} == seen


def gemmi_atoms(path: Path) -> int:
    """Atoms of the cell that gemmi makes; none of them near another."""
    small = gemmi.read_small_structure(str(path))
    sites = small.get_all_unit_cell_sites()
    cell = small.cell
    for i, one in enumerate(sites):
        for other in sites[:i]:
            places = cell.orthogonalize(one.fract), cell.orthogonalize(other.fract)
            # The images by the lattice alone: those by symmetry are sites of their own here.
            apart = cell.find_nearest_image(*places, gemmi.Asu.Same).dist()
            least = least_distance(*(Element(s.element.name).Z for s in (one, other)))
            assert apart >= least - 1e-3
    return len(sites)


def test_wrong_atoms_are_not_solved_and_right_ones_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for formula, word in (("NaCl", "solved"), ("LiI", "not solved")):
        command = ["solve", str(MEASURED / "rockjock_halite.xy"), "--formula", formula,
                   "--lattice", "5.64", "--effort", "0.1"]  # fmt: skip
        assert cli.main([*command, "--output", str(tmp_path / formula)]) == 0
        told = capsys.readouterr().out
        assert f"\nverdict: {word}\n" in told
        summary = json.loads((tmp_path / formula / "summary.json").read_bytes())
        assert summary["verdict"]["word"] == word
        assert all(f"  {reason}\n" in told for reason in summary["verdict"]["reasons"])
        page = (tmp_path / formula / "report.html").read_text(encoding="utf-8")
        assert f'data-word="{word}"' in page
