"""What a crystal system must say, for its lattices to be found, built and filled with atoms."""

import math
from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.solving.lattice.compiled import CENTRINGS, present
from crystalnet.solving.settings import USUAL

INDICES = Path(__file__).parents[1] / "trial_indices.npz"
Centring = Literal["P", "A", "C", "I", "F", "R"]

# Cell parameters in the order of everybody.
CELL = ("a", "b", "c", "alpha", "beta", "gamma")
# Lattice points in a conventional cell, and rows of a primitive cell in fractions of it.
POINTS: dict[Centring, int] = {"P": 1, "A": 2, "C": 2, "I": 2, "F": 4, "R": 3}
PRIMITIVE: dict[Centring, Float[ndarray, "3 3"]] = {
    "P": np.eye(3),
    "C": np.array([[1, -1, 0], [1, 1, 0], [0, 0, 2]]) / 2,
    "I": (1 - 2 * np.eye(3)) / 2,
    "F": (1 - np.eye(3)) / 2,
}


@dataclass(frozen=True)
class Frequency:
    """How frequent lattices of one centring are among crystals.

    Attributes:
        share: of all crystals, each crystal system being as frequent as any other.
        mean, deviation: of the logarithm of the primitive cell's volume in A^3.
        least: the least volume to be expected, in A^3.
    """

    share: float
    mean: float
    deviation: float
    least: float


class LatticeKind(ABC):
    """The lattices of one crystal system, described by the free parameters of their cells.

    Lattices are fitted by as many numbers as there are free cell parameters, those in 1/A^2 that
    1 / d^2 is linear in.

    Attributes:
        system: its name.
        edges: names of the free parameters of the conventional cell, edges and then angles.
        metric: what the coefficients of h^2, k^2, l^2, kl, hl and hk in 1 / d^2 are of the
            numbers.
        laue: which reflections are one line by symmetry
            (`crystalnet.solving.lattice.compiled`).
        groups: numbers of the space groups that have such a lattice.
        frequencies: of each centring; the densest comes first: its absences are the strictest.
        fewest_lines: that its parameters need to be worth anything.
        first_lines: that trial lattices are made of: small indices are theirs.
        hexagonal_axes: whether a and b are at 120 degrees.
    """

    system: ClassVar[str]
    edges: ClassVar[tuple[str, ...]]
    metric: ClassVar[Float[ndarray, "6 parameters"]]
    laue: ClassVar[int]
    groups: ClassVar[Sequence[int]]
    frequencies: ClassVar[dict[Centring, Frequency]]
    fewest_lines: ClassVar[int]
    first_lines: ClassVar[int]
    hexagonal_axes: ClassVar[bool] = False

    @property
    def centrings(self) -> tuple[Centring, ...]:
        """Those it may have, the densest first."""
        return tuple(self.frequencies)

    def cell(self, edges: Sequence[float]) -> tuple[float, ...]:
        """a, b, c in A and alpha, beta, gamma in degrees, from the free ones."""
        free = dict(zip(self.edges, edges, strict=True))
        a = free["a"]
        b = free.get("b", a)
        c = free.get("c", a)
        gamma = free.get("gamma", 120.0 if self.hexagonal_axes else 90.0)
        return a, b, c, free.get("alpha", 90.0), free.get("beta", 90.0), gamma

    def free(self, numbers: Sequence[float]) -> tuple[float, ...] | None:
        """The free parameters that were given: those alone, or a, b, c, or the whole cell.

        None where the numbers are of another kind of lattice: of another count, or edges or angles
        that ought to be equal and are not within 1 %.
        """
        if len(numbers) == len(self.edges):
            found = tuple(float(each) for each in numbers)
        elif len(numbers) in (3, 6):
            whole = dict(zip(CELL, numbers, strict=False))
            found = tuple(float(whole.get(name, math.nan)) for name in self.edges)
        else:
            return None
        narrowest = USUAL.lattices.narrowest
        angles = [value for name, value in zip(self.edges, found, strict=True) if len(name) > 1]
        if not all(narrowest < angle < 180 - narrowest for angle in angles):
            return None
        if len(numbers) in (3, 6):
            cell = self.cell(found)[: len(numbers)]
            if not np.allclose(cell, numbers, rtol=USUAL.lattices.given_alike):
                return None
        return found

    def parameters_of(self, edges: Sequence[float]) -> Float[ndarray, " parameters"]:
        """The numbers in 1/A^2 that 1 / d^2 is linear in, from free cell parameters."""
        six = six_numbers_of(Lattice.from_parameters(*self.cell(edges)).matrix)
        return np.asarray(np.linalg.lstsq(self.metric, six, rcond=None)[0])

    def edges_of(self, parameters: Float[ndarray, " parameters"]) -> tuple[float, ...]:
        """Free cell parameters, edges in A and angles in degrees, from the numbers."""
        m = self.metric @ parameters
        half = m / 2
        reciprocal = [[m[0], half[5], half[4]], [half[5], m[1], half[3]], [half[4], half[3], m[2]]]
        g = np.linalg.inv(np.array(reciprocal))
        a, b, c = np.sqrt(np.diag(g))
        cosines = np.array([g[1, 2] / (b * c), g[0, 2] / (a * c), g[0, 1] / (a * b)])
        cell = dict(zip(CELL, (a, b, c, *np.degrees(np.arccos(cosines))), strict=True))
        return tuple(float(cell[name]) for name in self.edges)

    def standard(self, centring: Centring, edges: tuple[float, ...]) -> tuple[float, ...]:
        """The cell parameters of the same lattice as tables give them."""
        return edges

    def volume_of(self, edges: Sequence[float]) -> float:
        """Volume of the conventional cell in A^3."""
        return float(Lattice.from_parameters(*self.cell(edges)).volume)

    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """Rows a, b, c in A of the primitive cell."""
        return np.asarray(PRIMITIVE[centring] @ Lattice.from_parameters(*self.cell(edges)).matrix)

    def conventional(
        self, centring: Centring, edges: tuple[float, ...], primitive: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "3 3"]:
        """Rows a, b, c in A of the conventional cell that a primitive one belongs to."""
        return np.asarray(np.linalg.inv(PRIMITIVE[centring]) @ primitive)

    def index_sets(self, centring: Centring) -> Float[ndarray, "sets parameters parameters"]:
        """Sets of lines that trial lattices are made of, as the `terms` of each line.

        The most useful set comes first (`crystalnet.solving.lattice.trials`).
        """
        with np.load(INDICES, allow_pickle=False) as sets:
            return np.asarray(sets[f"{self.system} {centring}"], dtype=np.float64)

    def terms(self, hkl: Int[ndarray, "lines 3"]) -> Float[ndarray, "lines parameters"]:
        """What 1 / d^2 of lines is linear in: it is their product with the numbers."""
        h, k, ell = hkl.T
        squares = np.stack([h * h, k * k, ell * ell, k * ell, h * ell, h * k], axis=1)
        return np.asarray(squares @ self.metric)

    def families(self, centring: Centring, hkl: Int[ndarray, "lines 3"]) -> Int[ndarray, "ways l"]:
        """Ways to part lines into families, whose numbers these are.

        Where the atoms nearly repeat in a smaller cell, lines of one family are strong and of
        another weak: here in the seven cells of half the volume.
        """
        ways = [np.zeros(len(hkl), dtype=np.int64)]
        ways += [(hkl @ parity) % 2 for parity in parities(self.laue, centring)]
        return np.array(ways)

    def often_unseen(self, centring: Centring) -> Bool[ndarray, " ways"]:
        """In which ways all lines of a family are often too weak to be seen, not only rarely."""
        return np.zeros(len(self.families(centring, np.ones((1, 3), dtype=np.int64))), dtype=bool)


def six_numbers_of(cell: Float[ndarray, "3 3"]) -> Float[ndarray, "6"]:
    """Coefficients of h^2, k^2, l^2, kl, hl and hk in 1 / d^2, in 1/A^2, from rows a, b, c in A."""
    reciprocal = np.linalg.inv(cell)
    g = reciprocal.T @ reciprocal
    return np.array([g[0, 0], g[1, 1], g[2, 2], 2 * g[1, 2], 2 * g[0, 2], 2 * g[0, 1]])


@cache
def parities(laue: int, centring: Centring) -> tuple[Int[ndarray, "3"], ...]:
    """Sums of indices that are even for half of the lines that the centring leaves, each once.

    With a fourfold axis or more (`laue` from 3 on) only those that treat h and k alike.
    """
    hkl = np.indices((4, 4, 4)).reshape(3, -1).T
    hkl = hkl[[present(CENTRINGS[centring], *each) for each in hkl.tolist()]]
    kept: dict[bytes, Int[ndarray, "3"]] = {}
    for each in product((0, 1), repeat=3):
        family = hkl @ np.array(each) % 2
        if family.any() and (laue < 3 or each[0] == each[1]):
            kept.setdefault(family.tobytes(), np.array(each))
    return tuple(kept.values())
