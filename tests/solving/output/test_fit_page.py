"""The page and the tables of a candidate that was fitted to the profile."""

import json
import re
from pathlib import Path

import gemmi
import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

import crystalnet
from crystalnet.solving.output.structure_tables import structure_tables
from tests.pages import Tags, needs_browser, open_page
from tests.solving.output.frame import FRAME

PYRITE = Path(__file__).parents[3] / "data" / "measured_patterns" / "rockjock_pyrite.xy"


@pytest.fixture(scope="module")
def solution():
    return crystalnet.solve(
        PYRITE, wavelength="CuKa", formula="FeS2", lattice=5.418, space_group=205, effort=0.05
    )


@pytest.fixture(scope="module")
def folder(solution, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    solution.write(folder)
    return folder


def test_pyrite_is_as_it_was_refined(solution):
    """S. L. Finklea et al., Acta Cryst. A32, 529 (1976): a = 5.4179 A, x(S) = 0.38504."""
    fit = solution.candidates[0].fit
    assert fit.cell[0].value == pytest.approx(5.4179, rel=5e-4)
    iron, sulphur = fit.sites
    # x, 1/2 - x, ... are one site.
    x = abs(sulphur.place[0].value % 1 - 0.5)
    assert 0.5 - x == pytest.approx(0.38504, abs=0.002)
    assert (iron.multiplicity, sulphur.multiplicity) == (4, 8)
    assert (iron.wyckoff, sulphur.wyckoff) == ("a", "c")


def test_tables(solution):
    table = structure_tables(solution.candidates[0])
    assert table.fitted
    assert table.formula_units == 4
    assert table.density == pytest.approx(5.01, abs=0.02)
    assert [atom.position for atom in table.atoms] == ["4a", "8c"]
    assert re.fullmatch(r"0\.\d+\(\d+\)", table.atoms[1].place[0])
    distances = dict(table.distances)
    # Six sulphur atoms about iron at 2.26 A; S2 pairs of 2.16 A.
    assert float(distances["Fe1"].removeprefix("6 S1 ")) == pytest.approx(2.26, abs=0.02)
    assert re.search(r"1 S1 2\.1\d", distances["S1"])
    assert re.search(r"3 Fe1 2\.2\d", distances["S1"])


def test_the_page_has_the_fit(solution, folder):
    text = (folder / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == tags.wrong == tags.loaded == []
    fit = solution.candidates[0].fit
    for told in (f"{fit.rwp:.4f}", f"{fit.r_bragg:.4f}", fit.sites[1].place[0].told(), "8c"):
        assert f">{told}<" in text
    assert "Lattices that were tried" in text
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    drawn = json.loads(data[1])["candidates"][0]["fit"]
    assert len(drawn["ticks"]) == len(drawn["hkl"]) == len(fit.lines.d)
    summary = json.loads((folder / "summary.json").read_text())["candidates"][0]
    assert summary["fit"]["rwp"] == fit.rwp
    assert summary["lattice_fit"]["rwp"] <= fit.rwp
    assert np.isfinite(summary["fit"]["chi_squared"])


def test_other_programs_read_the_refined_structure(solution, folder):
    path, fit = folder / "candidate-01" / "structure.cif", solution.candidates[0].fit
    small = gemmi.read_small_structure(str(path))
    assert small.spacegroup.number == 205
    assert small.cell.a == pytest.approx(fit.cell[0].value, abs=fit.cell[0].esd)
    assert len(small.get_all_unit_cell_sites()) == 12
    read = Structure.from_file(path)
    assert StructureMatcher(scale=False).fit(read, fit.crystal.to_structure())
    block = gemmi.cif.read(str(path)).sole_block()
    for item, value in {
        "_pd_proc_ls_prof_wR_factor": fit.rwp,
        "_pd_proc_ls_prof_wR_expected": fit.rexp,
        "_refine_ls_R_I_factor": fit.r_bragg,
        "_refine_ls_goodness_of_fit_all": np.sqrt(fit.chi_squared),
    }.items():
        assert float(block.find_value(item)) == pytest.approx(value, rel=1e-3)
    x = block.find_values("_atom_site_fract_x")[1]
    assert re.fullmatch(r"0\.\d+\(\d+\)", x)
    assert list(block.find_values("_atom_site_Wyckoff_symbol")) == ["a", "c"]
    areas = np.array([float(each) for each in block.find_values("_refln_intensity_calc")])
    np.testing.assert_allclose(areas, fit.lines.calculated, rtol=1e-4)


def test_the_pattern_in_the_cif_is_the_measured_one(folder):
    again = crystalnet.read_pattern(folder / "candidate-01" / "structure.cif")
    first = crystalnet.read_pattern(PYRITE, wavelength="CuKa")
    np.testing.assert_allclose(again.two_theta, first.two_theta, atol=1e-5)
    np.testing.assert_allclose(again.intensity, first.intensity, rtol=1e-5)
    assert again.radiation.is_doublet


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_fit(tmp_path, width):
    solution = crystalnet.solve(PYRITE, wavelength="CuKa", formula="FeS2")
    solution.write(tmp_path / "solved")
    facts = open_page(tmp_path / "solved" / "report.html", tmp_path, width, FRAME)
    assert facts["errors"] == []
    assert facts["which"] == solution.candidates[1].label
    assert facts["traces"] == 3
    assert facts["needed"] <= width, "the page is wider than the window"
