"""Shapes and derivatives of a calculated profile, against scipy and finite differences."""

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure
from scipy.special import voigt_profile

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.texture import Texture
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.profile_fit.atoms_on_profile import AtomsOnProfile
from crystalnet.solving.profile_fit.line_shapes import VALUE, fill, room
from crystalnet.solving.profile_fit.lines import Lines, free_edges
from crystalnet.solving.profile_fit.parameters import Parameters
from crystalnet.solving.profile_fit.profile_model import ProfileModel
from crystalnet.solving.profile_fit.sites import sites_of
from crystalnet.solving.profile_fit.slopes import LineColumns, Slopes
from crystalnet.solving.profile_fit.structure_model import StructureModel
from crystalnet.solving.profile_fit.widths import widths
from crystalnet.solving.settings import FitSettings
from crystalnet.solving.symmetry.conventional import conventional_cell, space_group_of
from tests.solving.profile_fit.simulated import RUTILE, profile

SETTINGS = FitSettings(background=3)


def line(width, share, skew=0.0, centre=30.0):
    x = np.arange(20.0, 40.0, 0.005)
    place = np.array([centre])
    start, offset = room(x, place, place, np.array([10.0]))
    out = np.zeros((6, int(offset[-1])))
    fill(
        x, start, offset, place, place, 0.0, np.array([width]), np.array([share]),
        np.array([skew]), out,
    )  # fmt: skip
    return x[start[0] : start[0] + len(out[0])], out[VALUE]


@pytest.mark.parametrize(("sigma", "gamma"), [(0.05, 0.0), (0.0, 0.05)], ids=["Gauss", "Lorentz"])
def test_limits_are_voigts(sigma, gamma):
    width = 2 * np.sqrt(2 * np.log(2)) * sigma + 2 * gamma
    x, y = line(width, 1.0 if gamma else 0.0)
    truth = voigt_profile(x - 30.0, sigma, gamma)
    np.testing.assert_allclose(y, truth, rtol=1e-9, atol=1e-6 * truth.max())


def test_between_the_limits_it_is_a_voigt_nearly():
    """The approximation is good to 1 % of the height (doi 10.1107/S0021889887087090)."""
    sigma, gamma = 0.04, 0.03
    numbers = np.array([0, 0, (2.354820 * sigma) ** 2, 2 * gamma, 0])
    made = widths(np.array([1e-6]), numbers, 1e-3)
    x, y = line(float(made.full[0]), float(made.share[0]))
    truth = voigt_profile(x - 30.0, sigma, gamma)
    assert np.abs(y - truth).max() < 0.015 * truth.max()


def test_skew_leans_to_low_angles_and_keeps_the_area():
    x, y = line(0.1, 0.3, skew=0.2)
    _, plain = line(0.1, 0.3)
    assert y.sum() == pytest.approx(plain.sum(), rel=1e-3)
    # By Simpson's rule the mean shift is a third of S.
    near = np.abs(x - 30) < 2
    mean = (x[near] @ (y - plain)[near]) / plain.sum()
    assert mean == pytest.approx(-0.2 / 3, rel=0.02)


def whole(structure, group, texture=None, beam="CuKa", tied=False):
    points = profile(RUTILE, beam, last=90.0)
    cell = conventional_cell(Crystal.from_structure(structure), group)
    lines = Lines.of_structure(cell, points)
    model = ProfileModel(points, lines, SETTINGS)
    lattice = cell.crystal.lattice
    marched = texture and Texture.about(texture, lattice, lines.vectors(cell.rotations, lattice))
    atoms = StructureModel(lines, sites_of(cell), radiation(beam).wavelength, marched)
    made = AtomsOnProfile(model, atoms, tied=tied)
    rows = model.parameters(free_edges(lines.kind, cell), 0.12, 0.02)
    return made, Parameters.of([*rows, *made.rows(cell.parameters[:3])])


QUARTZ = Structure.from_spacegroup(
    "P3_121",
    Lattice.hexagonal(4.913, 5.405),
    ["Si", "O"],
    [[0.4697, 0, 1 / 3], [0.4135, 0.2669, 0.4524]],
)
ZINC_OXIDE = Structure.from_spacegroup(
    "P6_3mc",
    Lattice.hexagonal(3.25, 5.207),
    ["Zn", "O"],
    [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
)


@pytest.mark.parametrize(
    ("structure", "texture", "tied"),
    [(RUTILE, None, False), (QUARTZ, (1, 0, 1), False), (ZINC_OXIDE, (0, 0, 1), True)],
    ids=["rutile", "quartz", "zinc oxide"],
)
def test_derivatives_are_those_of_finite_differences(structure, texture, tied):
    group, _ = space_group_of(Crystal.from_structure(structure))
    made, parameters = whole(structure, group, texture, tied=tied)
    values = parameters.values.copy()
    start = {"width U": 0.01, "width V": -0.004, "width W": 0.008, "width X": 0.04}
    start |= {"width Y": 0.05, "asymmetry": 0.04, "displacement": 0.03, "March": 0.8}
    for name, value in start.items():
        if name in parameters.names:
            values[parameters.names.index(name)] = value
    y, slopes = made.profile(values), made.slopes(values).own
    assert slopes.shape == (len(y), len(values))
    # Off the tails, which end at a share of the height and move with the widths.
    seen = y > 1e-2 * y.max()
    for place, name in enumerate(parameters.names):
        if tied and name.startswith("U ") and name != "U Zn1":
            assert not slopes[:, place].any()
            continue
        longest = parameters.longest[place]
        size = 1e-4 * (longest if np.isfinite(longest) else abs(values[place]))
        step = np.zeros(len(values))
        step[place] = size
        change = made.profile(values + step) - made.profile(values - step)
        change /= 2 * size
        largest = np.abs(change).max()
        # Widths and asymmetry are taken as fixed when the lattice moves a line.
        near = 0.03 if name.startswith("lattice") else 2e-3
        assert np.abs(slopes[seen, place] - change[seen]).max() < near * largest, name


@pytest.mark.parametrize("structure", [RUTILE, QUARTZ, ZINC_OXIDE])
def test_intensities_are_those_of_pymatgen(structure):
    """Without dispersion and displacement."""
    group, _ = space_group_of(Crystal.from_structure(structure))
    made, parameters = whole(structure, group, beam="CuKa1")
    atoms = made.atoms
    atoms.dispersion = dict.fromkeys(atoms.dispersion, (0.0, 0.0))
    q, two_theta = made.model.angles(parameters.values)
    area, _ = atoms.areas(np.zeros(atoms.count), q)
    known = XRDCalculator(radiation("CuKa1").wavelength).get_pattern(
        structure, scaled=False, two_theta_range=(11, 89)
    )
    seen = [float(area[np.abs(two_theta - place) < 1e-3].sum()) for place in known.x]
    ratio = np.array(seen) / known.y
    strong = known.y > 1e-4 * known.y.max()
    np.testing.assert_allclose(ratio[strong], ratio[strong].mean(), rtol=2e-3)


def test_polar_groups_keep_their_origin():
    made, parameters = whole(ZINC_OXIDE, 186)
    assert [name for name in parameters.names if name.startswith("shift")] == ["shift O1 0"]
    assert [site.wyckoff for site in made.atoms.sites] == ["b", "b"]


def test_quartz_has_the_freedom_that_the_tables_give():
    made, _ = whole(QUARTZ, 152)
    silicon, oxygen = made.atoms.sites
    assert (silicon.wyckoff, len(silicon.basis)) == ("a", 1)
    assert (oxygen.wyckoff, len(oxygen.basis)) == ("c", 3)
    assert len(silicon.moved(np.array([0.01]))) == 3


def test_sums_over_lines_are_those_of_whole_matrices():
    generator = np.random.default_rng(2)
    points, start, offset = 60, np.array([0, 8, 12, 40]), np.array([0, 20, 33, 61, 72])
    value, chosen = generator.normal(size=72), np.array([0, 1, 3])
    own, weight = generator.normal(size=(points, 3)), generator.uniform(1, 2, points)
    lines = np.zeros((points, 3))
    for column, k in enumerate(chosen):
        count = offset[k + 1] - offset[k]
        lines[start[k] : start[k] + count, column] = value[offset[k] : offset[k + 1]]
    made, whole = Slopes(own, LineColumns(start, offset, value, chosen)), np.hstack([own, lines])
    np.testing.assert_allclose(made.along(weight), whole.T @ weight, rtol=1e-12)
    truth = (whole * weight[:, None]).T @ whole
    np.testing.assert_allclose(made.normal(weight), truth, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("texture", [None, (1, 0, 1)])
def test_elements_in_their_own_places_change_nothing(texture):
    made, parameters = whole(QUARTZ, 152, texture)
    values = parameters.values[made.model.count + 1 :].copy()
    if texture:
        values[-1] = 0.8
    q, _ = made.model.angles(parameters.values)
    own, _ = made.atoms.areas(values, q)
    for z in (8, 14):
        others = made.atoms.areas_with(values, q, z, (z, z + 1, 0))
        np.testing.assert_allclose(others[:, 0], own, rtol=1e-9, atol=1e-9 * own.max())
        assert np.abs(others[:, 1:] - own[:, None]).max() > 0.01 * own.max()
