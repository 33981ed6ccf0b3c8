"""Known structures with other elements: on Wyckoff positions as spglib says, and fitted."""

import warnings

import numpy as np
import pytest
import spglib
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.analogues import arrangement, fitted_coordinates, on_position
from crystalnet.solving.settings import SearchSettings, SolveSettings
from crystalnet.solving.symmetry.conventional import conventional_cell
from crystalnet.solving.symmetry.wyckoff import space_group

# Group, lattice, elements, places.
STRUCTURES = {
    "Al2O3": ("R-3c", Lattice.hexagonal(4.76, 12.99), ["Al", "O"],
              [[0, 0, 0.3522], [0.3063, 0, 0.25]]),
    "ZnO": ("P6_3mc", Lattice.hexagonal(3.25, 5.207), ["Zn", "O"],
            [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]]),
    "SiO2": ("P3_221", Lattice.hexagonal(4.913, 5.405), ["Si", "O"],
             [[0.4697, 0, 2 / 3], [0.4135, 0.2669, 0.7858]]),
    "MgAl2O4": ("Fd-3m:2", Lattice.cubic(8.08), ["Mg", "Al", "O"],
                [[1 / 8] * 3, [0.5] * 3, [0.2624] * 3]),
    "FeS2": ("Pa-3", Lattice.cubic(5.417), ["Fe", "S"], [[0, 0, 0], [0.385] * 3]),
}  # fmt: skip
CU = 1.54056
FINE = SolveSettings(search=SearchSettings(d_min=0.8))


def crystal_of(name: str) -> Crystal:
    structure = Structure.from_spacegroup(*STRUCTURES[name]).get_primitive_structure()
    return Crystal.from_structure(structure, name)


def lattice_of(name: str) -> IndexedLattice:
    lattice = STRUCTURES[name][1]
    cubic = lattice.a == lattice.c
    found = (
        conventional_lattices("cubic", lattice.a)
        if cubic
        else [
            each
            for system in ("trigonal", "hexagonal")
            for each in conventional_lattices(system, lattice.a, lattice.c)
        ]
    )
    volume = crystal_of(name).volume
    return min(found, key=lambda each: abs(abs(np.linalg.det(each.primitive)) - volume))


def peaks_of(crystal: Crystal) -> MeasuredPeaks:
    pattern = powder_pattern(crystal, CU, (10.0, 120.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (10.0, 120.0))


@pytest.mark.parametrize("name", STRUCTURES)
def test_orbits_are_on_the_positions_that_spglib_names(name: str) -> None:
    crystal = crystal_of(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        said = spglib.get_symmetry_dataset(
            (crystal.lattice, crystal.frac_coords, crystal.atomic_numbers), symprec=0.01
        )
    cell = conventional_cell(crystal, said.number, origin="1")
    arranged = arrangement(cell)
    assert arranged is not None
    assert arranged.occupation.group.number == said.number
    # The atoms of each orbit in the primitive cell, by their letters.
    letters = {}
    for letter, number in zip(said.wyckoffs, crystal.atomic_numbers.tolist(), strict=True):
        letters[letter, number] = letters.get((letter, number), 0) + 1
    images = len(cell.crystal.atomic_numbers) // len(crystal.atomic_numbers)
    sizes = [(p.multiplicity // images, z) for p, z in zip(
        arranged.occupation.positions, arranged.occupation.numbers, strict=True)]  # fmt: skip
    assert sorted(sizes) == sorted((n, z) for (_, z), n in letters.items())
    # The positions and their free coordinates give the atoms back.
    for place, (position, values) in enumerate(
        zip(arranged.occupation.positions, arranged.parameters, strict=True)
    ):
        orbit = position.orbit(values[None])[0]
        same = cell.crystal.frac_coords[
            cell.crystal.atomic_numbers == arranged.occupation.numbers[place]
        ]
        apart = orbit[:, None] - same
        assert np.abs(apart - np.rint(apart)).max(axis=2).min(axis=1).max() < 1e-6


def test_an_atom_off_a_position_is_not_on_it() -> None:
    plane = next(p for p in space_group(225).positions if p.freedom == 1)
    values = np.array([0.2371])
    atoms = plane.orbit(values[None])[0]
    found = on_position(atoms, plane)
    assert found is not None
    assert np.abs(plane.orbit(found[None])[0][0] - atoms).max(axis=1).min() < 1e-9
    assert on_position(atoms + np.array([0.01, 0.02, 0.0]), plane) is None


@pytest.mark.parametrize("name", ["Al2O3", "ZnO", "SiO2", "MgAl2O4", "FeS2"])
def test_free_coordinates_are_fitted(name: str) -> None:
    """From another structure of the same kind: places off by up to 0.1 A, other edges."""
    truth, lattice = crystal_of(name), lattice_of(name)
    measured = peaks_of(truth)
    group, edges, elements, places = STRUCTURES[name]
    moved = []
    for place in np.array(places, dtype=float):
        # Only what is free may move: what the group pins stays where it is.
        free = np.abs(place * 24 - np.rint(place * 24)) > 1e-3
        moved.append(place + np.where(free, 0.02, 0))
    start = Structure.from_spacegroup(group, edges, elements, moved).get_primitive_structure()
    began = Crystal.from_structure(start, "began")
    before = match_pattern(began, measured).rwp
    fitted = fitted_coordinates(began, measured, lattice, FINE)
    assert fitted is not None
    after = match_pattern(fitted, measured).rwp
    assert before > 0.05
    assert after < 0.02
    matcher = StructureMatcher(stol=0.02)
    assert matcher.fit(fitted.to_structure(), truth.to_structure())


def test_what_has_no_free_coordinates_or_another_lattice_is_not_fitted() -> None:
    salt = Crystal.from_structure(
        Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0] * 3, [0.5] * 3])
        .get_primitive_structure()
    )  # fmt: skip
    lattice = conventional_lattices("cubic", 5.64)[0]
    assert fitted_coordinates(salt, peaks_of(salt), lattice, FINE) is None
    pyrite = crystal_of("FeS2")
    larger = conventional_lattices("cubic", 6.0)[-1]
    assert fitted_coordinates(pyrite, peaks_of(pyrite), larger, FINE) is None
