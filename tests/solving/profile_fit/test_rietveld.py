"""Fits of simulated profiles find what they were simulated with."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.profile_fit.le_bail import fit_lattice
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.rietveld import fit_structure
from crystalnet.solving.settings import FitSettings
from tests.solving.profile_fit.simulated import RUTILE, profile


def lattice_of(system, centring, *edges):
    return next(each for each in conventional_lattices(system, *edges) if each.centring == centring)


@pytest.fixture(scope="module")
def points():
    return profile(RUTILE, displacement=0.04)


@pytest.fixture(scope="module")
def lattice_fit(points):
    return fit_lattice(points, lattice_of("tetragonal", "P", 4.600, 2.962), 0.1)


@pytest.fixture(scope="module")
def fit(points, lattice_fit):
    # Oxygen starts 0.1 A from where it is.
    return fit_structure(points, moved(0.32), 136, lattice_fit)


def moved(x):
    coordinates = [[0, 0, 0], [0.5, 0.5, 0.5], [x, x, 0], [1 - x, 1 - x, 0]]
    coordinates += [[0.5 - x, 0.5 + x, 0.5], [0.5 + x, 0.5 - x, 0.5]]
    return Crystal.from_structure(
        Structure(Lattice.tetragonal(4.5937, 2.9587), ["Ti"] * 2 + ["O"] * 4, coordinates)
    )


def near(value, truth, *, at_least=0.0):
    """Within four standard deviations."""
    assert value.esd > 0
    assert abs(value.value - truth) < 4 * value.esd + at_least


def test_the_lattice_alone(points, lattice_fit):
    a, _, c = lattice_fit.cell[:3]
    near(a, 4.5937)
    near(c, 2.9587)
    assert a.esd < 2e-4
    assert lattice_fit.converged
    # Counting statistics and a pseudo-Voigt for a Voigt are all that is left.
    assert lattice_fit.chi_squared < 1.15
    assert lattice_fit.rwp == pytest.approx(
        lattice_fit.rexp * np.sqrt(lattice_fit.chi_squared), rel=1e-9
    )


def test_atoms_come_to_their_places(fit, lattice_fit):
    titanium, oxygen = fit.sites
    assert (titanium.label, titanium.multiplicity, titanium.wyckoff) == ("Ti1", 2, "a")
    assert (oxygen.label, oxygen.multiplicity, oxygen.wyckoff) == ("O1", 4, "f")
    near(oxygen.place[0], 0.3049)
    assert oxygen.place[0].esd < 2e-3
    assert oxygen.place[1] == oxygen.place[0]
    assert oxygen.place[2].esd == 0
    # pymatgen's atoms have no dispersion: 0.2 electrons of 22, and 0.05 of 8.
    near(titanium.u, 0.5 / (8 * np.pi**2), at_least=1e-3)
    near(oxygen.u, 0.5 / (8 * np.pi**2), at_least=1e-3)
    assert fit.before > 1.15 * fit.rwp
    assert fit.chi_squared < 1.2
    assert fit.rwp >= 0.999 * lattice_fit.rwp
    assert fit.r_bragg < 0.06
    assert fit.texture is None
    assert fit.note == ""


def test_shift_and_widths(fit):
    assert fit.zero.value == fit.zero.esd == 0
    near(fit.displacement, 0.04)
    near(fit.cell[0], 4.5937)
    near(fit.cell[2], 2.9587)
    assert [each.esd for each in fit.cell[3:]] == [0, 0, 0]
    # FWHM of the Gaussian and of the Lorentzian part.
    profile = {name: each.value for name, each in fit.profile.items()}
    theta = np.radians(25.0)
    gauss = profile["U"] * np.tan(theta) ** 2 + profile["V"] * np.tan(theta) + profile["W"]
    lorentz = profile["X"] / np.cos(theta) + profile["Y"] * np.tan(theta)
    assert np.sqrt(gauss) == pytest.approx(0.03 * 2.3548, rel=0.08)
    assert lorentz == pytest.approx(0.04, rel=0.15)


def test_the_crystal_is_the_fitted_one(fit):
    oxygen = fit.crystal.frac_coords[fit.crystal.atomic_numbers == 8]
    x = fit.sites[1].place[0].value
    assert np.abs(np.minimum(oxygen[:, 0], 1 - oxygen[:, 0]) - x).min() < 1e-9
    assert fit.crystal.volume == pytest.approx(fit.volume.value, rel=1e-9)
    assert len(fit.crystal.atomic_numbers) == 6


def test_other_elements_are_judged_nearly_as_if_they_were_fitted(points, lattice_fit, fit):
    """Whole fits with vanadium and scandium in place of titanium leave as much more, to a half."""
    grown, left = fit.others.growth[22], points.weight @ points.intensity**2
    assert grown[22] == pytest.approx(0, abs=1e-6)
    assert grown[0] > grown[30] > grown[24] > grown[23] > 10
    assert min(fit.others.growth[8][7], fit.others.growth[8][9]) > 10
    for z in (21, 23):
        crystal = moved(0.3049)
        numbers = np.where(crystal.atomic_numbers == 22, z, crystal.atomic_numbers)
        other = fit_structure(points, replace(crystal, atomic_numbers=numbers), 136, lattice_fit)
        # The usual misfit of a line is that of counting here.
        truth = (other.rwp**2 - fit.rwp**2) * left / lattice_fit.chi_squared
        assert 0.5 < grown[z] / truth < 2
        assert other.others.growth[z][22] < -10


def test_one_wavelength_and_a_shifted_zero():
    points = profile(RUTILE, "CuKa1", sigma=0.05, gamma=0.01, step=0.03, zero=0.15)
    lattice = replace(lattice_of("tetragonal", "P", 4.597, 2.96), zero_shift=0.1)
    fit = fit_lattice(points, lattice, 0.1)
    assert fit.displacement.value == 0
    near(fit.zero, 0.15)
    near(fit.cell[0], 4.5937)


def test_a_texture_is_found():
    structure = Structure.from_spacegroup(
        "P6_3mc",
        Lattice.hexagonal(3.25, 5.207),
        ["Zn", "O"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
    )
    points = profile(structure, "CuKa1", march=0.7)
    lattice_fit = fit_lattice(points, lattice_of("hexagonal", "P", 3.2502, 5.2072), 0.1)
    fit = fit_structure(points, Crystal.from_structure(structure), 186, lattice_fit)
    assert fit.texture is not None
    direction, march = fit.texture
    assert direction == (0, 0, 1)
    near(march, 0.7, at_least=0.01)
    assert fit.chi_squared < 1.3


def test_of_very_many_lines_the_weak_ones_are_shared_out(points, lattice_fit):
    lattice = lattice_of("tetragonal", "P", 4.5942, 2.9590)
    shared = fit_lattice(points, lattice, 0.1, FitSettings(areas_fitted=12))
    # Sharing out is slower than least squares, and does not come all the way.
    assert lattice_fit.rwp < shared.rwp < 1.15 * lattice_fit.rwp
    assert shared.cell[0].value == pytest.approx(4.5937, rel=5e-4)
    strong = lattice_fit.lines.observed > 0.1 * lattice_fit.lines.observed.max()
    np.testing.assert_allclose(
        shared.lines.observed[strong], lattice_fit.lines.observed[strong], rtol=0.1
    )


def test_sigmas_of_the_file_are_used(tmp_path):
    points = profile(RUTILE, last=50.0)
    columns = [points.two_theta, points.intensity, 2 * np.sqrt(points.intensity + 1)]
    told, plain = tmp_path / "told.xye", tmp_path / "plain.xy"
    np.savetxt(told, np.column_stack(columns))
    np.savetxt(plain, np.column_stack(columns[:2]))
    for path, factor in ((told, 2.0), (plain, 1.0)):
        file = read_pattern(path, wavelength="CuKa")
        made = ProfilePoints.of(file, find_peaks(file))
        assert made.told_sigma is (factor == 2.0)
        # Without them: the counts' own, which neighbouring points scatter by.
        ratio = np.median(made.sigma / np.sqrt(points.intensity + 1))
        assert ratio == pytest.approx(factor, rel=0.1)


def test_what_is_no_pattern_of_it_is_fitted_to_no_harm(points):
    """Points without counts, and fewer points than parameters."""
    lattice = lattice_of("tetragonal", "P", 4.600, 2.962)
    empty = replace(points, intensity=np.zeros_like(points.intensity))
    few = replace(
        points,
        **{
            name: getattr(points, name)[860:890]
            for name in ("two_theta", "intensity", "sigma", "background")
        },
    )
    for some in (empty, few):
        fit = fit_structure(some, moved(0.3), 136, fit_lattice(some, lattice, 0.1))
        assert np.isfinite([fit.rwp, fit.rexp, fit.r_bragg, fit.chi_squared]).all()
        assert all(np.isfinite(each.esd) for each in fit.cell)


def test_too_few_lines_free_less():
    short = profile(RUTILE, last=37.0)
    lattice_fit = fit_lattice(short, lattice_of("tetragonal", "P", 4.5937, 2.9587), 0.1)
    fit = fit_structure(short, moved(0.31), 136, lattice_fit)
    assert "too few lines" in fit.note
    assert all(each.esd == 0 for each in fit.sites[1].place)


def test_wrong_atoms_are_told_by_the_fit(points, lattice_fit):
    wrong = moved(0.2)
    swapped = Crystal("wrong", wrong.lattice, np.array([8, 8, 22, 22, 22, 22]), wrong.frac_coords)
    fit = fit_structure(points, swapped, 136, lattice_fit)
    assert np.isfinite(fit.rwp)
    assert fit.rwp > 3 * lattice_fit.rwp
    assert fit.r_bragg > 0.2
