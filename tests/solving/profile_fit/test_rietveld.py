"""Fits of simulated profiles find what they were simulated with."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.profile_fit.le_bail import fit_lattice
from crystalnet.solving.profile_fit.rietveld import fit_structure
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


def test_one_wavelength_and_a_shifted_zero():
    points = profile(RUTILE, "CuKa1", sigma=0.05, gamma=0.01, step=0.03, zero=0.15)
    lattice = replace(lattice_of("tetragonal", "P", 4.597, 2.96), zero_shift=0.1)
    fit = fit_lattice(points, lattice, 0.1)
    assert fit.displacement.value == 0
    near(fit.zero, 0.15)
    near(fit.cell[0], 4.5937)


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
