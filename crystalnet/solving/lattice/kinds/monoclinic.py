"""Monoclinic lattices: P and C, b unique; 1 / d^2 = A h^2 + B k^2 + C l^2 + E h l."""

import math

import numpy as np

from crystalnet.solving.lattice.compiled import MONOCLINIC
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, Frequency, LatticeKind


class Monoclinic(LatticeKind):
    """All angles but beta are right; beta is at least 90 degrees, and a and c are short."""

    system = "monoclinic"
    edges = ("a", "b", "c", "beta")
    metric = np.eye(6)[:, [0, 1, 2, 4]]
    laue = MONOCLINIC
    groups = range(3, 16)
    frequencies = {  # noqa: RUF012
        "C": Frequency(0.087, 5.60, 0.60, 20.0),
        "P": Frequency(0.062, 5.86, 0.55, 50.0),
    }
    fewest_lines = 8
    first_lines = 12

    def standard(self, centring: Centring, edges: tuple[float, ...]) -> tuple[float, ...]:
        """The shortest a and c there are; if it is P, a <= c.

        In a C lattice a may change by twice c alone, so that the centred face stays.
        """
        length, b, other, beta = edges
        a = np.array([length, 0.0])
        c = other * np.array([math.cos(math.radians(beta)), math.sin(math.radians(beta))])
        step = 2 if centring == "C" else 1
        # Moves that shorten by rounding alone would go on for ever.
        while True:
            along_a = round(-float(c @ a / (a @ a)) * (1 - 1e-9))
            along_c = round(-float(a @ c / (step * (c @ c))) * (1 - 1e-9))
            if along_a:
                c = c + along_a * a
            elif along_c:
                a = a + along_c * step * c
            else:
                break
        length, other = float(np.linalg.norm(a)), float(np.linalg.norm(c))
        if centring == "P" and length > other:
            length, other = other, length
        angle = math.degrees(math.acos(-abs(float(a @ c)) / (length * other)))
        return length, b, other, angle
