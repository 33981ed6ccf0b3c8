"""Lattices on hexagonal axes: hexagonal P, of trigonal and hexagonal crystals, and rhombohedral R.

1 / d^2 = A m + C l^2, with A = 4 / (3 a^2), m = h^2 + h k + k^2 and C = 1 / c^2. The positions of
peaks do not tell whether a crystal of a hexagonal lattice is trigonal or hexagonal.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.lattice.compiled import HEXAGONAL
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, Frequency, LatticeKind

RHOMBOHEDRAL_GROUPS = (146, 148, 155, 160, 161, 166, 167)


class Hexagonal(LatticeKind):
    """Primitive lattices, a and b at 120 degrees."""

    system = "hexagonal"
    edges = ("a", "c")
    metric = np.array([[1.0, 0], [1, 0], [0, 1], [0, 0], [0, 0], [1, 0]])
    laue = HEXAGONAL
    groups = tuple(number for number in range(143, 195) if number not in RHOMBOHEDRAL_GROUPS)
    frequencies = {"P": Frequency(0.185, 5.27, 0.78, 9.0)}  # noqa: RUF012
    fewest_lines = 5
    first_lines = 10
    hexagonal_axes = True

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """P: 120 degrees between the first two edges."""
        a, c = edges
        half = np.sqrt(3) / 2
        return np.array([[a * half, -a / 2, 0], [0, a, 0], [0, 0, c]])

    def families(self, centring: Centring, hkl: Int[ndarray, "lines 3"]) -> Int[ndarray, "ways l"]:
        """One family; half of c; half of a; a / sqrt 3 (for R a third of c with it)."""
        h, k, ell = hkl.T
        m = h * h + h * k + k * k
        return np.array([0 * m, ell % 2, m % 4 == 0, m % 3 == 0], dtype=np.int64)


class Rhombohedral(Hexagonal):
    """Rhombohedral lattices on hexagonal axes, obverse; their crystals are trigonal."""

    system = "trigonal"
    groups = RHOMBOHEDRAL_GROUPS
    frequencies = {"R": Frequency(0.088, 5.32, 0.77, 12.0)}  # noqa: RUF012

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """Three equal edges and angles."""
        a, c = edges
        turned = np.radians([-30, 90, 210])
        flat = a / np.sqrt(3)
        return np.column_stack([flat * np.cos(turned), flat * np.sin(turned), np.full(3, c / 3)])

    def conventional(
        self, centring: Centring, edges: tuple[float, ...], primitive: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "3 3"]:
        return np.asarray(np.array([[1, -1, 0], [0, 1, -1], [1, 1, 1]]) @ primitive)
