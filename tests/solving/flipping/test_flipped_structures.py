"""Known crystals of every kind of symmetry from computed patterns, by charge flipping alone."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import Budget
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattice.kinds.lattice_kind import CELL
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import FlippingSettings, SolveSettings
from crystalnet.solving.symmetry.conventional import space_group_of

CU = 1.5406
# Group, lattice, elements, places; the number of free coordinates beyond the origin is in the name.
CRYSTALS = {
    "baddeleyite, 9 free": ("P2_1/c", Lattice.monoclinic(5.150, 5.212, 5.317, 99.23),
        ["Zr", "O", "O"],
        [[0.2754, 0.0395, 0.2083], [0.0700, 0.3317, 0.3447], [0.4496, 0.7569, 0.4792]]),
    "barite, 11 free": ("Pnma", Lattice.orthorhombic(8.884, 5.456, 7.157),
        ["Ba", "S", "O", "O", "O"],
        [[0.1845, 0.25, 0.1585], [0.4370, 0.75, 0.1910], [0.5870, 0.75, 0.1060],
         [0.3180, 0.75, 0.0500], [0.4190, 0.9700, 0.3120]]),
    "triclinic, 12 free": ("P-1", Lattice.from_parameters(5.1, 6.3, 7.2, 81.0, 103.0, 97.0),
        ["Ba", "Ti", "O", "O"],
        [[0.74, 0.53, 0.82], [0.56, 0.12, 0.64], [0.17, 0.82, 0.68], [0.94, 0.63, 0.23]]),
    "polar, 8 free": ("P2_1", Lattice.monoclinic(4.9, 5.6, 6.3, 105.0),
        ["Sr", "Se", "O"],
        [[0.23, 0.11, 0.17], [0.71, 0.35, 0.33], [0.55, 0.12, 0.86]]),
    "MoSi2, 1 free": ("I4/mmm", Lattice.tetragonal(3.203, 7.855), ["Mo", "Si"],
        [[0, 0, 0], [0, 0, 0.3353]]),
    "quartz, 4 free": ("P3_121", Lattice.hexagonal(4.913, 5.405), ["Si", "O"],
        [[0.4697, 0, 1 / 3], [0.4135, 0.2669, 0.4525]]),
}  # fmt: skip


def crystal_of(name: str) -> tuple[Structure, Structure]:
    group, lattice, elements, places = CRYSTALS[name]
    structure = Structure.from_spacegroup(group, lattice, elements, places)
    return structure, structure.get_primitive_structure()


def given(name: str) -> tuple[IndexedLattice, MeasuredPeaks, Structure]:
    """The lattice, the edges of an orthorhombic one in another order, and a computed pattern."""
    structure, primitive = crystal_of(name)
    number, symbol = space_group_of(Crystal.from_structure(primitive))
    kind = next(each for each in KINDS.values() if number in each.groups)
    named = dict(zip(CELL, structure.lattice.parameters, strict=True))
    edges = [named[each] for each in kind.edges]
    if kind.system == "orthorhombic":
        edges = sorted(edges)
    every = conventional_lattices(kind.system, *edges)
    lattice = next(each for each in every if each.centring == symbol[0])
    pattern = powder_pattern(Crystal.from_structure(primitive), CU, (5.0, 120.0))
    seen = pattern.intensity > 0.5
    peaks = MeasuredPeaks(pattern.two_theta[seen], pattern.intensity[seen], CU, (5.0, 120.0))
    return lattice, peaks, primitive


def counts_of(structure: Structure) -> dict[int, int]:
    return {element.Z: round(n) for element, n in structure.composition.items()}


@pytest.mark.parametrize("name", CRYSTALS)
def test_known_crystals_are_found(name: str) -> None:
    lattice, peaks, truth = given(name)
    found = flipped_structures(peaks, [counts_of(truth)], lattice)
    assert StructureMatcher().fit(found[0].to_structure(), truth)
    wanted = space_group_of(Crystal.from_structure(truth))
    assert wanted in {space_group_of(each) for each in found}
    np.testing.assert_array_equal(found[0].lattice, lattice.primitive)


def test_the_same_seed_gives_the_same_structures() -> None:
    lattice, peaks, truth = given("MoSi2, 1 free")
    one, other = (
        flipped_structures(peaks, [counts_of(truth)], lattice, maps=1, seed=5) for _ in range(2)
    )
    assert len(one) == len(other) > 0
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.frac_coords, second.frac_coords)


def test_the_group_that_is_known_is_the_only_one() -> None:
    lattice, peaks, truth = given("baddeleyite, 9 free")
    contents = [counts_of(truth)]
    found = flipped_structures(peaks, contents, lattice, number=14)
    assert space_group_of(found[0])[0] == 14
    with pytest.raises(CrystalNetError, match="want one of 3, 4, 6, 7, 10, 11, 13, 14"):
        flipped_structures(peaks, contents, lattice, number=15)


def test_cells_that_are_too_large_are_left_alone() -> None:
    lattice, peaks, truth = given("MoSi2, 1 free")
    contents = [counts_of(truth)]
    few = SolveSettings(flipping=FlippingSettings(most_atoms=2))
    assert flipped_structures(peaks, contents, lattice, settings=few) == []
    coarse = SolveSettings(flipping=FlippingSettings(most_points=100))
    assert flipped_structures(peaks, contents, lattice, settings=coarse) == []


def test_no_map_is_made_when_the_time_is_over() -> None:
    lattice, peaks, truth = given("MoSi2, 1 free")
    budget = Budget(1.0, clock=iter([0.0, *[9.0] * 1000]).__next__)
    assert flipped_structures(peaks, [counts_of(truth)], lattice, budget=budget) == []
