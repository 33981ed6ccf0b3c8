"""From densities to atoms."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from benchmarks.decoding import embedded, knowledge, matches, real, spoilt
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.crystallography.waves import plane_waves
from crystalnet.errors import CrystalNetError
from crystalnet.solving.density.assignment import exchange, likely_templates
from crystalnet.solving.density.decoding import decode
from crystalnet.solving.density.fourier import DensityModes
from crystalnet.solving.density.refinement import refine_positions
from crystalnet.solving.density.template_fit import DensityFit
from crystalnet.solving.symmetry.symmetrise import symmetrised, symmetry_of

RUTILE = Crystal(
    "TiO2",
    np.diag([4.6, 4.6, 2.96]),
    np.array([22, 22, 8, 8, 8, 8]),
    np.array(
        [
            [0, 0, 0],
            [0.5, 0.5, 0.5],
            [0.305, 0.305, 0],
            [0.695, 0.695, 0],
            [0.195, 0.805, 0.5],
            [0.805, 0.195, 0.5],
        ]
    ),
)


@pytest.fixture(scope="module")
def gaussians():
    return ValenceGaussians.load(Path("data/valence_gaussians.json"))


@pytest.fixture(scope="module")
def rutile_fit(gaussians):
    modes = DensityModes.of(density_of(RUTILE, gaussians), RUTILE.lattice)
    numbers = np.array([8, 22])
    return DensityFit.of(modes, numbers, np.array([2 / 3, 1 / 3]), gaussians, "smooth")


def density_of(crystal, gaussians, grid=40):
    return iam_density([crystal], grid, gaussians)[0].double().numpy()


def test_modes_are_the_structure_factors_of_the_valence(rutile_fit):
    species = np.searchsorted(rutile_fit.numbers, RUTILE.atomic_numbers)
    calculated = rutile_fit.contributions(species, RUTILE.frac_coords).sum(axis=1)
    # float32 densities, and modes beyond the grid that fold onto these.
    np.testing.assert_allclose(rutile_fit.modes.factor, calculated, atol=2e-3)
    assert rutile_fit.modes.electrons == pytest.approx(2 * (10 + 12), abs=1e-3)


def test_waves_are_exponentials():
    generator = np.random.default_rng(5)
    hkl, x = generator.integers(-19, 20, (1500, 3)), generator.normal(size=(7, 3))
    np.testing.assert_allclose(plane_waves(hkl, x), np.exp(2j * np.pi * (hkl @ x.T)), atol=1e-12)


def test_maps_are_the_sum_over_modes(rutile_fit):
    modes = rutile_fit.modes
    values = modes.factor * np.exp(-0.1 * modes.q**2)
    found = modes.map_of(values)
    shape = np.array(found.shape)
    for point in ([0, 0, 0], [3, 5, 1], [7, 2, 6]):
        phases = modes.phases(np.array([point]) / shape)[:, 0]
        direct = 2 * (values * phases.conj()).real.sum()
        assert found[tuple(point)] == pytest.approx(direct, abs=1e-9 * np.abs(found).max())


def test_refinement_finds_its_way_back(rutile_fit):
    species = np.searchsorted(rutile_fit.numbers, RUTILE.atomic_numbers)
    step = np.random.default_rng(0).normal(0, 0.02, RUTILE.frac_coords.shape)
    x, cost = refine_positions(rutile_fit, species, RUTILE.frac_coords + step)
    apart = x - RUTILE.frac_coords
    assert np.abs((apart - np.rint(apart)) @ RUTILE.lattice).max() < 1e-3
    assert cost < 1e-6


def test_exchange_puts_elements_right(rutile_fit):
    right = np.searchsorted(rutile_fit.numbers, RUTILE.atomic_numbers)
    found = exchange(rutile_fit, right[[2, 4, 0, 3, 1, 5]], RUTILE.frac_coords)
    np.testing.assert_array_equal(found, right)


def test_likely_templates_are_those_that_are_there(gaussians, rutile_fit):
    numbers = np.array([6, 8, 12, 22, 40, 74])
    fit = DensityFit.of(rutile_fit.modes, numbers, np.full(6, 1 / 6), gaussians, "smooth")
    alone = replace(fit, electron_weight=0.0)
    start = np.full(6, 2)
    found = likely_templates(alone, start, RUTILE.frac_coords, 1)
    np.testing.assert_array_equal(numbers[found], [8, 22])


def test_symmetry_makes_positions_exact():
    step = np.random.default_rng(1).normal(0, 0.01, RUTILE.frac_coords.shape)
    shift = np.array([0.1, 0.2, 0.3])
    crystal = Crystal("x", RUTILE.lattice, RUTILE.atomic_numbers, RUTILE.frac_coords + step + shift)
    found = symmetrised(crystal, 0.3)
    assert found is not None
    again = symmetrised(found, 1e-4)
    assert again is not None
    x = found.frac_coords - found.frac_coords[0]
    ideal = RUTILE.frac_coords + 0.0
    # One free parameter is left: the oxygen's.
    u = x[2, 0] % 1
    ideal[2:, :2] = [[u, u], [-u, -u], [0.5 - u, 0.5 + u], [0.5 + u, 0.5 - u]]
    apart = x - ideal
    assert np.abs(apart - np.rint(apart)).max() < 1e-6
    assert u == pytest.approx(0.305, abs=0.01)


def test_no_symmetry_is_none():
    generator = np.random.default_rng(2)
    crystal = Crystal(
        "x", np.diag([4.0, 5.0, 6.0]), np.array([8, 14, 22, 26]), generator.random((4, 3))
    )
    assert symmetrised(crystal, 0.01) is None
    assert symmetry_of(crystal) == (1, 9)


@pytest.mark.parametrize(
    ("group", "lattice", "atoms", "expected"),
    [
        ("Fm-3m", Lattice.cubic(5.64), {"Na": (0, 0, 0), "Cl": (0.5, 0.5, 0.5)}, (48, 0)),
        ("Pa-3", Lattice.cubic(5.42), {"Fe": (0, 0, 0), "S": (0.385, 0.385, 0.385)}, (24, 1)),
        # Silicon at x, 0, 1/3 and oxygen at x, y, z.
        ("P3_121", Lattice.hexagonal(4.91, 5.4),
         {"Si": (0.47, 0, 1 / 3), "O": (0.414, 0.267, 0.119 + 1 / 3)}, (6, 4)),
        # Both at z along a polar axis, of which one chooses the origin.
        ("P6_3mc", Lattice.hexagonal(3.25, 5.2),
         {"Zn": (1 / 3, 2 / 3, 0), "O": (1 / 3, 2 / 3, 0.382)}, (12, 1)),
        ("R-3c", Lattice.hexagonal(4.76, 12.99),
         {"Al": (0, 0, 0.352), "O": (0.306, 0, 0.25)}, (12, 2)),
    ],
)  # fmt: skip
def test_free_coordinates_are_those_of_the_wyckoff_positions(group, lattice, atoms, expected):
    structure = Structure.from_spacegroup(group, lattice, list(atoms), list(atoms.values()))
    for cell in (structure, structure.get_primitive_structure()):
        assert symmetry_of(Crystal.from_structure(cell)) == expected


@pytest.mark.parametrize("kind", ["formula", "elements"])
def test_sample_of_embedded_dft_densities(gaussians, kind):
    generator = np.random.default_rng(0)
    crystals = list(embedded(every=50))
    right = [
        matches(c, decode(rho, c.lattice, knowledge(c, kind, generator), gaussians).crystal)
        for c, rho in crystals
    ]
    assert len(right) == 20
    assert sum(right) >= 19


def test_origin_does_not_matter(gaussians):
    crystal, density = next(embedded(every=50))
    moved = np.roll(density, (7, 11, 3), axis=(0, 1, 2))
    known = knowledge(crystal, "formula", np.random.default_rng(0))
    found = decode(moved, crystal.lattice, known, gaussians).crystal
    assert matches(crystal, found)


def test_maxima_of_silicon_are_on_the_bonds():
    for crystal, density in real():
        if crystal.material_id.startswith("Si"):
            highest = np.unravel_index(np.argmax(density), density.shape)
            apart = np.array(highest) / density.shape - crystal.frac_coords
            apart = (apart - np.rint(apart)) @ crystal.lattice
            assert np.linalg.norm(apart, axis=1).min() > 0.5


def test_real_chgcars(gaussians):
    """Two of them, Fe3O4 and NaCl, are of potentials without the semicore of the templates."""
    generator = np.random.default_rng(0)
    wrong = [
        crystal.material_id
        for crystal, density in real()
        if not matches(
            crystal,
            decode(
                density, crystal.lattice, knowledge(crystal, "formula", generator), gaussians
            ).crystal,
        )
    ]
    assert wrong == []


def test_noise_and_blur_of_a_guess(gaussians):
    generator = np.random.default_rng(5)
    density = spoilt(density_of(RUTILE, gaussians), RUTILE.lattice, 0.1, 0.2, generator)
    found = decode(density, RUTILE.lattice, KnownComposition.from_formula("TiO2"), gaussians)
    assert matches(RUTILE, found.crystal)


def test_elements_partly_known(gaussians):
    crystal = Crystal(
        "NaCl", 2.8 * (1 - np.eye(3)), np.array([11, 17]), np.array([[0.0] * 3, [0.5] * 3])
    )
    known = KnownComposition.from_elements(["Na"], complete=False)
    found = decode(density_of(crystal, gaussians), crystal.lattice, known, gaussians).crystal
    assert matches(crystal, found)


def test_bad_input(gaussians):
    known = KnownComposition.from_formula("Si")
    lattice = 4.0 * np.eye(3)
    with pytest.raises(CrystalNetError, match="NaN"):
        decode(np.full((8, 8, 8), np.nan), lattice, known, gaussians)
    with pytest.raises(CrystalNetError, match="electrons"):
        decode(np.zeros((8, 8, 8)), lattice, known, gaussians)
    with pytest.raises(CrystalNetError, match="same everywhere"):
        decode(np.ones((8, 8, 8)), lattice, known, gaussians)
    density = density_of(RUTILE, gaussians)
    with pytest.raises(CrystalNetError, match="Fm"):
        decode(density, RUTILE.lattice, KnownComposition((100,)), gaussians)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["formula", "elements"])
def test_the_ceiling(gaussians, kind):
    generator = np.random.default_rng(0)
    right = [
        matches(c, decode(rho, c.lattice, knowledge(c, kind, generator), gaussians).crystal)
        for c, rho in embedded()
    ]
    assert len(right) == 979
    assert np.mean(right) >= 0.95
