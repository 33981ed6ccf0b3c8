"""Orthorhombic lattices: P, C, I and F; 1 / d^2 = A h^2 + B k^2 + C l^2."""

import numpy as np

from crystalnet.solving.lattice.compiled import ORTHORHOMBIC
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, Frequency, LatticeKind


class Orthorhombic(LatticeKind):
    """A = 1 / a^2 and so on."""

    system = "orthorhombic"
    edges = ("a", "b", "c")
    metric = np.eye(6)[:, :3]
    laue = ORTHORHOMBIC
    groups = range(16, 75)
    frequencies = {  # noqa: RUF012
        "F": Frequency(0.005, 5.45, 0.75, 40.0),
        "I": Frequency(0.034, 5.86, 0.86, 30.0),
        "C": Frequency(0.044, 5.35, 0.68, 20.0),
        "P": Frequency(0.062, 5.86, 0.63, 35.0),
    }
    fewest_lines = 6
    first_lines = 12

    def standard(self, centring: Centring, edges: tuple[float, ...]) -> tuple[float, ...]:
        """a <= b <= c, but with c across the centred face where there is one."""
        if centring == "C":
            return (*sorted(edges[:2]), edges[2])
        return tuple(sorted(edges))
