"""Triclinic lattices: 1 / d^2 = A h^2 + B k^2 + C l^2 + D k l + E h l + F h k."""

import numpy as np
from pymatgen.core import Lattice

from crystalnet.solving.lattice.compiled import TRICLINIC
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, Frequency, LatticeKind

# Niggli's conditions hold within this share of an edge.
TOLERANCE = 1e-5


class Triclinic(LatticeKind):
    """Six free parameters; the cell is Niggli's."""

    system = "triclinic"
    edges = ("a", "b", "c", "alpha", "beta", "gamma")
    metric = np.eye(6)
    laue = TRICLINIC
    groups = (1, 2)
    frequencies = {"P": Frequency(0.156, 5.62, 0.47, 40.0)}  # noqa: RUF012
    fewest_lines = 10
    first_lines = 11

    def standard(self, centring: Centring, edges: tuple[float, ...]) -> tuple[float, ...]:
        """Three shortest edges, angles all acute or none (International Tables A, 3.1.3)."""
        reduced = Lattice.from_parameters(*edges).get_niggli_reduced_lattice(TOLERANCE)
        return tuple(float(each) for each in reduced.parameters)
