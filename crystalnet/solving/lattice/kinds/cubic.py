"""Cubic lattices.

1 / d^2 = A N, with A = 1 / a^2 and N = h^2 + k^2 + l^2: reflections that share N are one line.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattice.kinds.lattice_kind import (
    OFTEN,
    RARELY,
    Centring,
    Frequency,
    LatticeKind,
    LineTable,
    Numbers,
)
from crystalnet.solving.lattice.lines import Lines

# The lines tabulated; a lattice that needs more to reach the measured ones is refused long before.
MOST_N = 1500
# The lines given indices, from the lowest, and the largest indices given.
START_LINES, START_N = 6, 40


class Cubic(LatticeKind):
    """Cubic lattices, of one free edge."""

    system = "cubic"
    edges = ("a",)
    groups = range(195, 231)
    # Of the 25,442 training crystals of data/structures.parquet. Where lines leave the choice (an
    # ordered F cell without visible lines of its order, or its I subcell) it is this that decides.
    frequencies = {  # noqa: RUF012
        "F": Frequency(0.43, 4.87, 0.77, 9.0),
        "I": Frequency(0.05, 6.03, 0.65, 9.0),
        "P": Frequency(0.16, 4.71, 0.85, 15.0),
    }
    fewest_lines = 3
    grid = 8
    hexagonal_axes = False

    def parameters_of(self, edges: tuple[float, ...]) -> Float[ndarray, "1"]:
        return np.array([edges[0] ** -2])

    def edges_of(self, *parameters: Numbers) -> tuple[Numbers, ...]:
        return (parameters[0] ** -0.5,)

    def volume_of(self, *edges: Numbers) -> Numbers:
        volume: Numbers = edges[0] ** 3
        return volume

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """F: 60 degrees between edges of a / sqrt 2; I: 109.47 degrees, a sqrt(3) / 2."""
        cell = {"P": np.eye(3), "I": (1 - 2 * np.eye(3)) / 2, "F": (1 - np.eye(3)) / 2}[centring]
        return np.asarray(edges[0] * cell)

    def conventional(
        self, centring: Centring, edges: tuple[float, ...], primitive: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "3 3"]:
        return np.asarray(edges[0] * np.eye(3))

    def line_table(self, centring: Centring) -> LineTable:
        """N mod 4 is 0, 1, 2 or 3 for none to three odd indices: F leaves 0 and 3, I the even N."""
        squares = np.arange(int(MOST_N**0.5) + 1) ** 2
        n = np.unique(np.add.outer(np.add.outer(squares, squares), squares))
        n = n[(n > 0) & (n <= MOST_N)]
        face, body = np.isin(n % 4, (0, 3)), n % 2 == 0
        allowed = {"P": n > 0, "I": body, "F": face}[centring]
        # One family; a cell of half the edge; then nearly I or F if it is P, and for F a body-
        # centred cell of half the edge (or diamond, without 4n + 2 sums of even indices).
        ways = [0 * n, n % 4 == 0]
        ways += {"P": [body, face], "I": [], "F": [np.where(n % 4 == 0, n % 8, 1)]}[centring]
        unseen = np.full(len(ways), RARELY)
        if centring == "F":
            unseen[1:] = OFTEN
        return LineTable(
            n[allowed, None].astype(float), np.array(ways, dtype=int)[:, allowed], unseen
        )

    def starts(self, centring: Centring, lines: Lines) -> Float[ndarray, "starts 1"]:
        n = self.line_table(centring).terms[:, 0]
        n = n[n <= START_N]
        return self.sensible(np.divide.outer(lines.q[:START_LINES], n).reshape(-1, 1))
