"""What the cases for the verdict are made of."""

import pytest
from pymatgen.core import Lattice, Structure

from benchmarks.verdict_cases import in_a_vacuum
from crystalnet.crystallography.crystal import Crystal

GRAPHITE = [[0, 0, 0.25], [0, 0, 0.75], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]]
LAYER = [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]]


@pytest.mark.parametrize(
    ("lattice", "species", "places", "apart"),
    [
        (Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]], False),
        (Lattice.hexagonal(2.46, 6.7), ["C"] * 4, GRAPHITE, False),
        (Lattice.hexagonal(2.46, 12.0), ["C"] * 2, LAYER, True),
        (Lattice.cubic(8.0), ["N", "N"], [[0, 0, 0], [0, 0, 0.14]], True),
        # Two atoms that no step joins, and a rod.
        (Lattice.cubic(12.0), ["Hg", "Hg"], [[0, 0, 0], [0.5, 0.5, 0.5]], True),
        (Lattice.tetragonal(9.0, 2.5), ["Pt"], [[0, 0, 0]], True),
    ],
)
def test_what_is_in_a_vacuum(
    lattice: Lattice, species: list[str], places: list[list[float]], apart: bool
) -> None:
    assert in_a_vacuum(Crystal.from_structure(Structure(lattice, species, places))) is apart
