"""Distances between the orbits of Wyckoff positions, many at a time, in any lattice."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray


class Distances:
    """Distances between orbits in one lattice.

    The first point of an orbit stands for all of it, and is told from the others by its place in
    the orbit: points that coincide are at a distance of 0, not one.
    """

    def __init__(self, cell: Float[ndarray, "3 3"], primitive: Float[ndarray, "3 3"]) -> None:
        """Prepare for one lattice.

        Args:
            cell: rows in A of the cell that fractional coordinates are of.
            primitive: rows in A of a primitive one.
        """
        reduced = reduced_cell(primitive)
        metric = reduced @ reduced.T
        self._turn = cell @ np.linalg.inv(reduced)
        self._metric = metric.astype(np.float32)
        steps = np.array([step for step in product((-1, 0, 1), repeat=3) if any(step)])
        squares = ((steps @ reduced) ** 2).sum(axis=1)
        # What a point is from its own nearest image, centring included.
        self._period_squared = np.float32(squares.min())
        # In a reduced cell the nearest image is the one by rounding or a step from it; these are
        # the steps that may be nearer somewhere in the cell, one of each pair.
        nearer = np.abs(steps @ metric).sum(axis=1) > squares * (1 + 1e-6)
        self._steps = steps[nearer & (steps @ (9, 3, 1) > 0)].astype(np.float32)
        self._squared_steps = squares[nearer & (steps @ (9, 3, 1) > 0)].astype(np.float32)

    def nearest(
        self,
        one: Float[ndarray, "sets 3"],
        orbit: Float[ndarray, "sets points 3"],
        *,
        same: bool,
    ) -> Float[ndarray, " sets"]:
        """The least distance in A of a point from the points of an orbit, centring included.

        Args:
            one: fractional coordinates in the cell.
            same: whether the point is the first of the orbit, which is then as far from itself as
                from its nearest image.
        """
        square = self.squares(one, orbit)
        if same:
            square[:, 0] = self._period_squared
        return np.asarray(np.sqrt(square.min(axis=1)))

    def keeps(
        self,
        orbits: Sequence[Float[ndarray, "sets _ 3"]],
        limits: Sequence[float],
    ) -> Bool[ndarray, " sets"]:
        """Whether the first of some orbits keeps its distance from itself and from the others.

        Args:
            limits: A that atoms of the first are from those of each, itself included, at least.
        """
        square = self.squares(orbits[0][:, 0], np.concatenate(orbits, axis=1))
        square[:, 0] = self._period_squared
        least = np.repeat(np.asarray(limits), [orbit.shape[1] for orbit in orbits])
        return np.asarray((square > (least**2).astype(np.float32)).all(axis=1))

    def squares(
        self, one: Float[ndarray, "sets 3"], orbit: Float[ndarray, "sets points 3"]
    ) -> Float[ndarray, "sets points"]:
        """Squared distances in A^2 of a point from the nearest images of others."""
        apart = (orbit - one[:, None]).reshape(-1, 3) @ self._turn
        apart -= np.rint(apart)
        flat = apart.astype(np.float32)
        turned = flat @ self._metric
        square: ndarray = (turned * flat).sum(axis=1)
        if len(self._steps):
            # |x - s|^2 = |x|^2 - 2 x.s + |s|^2, and with the other of each pair of steps + 2 x.s.
            nearer = self._squared_steps - 2 * np.abs(turned @ self._steps.T)
            square += np.minimum(nearer.min(axis=1), 0)
        return square.reshape(orbit.shape[:2])


def reduced_cell(primitive: Float[ndarray, "3 3"]) -> Float[ndarray, "3 3"]:
    """Rows in A of the shortest edges that span a lattice (Minkowski's conditions)."""
    rows = np.array(primitive, dtype=np.float64)
    for _ in range(1000):
        rows = rows[np.argsort((rows**2).sum(axis=1), kind="stable")]
        for last in (1, 2):
            shifts = np.array(list(product((0, -1, 1), repeat=last))) @ rows[:last]
            square = ((rows[last] + shifts) ** 2).sum(axis=1)
            best = int(square.argmin())
            if square[best] < square[0] * (1 - 1e-9):
                rows[last] += shifts[best]
                break
        else:
            break
    return rows
