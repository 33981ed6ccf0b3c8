"""Distances between the orbits of Wyckoff positions, many at a time."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.solving.lattice.cells import IndexedLattice, centring_vectors, conventional_cell
from crystalnet.solving.lattice.kinds import kind_of


class Distances:
    """Distances between orbits in one lattice.

    The first point of an orbit stands for all of it, and is told from the others by its place in
    the orbit: points that coincide are at a distance of 0, not one.
    """

    def __init__(self, lattice: IndexedLattice) -> None:
        cell = conventional_cell(lattice)
        self._metric = (cell @ cell.T).astype(np.float32)
        steps = np.array([step for step in product(range(-2, 3), repeat=3) if any(step)])
        # What a point is from its own nearest image, centring included.
        self._period_squared = np.float32(((steps @ lattice.primitive) ** 2).sum(axis=1).min())
        self._hexagonal = kind_of(lattice.system).hexagonal_axes
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
            same: whether the point is the first of the orbit, which is then as far from itself as
                from its nearest image.
        """
        square = self._squares(one, orbit)
        if same:
            square[:, 0] = self._period_squared
        return np.asarray(np.sqrt(square.min(axis=1)))

    def keeps(
        self,
        orbits: Sequence[Float[ndarray, "sets _ 3"]],
        radii: Sequence[float],
    ) -> Bool[ndarray, " sets"]:
        """Whether the first of some orbits keeps its distance from itself and from the others.

        Args:
            radii: of each orbit's atoms, in A: centres are no nearer than the sum of two.
        """
        square = self._squares(orbits[0][:, 0], np.concatenate(orbits, axis=1))
        square[:, 0] = self._period_squared
        sums = np.repeat(np.asarray(radii) + radii[0], [orbit.shape[1] for orbit in orbits])
        return np.asarray((square > (sums**2).astype(np.float32)).all(axis=1))

    def _squares(
        self, one: Float[ndarray, "sets 3"], orbit: Float[ndarray, "sets points 3"]
    ) -> Float[ndarray, "sets points"]:
        """Squared distances in A^2 of a point from the nearest images of others."""
        apart = (orbit - one[:, None])[:, :, None] + self._centring
        apart -= np.rint(apart)
        flat = apart.reshape(-1, 3).astype(np.float32)
        square: ndarray = ((flat @ self._metric) * flat).sum(axis=1)
        if self._hexagonal:
            # In axes at 120 degrees the nearest image may be one step further along a or b.
            x, y = flat[:, 0], flat[:, 1]
            along_a = 1 - 2 * np.abs(x) + np.copysign(1, x) * y
            along_b = 1 - 2 * np.abs(y) + np.copysign(1, y) * x
            square += self._metric[0, 0] * np.minimum(np.minimum(along_a, along_b), 0)
        return np.asarray(square.reshape(*orbit.shape[:2], len(self._centring)).min(axis=2))
