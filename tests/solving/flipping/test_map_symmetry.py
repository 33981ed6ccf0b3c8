"""Groups and origins of maps whose symmetry is known."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.flipping.map_atoms import SiteFinder, maxima
from crystalnet.solving.flipping.map_symmetry import MapSymmetry
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL
from crystalnet.solving.symmetry.frames import Frame, frames_of

EDGES, PLACES = (5.456, 7.157, 8.884), [[0.1845, 0.25, 0.1585], [0.437, 0.75, 0.191]]
# Pnma along other axes than the lattice's, which are in the order of their lengths.
TRUTH = Structure.from_spacegroup(
    "Pnma", Lattice.orthorhombic(EDGES[2], EDGES[0], EDGES[1]), ["Ba", "S"], PLACES
)


@pytest.fixture(scope="module")
def lattice() -> IndexedLattice:
    return conventional_lattices("orthorhombic", *EDGES)[-1]


@pytest.fixture(scope="module")
def reflections(lattice: IndexedLattice) -> Reflections:
    pattern = powder_pattern(Crystal.from_structure(TRUTH), 1.5406, (5.0, 120.0))
    peaks = MeasuredPeaks(pattern.two_theta, pattern.intensity, 1.5406, (5.0, 120.0))
    return Reflections(
        peaks, lattice, lattice.primitive, {56: 4, 16: 4}, USUAL.flipping, USUAL.agreement
    )


@pytest.fixture(scope="module")
def amplitude(reflections: Reflections, lattice: IndexedLattice) -> np.ndarray:
    """Of the true atoms, in the axes of the lattice, shifted to anywhere."""
    x = TRUTH.frac_coords[:, [1, 2, 0]] + [0.123, 0.321, 0.213]
    numbers = np.array([site.specie.Z for site in TRUTH])
    return np.asarray(plane_waves(reflections.hkl, x) @ numbers.astype(float))


def test_a_map_and_its_coefficients_are_one(
    reflections: Reflections, amplitude: np.ndarray
) -> None:
    density = reflections.map(amplitude)
    np.testing.assert_allclose(reflections.coefficients(density), amplitude, atol=1e-9)
    # The highest maxima are the barium atoms.
    places, _ = maxima(density, 4)
    barium = TRUTH.frac_coords[:4, [1, 2, 0]] + [0.123, 0.321, 0.213]
    apart = places[:, None] - barium
    apart -= np.rint(apart)
    assert np.abs(apart).max(axis=2).min(axis=1).max() < 0.02


def test_moduli_keep_the_measured_areas(reflections: Reflections) -> None:
    lines = reflections.lines
    moduli = reflections.shared(np.random.default_rng(0).random(len(lines.hkl)))
    power = reflections.power(moduli + 0j)
    areas = np.add.reduceat(power * lines.weight, lines.starts)
    np.testing.assert_allclose(areas, lines.target, rtol=1e-9)


def test_the_group_and_its_axes_are_the_likeliest(
    reflections: Reflections, amplitude: np.ndarray, lattice: IndexedLattice
) -> None:
    symmetry = MapSymmetry(reflections, amplitude, lattice.primitive)
    likely = symmetry.likely(frames_of(lattice), 0.6, 8)
    assert likely[0].frame.group.number == 62
    # b of the table is the shortest edge, a the longest.
    lengths = np.linalg.norm(likely[0].frame.cell, axis=1)
    assert lengths.tolist() == pytest.approx([EDGES[2], EDGES[0], EDGES[1]])
    assert likely[0].agreement > 0.8
    # About the origin of the group the structure factors of a centrosymmetric map are real.
    framed = likely[0].amplitude
    assert np.abs(framed.imag).max() < 1e-6 * np.abs(framed).max()


def test_maxima_go_onto_the_mirror_plane(
    reflections: Reflections, amplitude: np.ndarray, lattice: IndexedLattice
) -> None:
    symmetry = MapSymmetry(reflections, amplitude, lattice.primitive)
    best = symmetry.likely(frames_of(lattice), 0.6, 1)[0]
    sites = SiteFinder(best.frame, lattice.primitive).sites(reflections.map(best.amplitude), 24)
    plane = next(i for i, p in enumerate(best.frame.group.positions) if p.freedom == 2)
    assert [(site.place, site.multiplicity) for site in sites[:2]] == [(plane, 4)] * 2
    assert sites[0].height > 2 * sites[1].height > 0


def test_a_group_that_a_map_has_not_agrees_less(
    reflections: Reflections, amplitude: np.ndarray, lattice: IndexedLattice
) -> None:
    symmetry = MapSymmetry(reflections, amplitude, lattice.primitive)
    every = frames_of(lattice)
    agreement = {(f.group.number, f.cell.tobytes()): symmetry.agreement(f)[0] for f in every}

    def best(number: int) -> float:
        return max(value for (group, _), value in agreement.items() if group == number)

    assert best(62) > best(47) + 0.2
    assert isinstance(every[0], Frame)
