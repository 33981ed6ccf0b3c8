"""The one file of a new crystal system: primitive tetragonal lattices."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattice.kinds.lattice_kind import (
    RARELY,
    Centring,
    Frequency,
    LatticeKind,
    LineTable,
    Numbers,
)
from crystalnet.solving.lattice.lines import Lines


class Tetragonal(LatticeKind):
    """1 / d^2 = A n + C l^2, with A = 1 / a^2, n = h^2 + k^2 and C = 1 / c^2."""

    system = "tetragonal"
    edges = ("a", "c")
    groups = range(75, 143)
    frequencies = {"P": Frequency(0.1, 5.0, 0.8, 10.0)}  # noqa: RUF012
    fewest_lines = 5
    grid = 8
    hexagonal_axes = False

    def parameters_of(self, edges: tuple[float, ...]) -> Float[ndarray, "2"]:
        return np.array(edges) ** -2.0

    def edges_of(self, *parameters: Numbers) -> tuple[Numbers, ...]:
        return tuple(each**-0.5 for each in parameters)

    def volume_of(self, *edges: Numbers) -> Numbers:
        volume: Numbers = edges[0] ** 2 * edges[1]
        return volume

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        return np.diag([edges[0], edges[0], edges[1]])

    def conventional(
        self, centring: Centring, edges: tuple[float, ...], primitive: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "3 3"]:
        return primitive

    def line_table(self, centring: Centring) -> LineTable:
        squares = np.arange(20) ** 2
        n = np.unique(np.add.outer(squares, squares))
        n, line = (each.ravel() for each in np.meshgrid(n[n < 200], np.arange(40), indexing="ij"))
        seen = (n > 0) | (line > 0)
        terms = np.column_stack([n, line**2])[seen].astype(float)
        return LineTable(terms, np.array([0 * n, line % 2])[:, seen], np.full(2, RARELY))

    def starts(self, centring: Centring, lines: Lines) -> Float[ndarray, "starts 2"]:
        """Every two of the first lines as (h k 0) and (h k l) of small indices."""
        flat, other = np.array([1.0, 2.0, 4.0]), np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 4.0]])
        first = np.divide.outer(lines.q[:4], flat).ravel()
        rest = lines.q[:6, None, None] - first[:, None] * other[:, 0]
        along = (rest / other[:, 1]).transpose(1, 0, 2).reshape(len(first), -1)
        both = np.column_stack([np.repeat(first, along.shape[1]), along.ravel()])
        return self.sensible(both)
