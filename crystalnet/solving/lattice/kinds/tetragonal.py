"""Tetragonal lattices: P and I; 1 / d^2 = A (h^2 + k^2) + C l^2."""

import numpy as np

from crystalnet.solving.lattice.compiled import TETRAGONAL
from crystalnet.solving.lattice.kinds.lattice_kind import Frequency, LatticeKind


class Tetragonal(LatticeKind):
    """A = 1 / a^2 and C = 1 / c^2."""

    system = "tetragonal"
    edges = ("a", "c")
    metric = np.array([[1.0, 0], [1, 0], [0, 1], [0, 0], [0, 0], [0, 0]])
    laue = TETRAGONAL
    groups = range(75, 143)
    frequencies = {  # noqa: RUF012
        "I": Frequency(0.076, 5.09, 0.71, 11.0),
        "P": Frequency(0.063, 5.20, 0.69, 20.0),
    }
    fewest_lines = 5
    first_lines = 10
