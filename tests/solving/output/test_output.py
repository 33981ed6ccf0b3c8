"""What is written of candidates, read back by the programs that are to read it."""

import csv
import json
from pathlib import Path

import gemmi
import numpy as np
import pandas as pd
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure
from pymatgen.io.common import VolumetricData
from pymatgen.io.vasp import Chgcar

from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.errors import CrystalNetError
from crystalnet.solving import output
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.output import summary, write_all
from crystalnet.solving.output.maps import BOHR
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.symmetry.conventional import conventional_cell, space_group_of
from tests.pages import Tags, needs_browser, open_page
from tests.solving.output.frame import FRAME

DATA = Path(__file__).parents[3] / "data"
RANGE, WAVELENGTH = (5.0, 60.0), 0.71073
# Cubic fcc and rhombohedral in primitive cells, trigonal P.
GROUPS = (227, 166, 164)


@pytest.fixture(scope="module")
def candidates():
    table = pd.read_parquet(DATA / "structures.parquet")
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    made = []
    for rank, group in enumerate(GROUPS, start=1):
        rows = table[(table.spacegroup_number == group) & (table.nsites > 4)]
        crystals = map(crystal_of, rows.sort_values("material_id").itertuples())
        # The table's groups hold within a wider tolerance.
        crystal = next(each for each in crystals if space_group_of(each)[0] == group)
        density = iam_density([crystal], 30, gaussians)[0].double().numpy()
        match = match_pattern(crystal, peaks(made[0].crystal if made else crystal))
        symbol = space_group_of(crystal)[1]
        found = crystal, group, symbol, density, match
        lattice = IndexedLattice("triclinic", "P", (), crystal.lattice)
        # The last one is no known structure.
        made.append(Candidate(rank, *found, "trigonal", lattice, "<main>" if rank < 3 else None))
    return made


def crystal_of(row):
    return Crystal(
        row.material_id,
        np.array(row.lattice, dtype=float).reshape(3, 3),
        np.array(row.atomic_numbers, dtype=np.int64),
        np.array(row.frac_coords, dtype=float).reshape(-1, 3),
    )


def peaks(crystal):
    cell = conventional_cell(crystal, space_group_of(crystal)[0])
    pattern = powder_pattern(cell.crystal, WAVELENGTH, RANGE)
    return MeasuredPeaks(pattern.two_theta, 3 * pattern.intensity, WAVELENGTH, RANGE)


@pytest.fixture(scope="module")
def measured(candidates):
    return peaks(candidates[0].crystal)


@pytest.fixture(scope="module")
def folder(candidates, measured, tmp_path_factory):
    folder = tmp_path_factory.mktemp("solved")
    two_theta = np.arange(*RANGE, 0.02)
    profile = two_theta, 10 + 1e3 * np.exp(-((two_theta - 20) ** 2))
    told = {
        "pattern": Path("x </script><b>.xy"), "composition": "known",
        "known_structures": {"cubic.npz": "0f" * 32}, "seconds": np.float64(1.5),
    }  # fmt: skip
    written = write_all(folder, candidates, measured, told, profile)
    assert sorted(written) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(written) == 2 + 5 * 3
    return folder


@pytest.fixture(params=range(3), ids=["cubic F", "trigonal R", "trigonal P"])
def candidate(request, candidates):
    return candidates[request.param]


def electrons(candidate):
    return candidate.density.mean() * candidate.crystal.volume


def test_chgcar(candidate, folder):
    path = folder / candidate.folder / "CHGCAR"
    read = Chgcar.from_file(str(path))
    n = len(candidate.density)
    assert read.data["total"].sum() / n**3 == pytest.approx(electrons(candidate), rel=1e-6)
    assert read.structure.matches(candidate.crystal.to_structure(), scale=False)
    assert_same_places(read.structure, candidate)
    assert "valence" in path.read_text().splitlines()[0]
    own = read_chgcar(path)
    assert own.electrons == pytest.approx(electrons(candidate), rel=1e-6)
    np.testing.assert_allclose(own.density, candidate.density, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(own.crystal.lattice, candidate.crystal.lattice, atol=1e-12)


def assert_same_places(structure, candidate):
    """Each atom is where it was, not only the same structure elsewhere."""
    for site in structure:
        apart = site.frac_coords - candidate.crystal.frac_coords
        apart = np.linalg.norm((apart - np.rint(apart)) @ candidate.crystal.lattice, axis=1)
        assert apart.min() < 1e-5
        assert candidate.crystal.atomic_numbers[apart.argmin()] == site.specie.Z


def test_cube(candidate, folder):
    path = folder / candidate.folder / "density.cube"
    read = VolumetricData.from_cube(path)
    n = len(candidate.density)
    np.testing.assert_allclose(
        read.structure.lattice.matrix, candidate.crystal.lattice, rtol=1e-5, atol=1e-5
    )
    assert_same_places(read.structure, candidate)
    lines = path.read_text().splitlines()
    axes = np.array([line.split()[1:] for line in lines[3:6]], dtype=float)
    values = np.array(" ".join(lines[6 + len(read.structure) :]).split(), dtype=float)
    # The integral in Bohr, without any unit of this program.
    assert values.sum() * abs(np.linalg.det(axes)) == pytest.approx(electrons(candidate), rel=1e-6)
    shape = candidate.density.shape
    np.testing.assert_allclose(
        values.reshape(shape) / BOHR**3, candidate.density, rtol=1e-6, atol=1e-12
    )
    assert read.data["total"].shape == (n, n, n)


def test_ccp4(candidate, folder):
    read = gemmi.read_ccp4_map(str(folder / candidate.folder / "density.ccp4"), setup=True)
    assert read.grid.spacegroup.number == 1
    assert read.header_i32(4) == 2
    cell = candidate.crystal.to_structure().lattice
    np.testing.assert_allclose(read.grid.unit_cell.parameters, cell.parameters, rtol=1e-6)
    np.testing.assert_allclose(read.grid.array, candidate.density, rtol=1e-6, atol=1e-7)
    count = read.grid.array.mean(dtype=float) * read.grid.unit_cell.volume
    assert count == pytest.approx(electrons(candidate), rel=1e-5)
    # The place of a point in space is that of the crystal, not only its index.
    fractional = gemmi.Fractional(3 / 30, 5 / 30, 7 / 30)
    value = read.grid.interpolate_value(read.grid.unit_cell.orthogonalize(fractional))
    assert value == pytest.approx(candidate.density[3, 5, 7], rel=1e-4)


# pymatgen says so of every coordinate that is 1/3, however many digits it has.
@pytest.mark.filterwarnings("ignore:.*fractional coordinates rounded to ideal:UserWarning")
def test_cif(candidate, folder):
    path = folder / candidate.folder / "structure.cif"
    truth = candidate.crystal.to_structure()
    read = Structure.from_file(path)
    assert StructureMatcher(scale=False, primitive_cell=True).fit(read, truth)
    assert len(read) == len(conventional_cell(candidate.crystal, candidate.space_group).orbit)
    assert space_group_of(Crystal.from_structure(read))[0] == candidate.space_group
    small = gemmi.read_small_structure(str(path))
    assert small.spacegroup.number == candidate.space_group
    sites = small.get_all_unit_cell_sites()
    again = Structure(
        read.lattice, [site.element.name for site in sites], [site.fract.tolist() for site in sites]
    )
    assert StructureMatcher(scale=False, primitive_cell=True).fit(again, truth)
    block = gemmi.cif.read(str(path)).sole_block()
    assert float(block.find_value("_crystalnet_pattern_Rwp")) == pytest.approx(
        candidate.match.rwp, abs=1e-5
    )
    assert float(block.find_value("_diffrn_radiation_wavelength")) == WAVELENGTH
    assert float(block.find_value("_pd_meas_2theta_range_max")) == RANGE[1]
    assert int(block.find_value("_space_group_IT_number")) == candidate.space_group


def test_a_space_group_that_a_crystal_does_not_have_leaves_it_as_it_is(candidates):
    cell = conventional_cell(candidates[0].crystal, 75)
    assert cell.space_group.number == 1
    assert cell.crystal is candidates[0].crystal


def test_pattern(candidate, measured, folder):
    lines = (folder / candidate.folder / "pattern.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    cell = conventional_cell(candidate.crystal, candidate.space_group).crystal.to_structure()
    reciprocal = cell.lattice.reciprocal_lattice_crystallographic
    # In the cell that was solved, whose last digits may split a peak.
    pattern = powder_pattern(candidate.crystal, WAVELENGTH, RANGE)
    operations = gemmi.find_spacegroup_by_number(candidate.space_group).operations()
    all_rows = sum(float(row["intensity"]) for row in rows)
    for row in (row for row in rows if float(row["intensity"]) > 0.01):
        same = np.abs(pattern.two_theta - float(row["two_theta"])) < 1e-3
        share = pattern.intensity[same].sum() / pattern.intensity.sum()
        assert float(row["intensity"]) / all_rows == pytest.approx(share, abs=1e-4)
        for hkl, multiplicity in zip(
            row["h k l"].split("; "), row["multiplicity"].split("; "), strict=True
        ):
            indices = [int(h) for h in hkl.split()]
            point = reciprocal.get_cartesian_coords(indices)
            assert 1 / np.linalg.norm(point) == pytest.approx(float(row["d"]), rel=1e-4)
            images = {tuple(op.apply_to_hkl(indices)) for op in operations}
            images |= {tuple(-h for h in image) for image in images}
            assert len(images) == int(multiplicity)


def test_fcc_is_indexed_as_in_textbooks(candidates, folder):
    lines = (folder / candidates[0].folder / "pattern.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    found = {row["h k l"]: row["multiplicity"] for row in rows}
    known = {"1 1 1": "8", "2 2 0": "12", "3 1 1": "24", "4 0 0": "6", "3 3 3; 5 1 1": "8; 24"}
    assert {hkl: found[hkl] for hkl in known} == known


def test_summary(candidates, folder):
    read = json.loads((folder / "summary.json").read_text())
    told = read["told"]
    assert told["wavelength"] == WAVELENGTH
    assert told["two_theta_range"] == list(RANGE)
    assert told["seconds"] == 1.5
    assert {"version", "pattern", "known_structures", "composition"} <= set(told)
    for entry, candidate in zip(read["candidates"], candidates, strict=True):
        assert entry["rank"] == candidate.rank
        assert entry["label"] == candidate.label
        assert entry["space_group"]["number"] == candidate.space_group
        assert set(entry["lattice"]) == {"a", "b", "c", "alpha", "beta", "gamma"}
        assert entry["rwp"] == candidate.match.rwp
        assert len(entry["files"]) == 5
        assert all((folder / file).is_file() for file in entry["files"])
    cubic = read["candidates"][0]
    assert cubic["lattice"]["alpha"] == 90
    assert cubic["atoms"] == 4 * cubic["atoms_in_solved_cell"]
    assert read["candidates"][1]["lattice"]["gamma"] == 120


def test_page(candidates, folder):
    text = (folder / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == tags.wrong == tags.loaded == []
    assert text.count('type="radio" name="candidate"') == len(candidates)
    for candidate in candidates:
        assert f"{candidate.rank} {candidate.formula}</label>" in text
        assert f'"label":"{candidate.label}"' in text
        assert f'href="{candidate.folder}/structure.cif"' in text
    assert "</script><b>" not in text
    assert "<main>" not in text
    assert 'name="viewport"' in text


def test_a_second_run_leaves_nothing_of_the_first(candidates, measured, folder, tmp_path):
    write_all(tmp_path, candidates[:2], measured, {})
    (tmp_path / "candidate-02" / "mine.txt").write_text("notes")
    (tmp_path / "candidate-09").mkdir()
    (tmp_path / "candidate-09" / "CHGCAR").write_text("old")
    written = write_all(tmp_path, candidates[:1], measured, {})
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {*written, tmp_path / "candidate-02" / "mine.txt"}
    assert not (tmp_path / "candidate-09").exists()
    same = folder / "candidate-01" / "CHGCAR"
    assert (tmp_path / "candidate-01" / "CHGCAR").read_bytes() == same.read_bytes()


def test_a_run_that_fails_leaves_no_summary(candidates, measured, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "write_page", full)
    with pytest.raises(OSError, match="No space left"):
        write_all(tmp_path, candidates[:1], measured, {})
    assert not (tmp_path / "summary.json").exists()
    assert not list(tmp_path.rglob("*.partial"))


def test_what_cannot_be_written_is_refused(candidates, measured, tmp_path):
    with pytest.raises(CrystalNetError, match="no candidates"):
        write_all(tmp_path, [], measured, {})
    with pytest.raises(CrystalNetError, match="one rank"):
        write_all(tmp_path, [candidates[0]] * 2, measured, {})
    assert summary(candidates[:1], {"a": 1})["told"]["a"] == 1


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_page(candidates, folder, tmp_path, width):
    facts = open_page(folder / "report.html", tmp_path, width, FRAME)
    assert facts["errors"] == []
    assert facts["which"] == candidates[1].label
    assert min(facts["first"], facts["second"]) > 100
    assert 0 < facts["fewer"] < facts["triangles"]
    assert facts["traces"] == 3
    assert facts["width"] == width
    assert facts["needed"] <= width, "the page is wider than the window"
