"""Lattices on hexagonal axes: trigonal and hexagonal P, and rhombohedral R (obverse).

1 / d^2 = A m + C l^2, with A = 4 / (3 a^2), m = h^2 + h k + k^2 and C = 1 / c^2: reflections that
share m and |l| are one line.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattice.kinds.hexagonal_starts import hexagonal_starts
from crystalnet.solving.lattice.kinds.lattice_kind import (
    RARELY,
    Centring,
    Frequency,
    LatticeKind,
    LineTable,
    Numbers,
)
from crystalnet.solving.lattice.lines import Lines

# The lines tabulated; a lattice that needs more to reach the measured ones is refused long before.
MOST_M, MOST_L = 200, 60


class Hexagonal(LatticeKind):
    """Trigonal and hexagonal lattices, which the positions of peaks do not tell apart.

    They go by the name trigonal.
    """

    system = "trigonal"
    edges = ("a", "c")
    groups = range(143, 195)
    # Of the 25,442 training crystals of data/structures.parquet.
    frequencies = {  # noqa: RUF012
        "R": Frequency(0.24, 5.40, 0.76, 12.0),
        "P": Frequency(0.12, 5.49, 0.85, 9.0),
    }
    fewest_lines = 5
    grid = 12
    hexagonal_axes = True

    def parameters_of(self, edges: tuple[float, ...]) -> Float[ndarray, "2"]:
        a, c = edges
        return np.array([4 / (3 * a**2), c**-2])

    def edges_of(self, *parameters: Numbers) -> tuple[Numbers, ...]:
        flat, along = parameters
        return (0.75 * flat) ** -0.5, along**-0.5

    def volume_of(self, *edges: Numbers) -> Numbers:
        a, c = edges
        volume: Numbers = np.sqrt(0.75) * a**2 * c
        return volume

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """P: 120 degrees between the first two edges; R: three equal edges and angles."""
        a, c = edges
        if centring == "P":
            half = np.sqrt(3) / 2
            return np.array([[a * half, -a / 2, 0], [0, a, 0], [0, 0, c]])
        turned = np.radians([-30, 90, 210])
        flat = a / np.sqrt(3)
        return np.column_stack([flat * np.cos(turned), flat * np.sin(turned), np.full(3, c / 3)])

    def conventional(
        self, centring: Centring, edges: tuple[float, ...], primitive: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "3 3"]:
        if centring == "P":
            return primitive
        return np.asarray(np.array([[1, -1, 0], [0, 1, -1], [1, 1, 1]]) @ primitive)

    def line_table(self, centring: Centring) -> LineTable:
        """R: -h + k + l = 3n; m is (h - k)^2 modulo 3: 3 divides both of m and l, or neither."""
        h = np.arange(int(MOST_M**0.5) + 1)
        sums = np.unique(np.add.outer(h**2, h**2) + np.multiply.outer(h, h))
        m, line = (
            each.ravel()
            for each in np.meshgrid(sums[sums <= MOST_M], np.arange(MOST_L + 1), indexing="ij")
        )
        allowed = (m > 0) | (line > 0)
        if centring == "R":
            allowed &= (m % 3 == 0) == (line % 3 == 0)
        # One family; half of c; half of a; a / sqrt 3 (for R a third of c with it).
        ways = [0 * m, line % 2, m % 4 == 0, m % 3 == 0]
        return LineTable(
            np.column_stack([m, line**2])[allowed].astype(float),
            np.array(ways, dtype=int)[:, allowed],
            np.full(len(ways), RARELY),
        )

    def starts(self, centring: Centring, lines: Lines) -> Float[ndarray, "starts 2"]:
        return hexagonal_starts(self, centring, lines)
