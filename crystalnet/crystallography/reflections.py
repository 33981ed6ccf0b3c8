"""The reflections of a crystal within a range: half a sphere of reciprocal points, by length."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError

# By how much |hkl|^2 may exceed the limits, relatively, for rounding.
LIMIT_TOLERANCE = 1e-15

# A bound on memory (about 10 GB), and a hundred times what a cell of 1000 atoms gives with Mo.
MAX_REFLECTIONS = 100_000_000


@dataclass(frozen=True, eq=False)
class HalfSphere:
    """Reciprocal points between two radii, one of each Friedel pair, in order of length.

    The points lie on rows along the last of three (permuted) axes. A row is cut to a window of
    2 half_width + 1 points about its foot, the point nearest to the origin; so the windows follow
    the sphere in an oblique cell too.

    Attributes:
        lattice: rows are a, b, c in A.
        axes: the cell's axes in the order used here; the longest is last.
        row_hkl: indices of each row's middle, the foot, in that order of axes.
        half_width: points on either side of the foot.
        point: position of each reflection in the array of rows and windows, flattened.
        g_squared: 1 / d^2 in 1/A^2, ascending.
    """

    lattice: Float[ndarray, "3 3"]
    axes: Int[ndarray, "3"]
    row_hkl: Int[ndarray, "3 rows"]
    half_width: int
    point: Int[ndarray, " reflections"]
    g_squared: Float[ndarray, " reflections"]

    @classmethod
    def of(cls, crystal: Crystal, radius_low: float, radius_high: float) -> "HalfSphere":
        """All with radius_low <= |hkl| <= radius_high, in 1/A, but the origin.

        Raises:
            CrystalNetError: if there are too many for the memory.
        """
        expected = 2 / 3 * np.pi * radius_high**3 * crystal.volume
        if expected > MAX_REFLECTIONS:
            raise CrystalNetError(
                f"{crystal.material_id}: {expected:.1e} reflections in the range; want at most "
                f"{MAX_REFLECTIONS:.0e}, so take a longer wavelength or a smaller range"
            )
        lengths = np.sqrt((crystal.lattice**2).sum(axis=1))
        axes = np.argsort(lengths)
        reciprocal = np.linalg.inv(crystal.lattice[axes]).T
        spacing = math.sqrt(reciprocal[2] @ reciprocal[2])
        along = reciprocal[:2] @ reciprocal[2] / spacing**2
        across = reciprocal[:2] - along[:, None] * reciprocal[2]
        low, high = radius_low**2 * (1 - LIMIT_TOLERANCE), radius_high**2 * (1 + LIMIT_TOLERANCE)

        # No index exceeds radius times axis; the small addition is for rounding.
        h_max, k_max = (radius_high * lengths[axes[:2]] + 1e-6).astype(int)
        h, k = np.arange(h_max + 1.0), np.arange(-k_max, k_max + 1.0)
        perpendicular = sum((h[:, None] * across[0, i] + k * across[1, i]) ** 2 for i in range(3))
        on_sphere = perpendicular <= high
        on_sphere[0, :k_max] = False
        rows = np.flatnonzero(on_sphere)
        perpendicular = perpendicular.ravel()[rows]
        row_hkl = np.empty((3, len(rows)), dtype=np.int64)
        row_hkl[0], row_hkl[1] = rows // len(k), rows % len(k) - k_max
        shift = along @ row_hkl[:2]
        foot = -np.rint(shift)
        shift += foot
        row_hkl[2] = foot
        half_width = int(radius_high / spacing + 0.5 + 1e-6)
        g_squared = np.arange(-half_width, half_width + 1) + shift[:, None]
        g_squared *= spacing
        g_squared *= g_squared
        g_squared += perpendicular[:, None]
        inside = g_squared <= high
        if low > 0:
            inside &= g_squared >= low
        # The first row is h = k = 0: through the origin, it is halved as well.
        inside[0, : half_width + 1] = False
        point = np.flatnonzero(inside)
        g_squared = g_squared.ravel().take(point)
        order = np.argsort(g_squared)
        return cls(
            crystal.lattice,
            axes,
            row_hkl,
            half_width,
            point.take(order),
            g_squared.take(order),
        )

    def hkl(self, chosen: Int[ndarray, " chosen"]) -> Int[ndarray, "chosen 3"]:
        """Miller indices of some of the reflections."""
        row, place = np.divmod(self.point[chosen], 2 * self.half_width + 1)
        hkl = np.empty((len(row), 3), dtype=np.int64)
        hkl[:, self.axes] = self.row_hkl[:, row].T
        hkl[:, self.axes[2]] += place - self.half_width
        return hkl
