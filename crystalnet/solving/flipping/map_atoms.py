"""Where a symmetric map has atoms: its maxima, on the Wyckoff positions of its group."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.flipping.map_symmetry import primitive_operations
from crystalnet.solving.lattice.cells import centring_vectors
from crystalnet.solving.search.analogues import on_position
from crystalnet.solving.settings import USUAL, FlippingSettings
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.symmetry.orbit_distances import reduced_cell


@dataclass(frozen=True, eq=False)
class Site:
    """A maximum and its images.

    Attributes:
        place: number of the Wyckoff position.
        parameters: its free coordinates.
        multiplicity: images in the primitive cell.
        height: of the map.
    """

    place: int
    parameters: Float[ndarray, " freedom"]
    multiplicity: int
    height: float


class SiteFinder:
    """Maxima of maps in one frame as sites."""

    def __init__(
        self,
        frame: Frame,
        primitive: Float[ndarray, "3 3"],
        settings: FlippingSettings = USUAL.flipping,
    ) -> None:
        """Prepare for one frame.

        Args:
            primitive: rows of the cell of the maps in A.
        """
        self._group = frame.group
        self._primitive = primitive
        self._turns, self._shifts = primitive_operations(frame, primitive)
        self._to_frame = primitive @ np.linalg.inv(frame.cell)
        self._centring = centring_vectors(frame.group.centring)
        self._settings = settings
        reduced = reduced_cell(primitive)
        self._reduce = primitive @ np.linalg.inv(reduced)
        self._reduced = reduced
        self._around = np.array(list(product((-1, 0, 1), repeat=3))) @ reduced

    def sites(self, density: Float[ndarray, "n m k"], most: int) -> list[Site]:
        """The sites of the highest maxima, each once.

        Args:
            most: maxima looked at.
        """
        found: list[Site] = []
        taken = np.empty((0, 3))
        for x, height in zip(*maxima(density, most, self._settings.rounded_heights), strict=True):
            if len(taken) and self._lengths(taken - x).min() < self._settings.same_maximum:
                continue
            point, still = self._settled(x)
            images = self._turns @ point + self._shifts
            taken = np.concatenate([taken, images])
            multiplicity = len(self._turns) // still
            site = self._site(images @ self._to_frame, multiplicity)
            if site is not None:
                found.append(Site(*site, multiplicity, float(height)))
        return found

    def _settled(self, x: Float[ndarray, " 3"]) -> tuple[Float[ndarray, " 3"], int]:
        """The point that the operations leave in place which nearly do so, and how many they are.

        From the largest reach on, until they are a group: their number divides that of all.
        """
        point, count = x, 1
        near = self._settings.on_special
        for reach in (near, near / 2, near / 4):
            point = x
            for _ in range(self._settings.settling):
                apart = self._shortest(self._turns @ point + self._shifts - point)
                own = np.linalg.norm(apart @ self._primitive, axis=1) < reach
                point = point + apart[own].mean(axis=0)
            apart = self._shortest(self._turns @ point + self._shifts - point)
            count = int((np.linalg.norm(apart @ self._primitive, axis=1) < 1e-3).sum())
            if count == int(own.sum()) and len(self._turns) % count == 0:
                return point, count
        return x, 1

    def _site(
        self, orbit: Float[ndarray, "images 3"], multiplicity: int
    ) -> tuple[int, Float[ndarray, " freedom"]] | None:
        atoms = (orbit[:, None] + self._centring).reshape(-1, 3) % 1
        for place, position in enumerate(self._group.positions):
            if position.multiplicity == multiplicity * len(self._centring):
                values = on_position(atoms, position)
                if values is not None:
                    return place, values
        return None

    def _shortest(self, apart: Float[ndarray, "points 3"]) -> Float[ndarray, "points 3"]:
        """Vectors in fractions of the cell, less the lattice vectors that make them shortest."""
        near = apart @ self._reduce
        near = (near - np.rint(near)) @ self._reduced
        every = near[:, None] + self._around
        best = (every**2).sum(axis=2).argmin(axis=1)
        shortest = every[np.arange(len(near)), best]
        return np.asarray(shortest @ np.linalg.inv(self._primitive))

    def _lengths(self, apart: Float[ndarray, "points 3"]) -> Float[ndarray, " points"]:
        return np.asarray(np.linalg.norm(self._shortest(apart) @ self._primitive, axis=1))


def maxima(
    density: Float[ndarray, "n m k"], most: int, coarse: float = USUAL.flipping.rounded_heights
) -> tuple[Float[ndarray, "maxima 3"], Float[ndarray, " maxima"]]:
    """Points of a periodic map higher than their neighbours, the highest first, and their heights.

    Each is moved to the top of the parabola through its neighbours along each axis.

    Args:
        most: maxima returned.
        coarse: share of the highest that heights are compared to.

    Returns:
        fractional coordinates, and heights.
    """
    scale = max(float(np.abs(density).max()), 1e-300)
    rounded = np.rint(density / (coarse * scale)).astype(np.int64)
    top = rounded > 0
    for shift in product((-1, 0, 1), repeat=3):
        if any(shift):
            # Of equal neighbours the first is the higher one.
            other = np.roll(rounded, shift, (0, 1, 2))
            top &= (rounded > other) if shift > (0, 0, 0) else (rounded >= other)
    places = np.argwhere(top)
    places = places[np.argsort(-rounded[top], kind="stable")[:most]]
    centre = density[tuple(places.T)]
    moved = places.astype(np.float64)
    for axis in range(3):
        step: Int[ndarray, " 3"] = np.eye(3, dtype=np.int64)[axis]
        below, above = (
            density[tuple(((places + sign * step) % density.shape).T)] for sign in (-1, 1)
        )
        bend = below - 2 * centre + above
        off = (below - above) / 2 / np.where(bend < 0, bend, -np.inf)
        moved[:, axis] += np.clip(off, -0.5, 0.5)
    return moved / density.shape, centre
