"""Cubic lattices: P, I and F; 1 / d^2 = A N, with A = 1 / a^2 and N = h^2 + k^2 + l^2."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from crystalnet.solving.lattice.compiled import CUBIC
from crystalnet.solving.lattice.kinds.lattice_kind import (
    PRIMITIVE,
    Centring,
    Frequency,
    LatticeKind,
)


class Cubic(LatticeKind):
    """One edge, three right angles."""

    system = "cubic"
    edges = ("a",)
    metric = np.array([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]])
    laue = CUBIC
    groups = range(195, 231)
    frequencies = {  # noqa: RUF012
        "F": Frequency(0.092, 4.91, 0.77, 14.0),
        "I": Frequency(0.010, 6.03, 0.65, 9.0),
        "P": Frequency(0.037, 4.71, 0.85, 15.0),
    }
    fewest_lines = 3
    first_lines = 6

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """F: 60 degrees between edges of a / sqrt 2; I: 109.47 degrees, a sqrt(3) / 2."""
        return np.asarray(edges[0] * PRIMITIVE[centring])

    def families(self, centring: Centring, hkl: Int[ndarray, "lines 3"]) -> Int[ndarray, "ways l"]:
        """N mod 4 is 0, 1, 2 or 3 for none to three odd indices: F leaves 0 and 3, I the even N."""
        n = (hkl**2).sum(axis=1)
        face, body = np.isin(n % 4, (0, 3)), n % 2 == 0
        # One family; a cell of half the edge; then nearly I or F if it is P, and for F a body-
        # centred cell of half the edge (or diamond, without 4n + 2 sums of even indices).
        ways = [0 * n, n % 4 == 0]
        if centring == "P":
            ways += [body, face]
        elif centring == "F":
            ways += [np.where(n % 4 == 0, n % 8, 1)]
        return np.array(ways, dtype=np.int64)

    def often_unseen(self, centring: Centring) -> Bool[ndarray, " ways"]:
        """Heusler compounds and rock salts: lines of odd indices are differences of like atoms."""
        found = super().often_unseen(centring)
        found[1:] = centring == "F"
        return found
