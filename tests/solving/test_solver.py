"""What comes first, and why; the one door that candidates come in by."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.solving.indexing import IndexedLattice
from crystalnet.solving.known_composition import KnownComposition
from crystalnet.solving.lattices import conventional_lattices
from crystalnet.solving.output import Candidate
from crystalnet.solving.ranking import MeasuredPeaks
from crystalnet.solving.solve import TEMPLATES
from crystalnet.solving.solver import solve_peaks

CU = 1.54184
FLUORITE = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.46), ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]]
)
RUTILE_LIKE = Structure.from_spacegroup(
    "Pa-3", Lattice.cubic(5.42), ["Fe", "S"], [[0, 0, 0], [0.385, 0.385, 0.385]]
)
WURTZITE = Structure.from_spacegroup(
    "P6_3mc",
    Lattice.hexagonal(3.25, 5.207),
    ["Zn", "O"],
    [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
)
CASES = [
    (FLUORITE, "CaF2", "F", (5.46,), 225),
    (RUTILE_LIKE, "FeS2", "P", (5.42,), 205),
    (WURTZITE, "ZnO", "P", (3.25, 5.207), 186),
]


@pytest.fixture(scope="module")
def gaussians() -> ValenceGaussians:
    return ValenceGaussians.load(TEMPLATES)


def peaks_of(structure: Structure) -> MeasuredPeaks:
    crystal = Crystal.from_structure(structure.get_primitive_structure())
    pattern = powder_pattern(crystal, CU, (10.0, 90.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (10.0, 90.0))


def lattice_of(centring: str, edges: tuple[float, ...]) -> IndexedLattice:
    found = conventional_lattices("cubic" if len(edges) == 1 else "trigonal", *edges)
    return next(each for each in found if each.centring == centring)


def solved(
    peaks: MeasuredPeaks, formula: str, lattice: IndexedLattice, gaussians: ValenceGaussians,
    seed: int = 0,
) -> list[Candidate]:  # fmt: skip
    known = KnownComposition.from_formula(formula)
    return solve_peaks(peaks, known, [lattice], [], gaussians, seed=seed, effort=0.2)


@pytest.mark.parametrize(("truth", "formula", "centring", "edges", "group"), CASES)
def test_rounding_order_and_seed_change_no_rank(
    truth: Structure,
    formula: str,
    centring: str,
    edges: tuple[float, ...],
    group: int,
    gaussians: ValenceGaussians,
) -> None:
    peaks, lattice = peaks_of(truth), lattice_of(centring, edges)
    expected = solved(peaks, formula, lattice, gaussians)
    assert StructureMatcher().fit(expected[0].crystal.to_structure(), truth)
    assert expected[0].space_group == group
    assert expected[0].match.rwp < 0.03
    for seed in range(3):
        generator = np.random.default_rng(seed)
        order = generator.permutation(len(peaks.two_theta))
        noise = 1 + 1e-12 * generator.standard_normal((2, len(order)))
        moved = replace(
            peaks,
            two_theta=(peaks.two_theta * noise[0])[order],
            intensity=(peaks.intensity * noise[1])[order],
        )
        found = solved(moved, formula, lattice, gaussians)
        assert [(c.formula, c.space_group) for c in found] == [
            (c.formula, c.space_group) for c in expected
        ]
        best = solved(peaks, formula, lattice, gaussians, seed=seed)[0]
        assert best.space_group == group
        assert StructureMatcher().fit(best.crystal.to_structure(), truth)
