"""Distances in cells of any shape, against pymatgen."""

import numpy as np
import pytest
from pymatgen.core import Lattice

from crystalnet.solving.symmetry.orbit_distances import Distances, reduced_cell

CELLS = {
    "oblique": Lattice.from_parameters(4.0, 7.0, 9.0, 62.0, 118.0, 71.0),
    "needle": Lattice.from_parameters(3.0, 3.1, 25.0, 85.0, 95.0, 61.0),
    "not reduced": Lattice(np.array([[3.0, 0, 0], [7.1, 3.2, 0], [-8.3, 5.9, 4.1]])),
    "monoclinic": Lattice.monoclinic(9.0, 3.0, 8.0, 128.0),
    "hexagonal": Lattice.hexagonal(4.0, 6.0),
}


@pytest.mark.parametrize("name", CELLS)
def test_distances_are_those_of_pymatgen(name: str) -> None:
    lattice = CELLS[name]
    distances = Distances(lattice.matrix, lattice.matrix)
    x = np.random.default_rng(3).random((200, 2, 3)) * 3 - 1
    found = distances.nearest(x[:, 0], x[:, 1:], same=False)
    expected = [lattice.get_all_distances(one, other)[0, 0] for one, other in x]
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("name", CELLS)
def test_a_reduced_cell_has_the_edges_of_niggli(name: str) -> None:
    rows = reduced_cell(CELLS[name].matrix)
    lengths = np.linalg.norm(rows, axis=1)
    np.testing.assert_allclose(lengths, np.sort(CELLS[name].get_niggli_reduced_lattice().abc))
    # The same lattice: each is a whole number of the other's edges.
    whole = rows @ np.linalg.inv(CELLS[name].matrix)
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-9)
    assert abs(np.linalg.det(whole)) == pytest.approx(1)
