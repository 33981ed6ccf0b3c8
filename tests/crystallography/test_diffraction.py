"""The powder patterns against pymatgen's calculator, which is the definition of right here."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.binning import bin_pattern
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, PowderPattern, powder_pattern
from crystalnet.errors import CrystalNetError

STRUCTURES = Path(__file__).parents[2] / "data" / "structures.parquet"

LATTICES = {
    "cubic": Lattice.cubic(4.1),
    "tetragonal": Lattice.tetragonal(3.7, 5.2),
    "orthorhombic": Lattice.orthorhombic(3.1, 5.3, 4.4),
    "hexagonal": Lattice.hexagonal(3.3, 5.1),
    "trigonal": Lattice.rhombohedral(4.3, 52.0),
    "monoclinic": Lattice.monoclinic(3.6, 4.9, 4.2, 107.0),
    "triclinic": Lattice.from_parameters(3.4, 4.3, 5.2, 71.0, 83.0, 112.0),
}

KNOWN = {
    "caesium chloride": (221, Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "rock salt": (225, Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "rutile": (136, Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]),
    "wurtzite": (
        186,
        Lattice.hexagonal(3.82, 6.26),
        ["Zn", "S"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.375]],
    ),
    "corundum": (
        167,
        Lattice.hexagonal(4.76, 12.99),
        ["Al", "O"],
        [[0, 0, 0.3522], [0.3063, 0, 0.25]],
    ),
}


def structure_of(system: str) -> Structure:
    """A cell of the system's shape, with atoms where they please."""
    coordinates = np.random.default_rng(5).random((4, 3))
    return Structure(LATTICES[system], ["Ba", "Ti", "O", "H"], coordinates)


def embedded(count: int, most_sites: int | None = None) -> list[Crystal]:
    """A seeded draw of embedded crystals, of at most `most_sites` atoms."""
    table = pd.read_parquet(STRUCTURES)
    if most_sites is not None:
        table = table[table.nsites <= most_sites]
    draw = np.random.default_rng(2024).choice(len(table), count, replace=False)
    return [
        Crystal(
            row.material_id,
            np.array(row.lattice, dtype=np.float64).reshape(3, 3),
            np.array(row.atomic_numbers, dtype=np.int64),
            np.array(row.frac_coords, dtype=np.float64).reshape(-1, 3),
        )
        for row in table.iloc[draw].itertuples()
    ]


def assert_as_pymatgen(
    structure: Structure,
    wavelength: float = MO_K_ALPHA,
    two_theta_range: tuple[float, float] = (0.0, 180.0),
) -> None:
    theirs = XRDCalculator(wavelength).get_pattern(structure, two_theta_range=two_theta_range)
    ours = powder_pattern(Crystal.from_structure(structure), wavelength, two_theta_range)
    assert len(ours.two_theta) == len(theirs.x)
    np.testing.assert_allclose(ours.two_theta, theirs.x, rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.intensity, theirs.y, rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.d_spacing, theirs.d_hkls, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        bin_pattern(ours), bin_pattern((theirs.x, theirs.y)), rtol=0, atol=1e-6
    )
    # pymatgen writes h, k, i, l in a hexagonal cell, and orders a peak's families by rounding.
    assert families(ours) == [
        {(*family["hkl"][:2], family["hkl"][-1]): family["multiplicity"] for family in peak}
        for peak in theirs.hkls
    ]


def families(pattern: PowderPattern) -> list[dict[tuple[int, ...], int]]:
    found: list[dict[tuple[int, ...], int]] = [{} for _ in pattern.two_theta]
    own = pattern.families
    for peak, hkl, multiplicity in zip(own.peak, own.hkl, own.multiplicity, strict=True):
        found[peak][tuple(hkl.tolist())] = int(multiplicity)
    return found


@pytest.mark.parametrize("system", LATTICES)
def test_every_crystal_system(system: str) -> None:
    assert_as_pymatgen(structure_of(system))


@pytest.mark.parametrize("name", KNOWN)
def test_known_structures(name: str) -> None:
    structure = Structure.from_spacegroup(*KNOWN[name])
    assert_as_pymatgen(structure)
    assert_as_pymatgen(structure.get_primitive_structure())


def test_a_sample_of_embedded_crystals() -> None:
    for crystal in embedded(count=10, most_sites=14):
        assert_as_pymatgen(crystal.to_structure())


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(20))
def test_200_embedded_crystals(batch: int) -> None:
    for crystal in embedded(count=200)[batch::20]:
        assert_as_pymatgen(crystal.to_structure())


@pytest.mark.parametrize("wavelength", [0.45, 1.54184, 2.291])
def test_other_wavelengths(wavelength: float) -> None:
    assert_as_pymatgen(Structure.from_spacegroup(*KNOWN["caesium chloride"]), wavelength)


@pytest.mark.parametrize("two_theta_range", [(0.0, 90.0), (12.5, 61.0), (100.0, 180.0)])
def test_other_ranges(two_theta_range: tuple[float, float]) -> None:
    assert_as_pymatgen(structure_of("monoclinic"), 1.54184, two_theta_range)


def test_divergence_near_180_degrees() -> None:
    # (400) falls at 179.9 degrees: there the Lorentz factor is 1,000 times that at 90.
    edge = 2 * MO_K_ALPHA / math.sin(math.radians(179.9 / 2))
    structure = Structure(Lattice.cubic(edge), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert_as_pymatgen(structure)
    pattern = powder_pattern(Crystal.from_structure(structure))
    assert pattern.two_theta[-1] == pytest.approx(179.9, abs=1e-6)
    assert pattern.intensity[-1] == 100


def test_reflection_at_180_degrees_stays_finite() -> None:
    structure = Structure(Lattice.cubic(2 * MO_K_ALPHA), ["Fe"], [[0, 0, 0]])
    pattern = powder_pattern(Crystal.from_structure(structure))
    assert np.isfinite(pattern.intensity).all()
    assert pattern.two_theta[-1] == pytest.approx(180, abs=1e-5)
    assert bin_pattern(pattern)[-1] == 1


def test_shells_closer_than_the_tolerance_are_one_peak() -> None:
    # a and b differ by 1e-8 relative: hkl and khl are within 1e-5 degrees, except near 180.
    lattice = Lattice.orthorhombic(4.0, 4.0 * (1 + 1e-8), 5.0)
    structure = Structure(lattice, ["Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.4]])
    assert_as_pymatgen(structure, two_theta_range=(0.0, 120.0))


def test_accidental_overlap_of_different_families() -> None:
    pattern = powder_pattern(
        Crystal.from_structure(Structure(Lattice.cubic(3.6), ["Cu"], [[0] * 3]))
    )
    peak = np.flatnonzero(np.isclose(pattern.d_spacing, 3.6 / 3))[0]
    assert families(pattern)[peak] == {(3, 0, 0): 6, (2, 2, 1): 24}


@given(
    shift=st.tuples(*[st.floats(-2, 2)] * 3),
    order=st.permutations(range(4)),
    axes=st.permutations(range(3)),
)
def test_origin_order_of_atoms_and_axes_do_not_matter(
    shift: tuple[float, float, float], order: list[int], axes: list[int]
) -> None:
    crystal = Crystal.from_structure(structure_of("triclinic"))
    turned = Crystal(
        "turned",
        crystal.lattice[axes],
        crystal.atomic_numbers[order],
        (crystal.frac_coords[order] + np.array(shift))[:, axes],
    )
    one, other = (powder_pattern(c, 1.54184) for c in (crystal, turned))
    np.testing.assert_allclose(one.two_theta, other.two_theta, rtol=0, atol=1e-9)
    np.testing.assert_allclose(one.intensity, other.intensity, rtol=0, atol=1e-8)


def test_primitive_and_conventional_cells_agree() -> None:
    structure = Structure.from_spacegroup(*KNOWN["rock salt"])
    vectors = [
        bin_pattern(powder_pattern(Crystal.from_structure(s)))
        for s in (structure, structure.get_primitive_structure())
    ]
    np.testing.assert_allclose(vectors[0], vectors[1], rtol=0, atol=1e-10)


COPPER = Crystal("mp-30", np.eye(3) * 3.6, np.array([29]), np.zeros((1, 3)))


@pytest.mark.parametrize("wavelength", [0.0, -1.5, math.nan, math.inf])
def test_refuses_a_wavelength(wavelength: float) -> None:
    with pytest.raises(CrystalNetError, match=r"mp-30: the wavelength is .* positive"):
        powder_pattern(COPPER, wavelength)


@pytest.mark.parametrize(
    "two_theta_range", [(90.0, 20.0), (30.0, 30.0), (-1.0, 90.0), (0.0, 180.5), (math.nan, 90.0)]
)
def test_refuses_a_range(two_theta_range: tuple[float, float]) -> None:
    with pytest.raises(CrystalNetError, match=r"2-theta is .* within 0 to 180"):
        powder_pattern(COPPER, MO_K_ALPHA, two_theta_range)
    with pytest.raises(CrystalNetError, match=r"2-theta is .* within 0 to 180"):
        bin_pattern(powder_pattern(COPPER), two_theta_range=two_theta_range)


def test_refuses_an_empty_range_of_reflections() -> None:
    with pytest.raises(CrystalNetError, match=r"mp-30: no reflection between .* shorter"):
        powder_pattern(COPPER, 10.0)


def test_refuses_more_reflections_than_memory_holds() -> None:
    with pytest.raises(CrystalNetError, match=r"mp-30: .* reflections .* longer wavelength"):
        powder_pattern(COPPER, 1e-3)


def test_refuses_elements_without_a_form_factor() -> None:
    einsteinium = Crystal(
        "mp-1", np.eye(3) * 5, np.array([99, 8]), np.array([[0.0] * 3, [0.5] * 3])
    )
    with pytest.raises(CrystalNetError, match="mp-1: no X-ray form factor for Es"):
        powder_pattern(einsteinium)


def test_disorder_and_empty_cells_never_reach_a_pattern() -> None:
    mixed = Structure(Lattice.cubic(4), [{"Fe": 0.5, "Ni": 0.5}], [[0, 0, 0]])
    with pytest.raises(CrystalNetError, match="disordered"):
        Crystal.from_structure(mixed, "mp-2")
    with pytest.raises(CrystalNetError, match="mp-3: the cell holds no atoms"):
        Crystal("mp-3", np.eye(3), np.zeros(0, dtype=np.int64), np.zeros((0, 3)))


def test_bins_keep_the_largest_peak_and_scale_to_one() -> None:
    two_theta = np.array([0.0, 0.1, 0.1757, 0.1758, 90.0, 180.0])
    intensity = np.array([3.0, 8.0, 5.0, 20.0, 40.0, 10.0])
    vector = bin_pattern((two_theta, intensity))
    assert vector.shape == (1024,)
    expected = {0: 0.2, 1: 0.5, 512: 1.0, 1023: 0.25}
    assert {int(i): float(vector[i]) for i in np.flatnonzero(vector)} == expected


def test_bins_of_another_range_leave_the_rest_out() -> None:
    vector = bin_pattern(
        (np.array([9.9, 10.0, 14.9, 20.0, 20.1]), np.array([9.0, 1.0, 2.0, 4.0, 9.0])),
        10,
        (10.0, 20.0),
    )
    np.testing.assert_array_equal(vector, [0.25, 0, 0, 0, 0.5, 0, 0, 0, 0, 1])


def test_refuses_bins() -> None:
    peaks = (np.array([30.0]), np.array([1.0]))
    with pytest.raises(CrystalNetError, match="in 0 bins"):
        bin_pattern(peaks, 0)
    with pytest.raises(CrystalNetError, match="strongest of 0 peaks"):
        bin_pattern(peaks, 10, (40.0, 50.0))
