"""Distances between the orbits of Wyckoff positions, many at a time."""

from functools import lru_cache

import gemmi
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattices import IndexedLattice, centring_vectors, conventional_cell


@lru_cache(maxsize=128)
def covalent_radius(number: int) -> float:
    """The covalent radius of an element in A (B. Cordero et al., doi 10.1039/b801115j)."""
    return float(gemmi.Element(number).covalent_r)


class Distances:
    """Distances between orbits in one lattice."""

    def __init__(self, lattice: IndexedLattice) -> None:
        cell = conventional_cell(lattice)
        metric = cell @ cell.T
        # In an oblique cell the nearest image need not be the one of the smallest coordinates.
        steps = (0,) if lattice.system == "cubic" else (-1, 0, 1)
        shifts = np.array([[i, j, 0] for i in steps for j in steps])
        self._metric = metric.astype(np.float32)
        self._slopes = (2 * shifts @ metric).T.astype(np.float32)
        self._squares = np.einsum("si,ij,sj->s", shifts, metric, shifts).astype(np.float32)
        self._centring = centring_vectors(lattice.centring)

    def nearest(
        self,
        one: Float[ndarray, "sets 3"],
        orbit: Float[ndarray, "sets points 3"],
        *,
        same: bool,
    ) -> Float[ndarray, " sets"]:
        """The least distance in A of a point from the points of an orbit, centring included.

        Args:
            one: fractional coordinates in the conventional cell.
            same: whether the point is of the orbit itself.
        """
        points = (orbit[:, :, None] + self._centring).reshape(len(orbit), -1, 3)
        apart = (points - one[:, None]).astype(np.float32)
        apart -= np.rint(apart)
        flat = apart.reshape(-1, 3)
        square = ((flat @ self._metric) * flat).sum(axis=1)[:, None] + self._squares
        square += flat @ self._slopes
        if same:
            square[square < 1e-3] = np.inf
        least: ndarray = np.sqrt(square.min(axis=1).reshape(len(one), -1).min(axis=1))
        return least
