"""The one file of a new kind of lattice: rhombohedral ones on their own three axes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.lattice.compiled import TRICLINIC
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, Frequency, LatticeKind


class OwnAxes(LatticeKind):
    """1 / d^2 = A (h^2 + k^2 + l^2) + D (k l + h l + h k)."""

    system = "rhombohedral"
    edges = ("a", "alpha")
    metric = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    laue = TRICLINIC
    groups = (146, 148, 155, 160, 161, 166, 167)
    frequencies = {"P": Frequency(0.1, 5.0, 0.8, 10.0)}  # noqa: RUF012
    fewest_lines = 5
    first_lines = 8

    def cell(self, edges: Sequence[float]) -> tuple[float, ...]:
        a, alpha = edges
        return a, a, a, alpha, alpha, alpha

    def index_sets(self, centring: Centring) -> Float[ndarray, "sets 2 2"]:
        """100 or 111 and one of 110, 10-1, 111, 100."""
        rows = np.array([[1.0, 0], [3, 3], [2, 1], [2, -1]])
        first, second = np.triu_indices(4, 1)
        pairs = np.stack([rows[first], rows[second]], axis=1)
        return np.concatenate([pairs, pairs[:, ::-1]])
