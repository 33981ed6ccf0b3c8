"""What a crystal system must say, for its lattices to be found, built and filled with atoms."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.lattice.lines import Lines

Centring = Literal["P", "A", "C", "I", "F", "R"]
Numbers = np.float64 | Float[ndarray, " lattices"]
"""A number of one lattice, or of many."""

# How probable it is that the lines that tell a lattice from its sublattice are all too weak: often
# for F and a P or I cell of half its edge (Heusler compounds and rock salts, whose lines of odd
# indices are differences of similar atoms), rarely for others. At 0.3 more of those would come
# first, and CsCl structures would be taken for them; at 0.1 the smallest cell that explains all
# lines comes first.
OFTEN, RARELY = 0.1, 0.03
# Edges in A and volumes in A^3 of conventional cells that are looked at.
EDGES, LARGEST_VOLUME = (1.5, 60.0), 20000.0


@dataclass(frozen=True, eq=False)
class LineTable:
    """The lines a kind of lattice may have.

    Attributes:
        terms: what 1 / d^2 of each line is linear in: it is their product with the parameters of
            the lattice (N, or m and l^2).
        families: ways to part the lines into families, whose numbers these are: where the atoms
            nearly repeat in a smaller cell, lines of one family are strong and of another weak.
        unseen: how probable it is for each way that all lines of a family are too weak to be seen.
    """

    terms: Float[ndarray, "lines parameters"]
    families: Int[ndarray, "ways lines"]
    unseen: Float[ndarray, " ways"]


@dataclass(frozen=True)
class Frequency:
    """How frequent lattices of one centring are among crystals.

    Attributes:
        share: of all crystals.
        mean, deviation: of the logarithm of the primitive cell's volume in A^3.
        least: the least volume to be expected, in A^3.
    """

    share: float
    mean: float
    deviation: float
    least: float


class LatticeKind(ABC):
    """The lattices of one crystal system, described by their free edges.

    Attributes:
        system: its name.
        edges: names of the free edges of the conventional cell.
        groups: numbers of the space groups that have such a lattice.
        frequencies: of each centring; the densest comes first: its absences are the strictest.
        fewest_lines: that its parameters need to be worth anything.
        grid: points of each axis of a grid that all special positions pass through
            (`crystalnet.solving.symmetry.wyckoff`).
        hexagonal_axes: whether a and b are at 120 degrees; otherwise all axes are at right angles.
    """

    system: ClassVar[str]
    edges: ClassVar[tuple[str, ...]]
    groups: ClassVar[range]
    frequencies: ClassVar[dict[Centring, Frequency]]
    fewest_lines: ClassVar[int]
    grid: ClassVar[int]
    hexagonal_axes: ClassVar[bool]

    @property
    def centrings(self) -> tuple[Centring, ...]:
        """Those it may have, the densest first."""
        return tuple(self.frequencies)

    @abstractmethod
    def parameters_of(self, edges: tuple[float, ...]) -> Float[ndarray, " parameters"]:
        """The numbers in 1/A^2 that 1 / d^2 is linear in, from edges in A."""

    @abstractmethod
    def edges_of(self, *parameters: Numbers) -> tuple[Numbers, ...]:
        """Edges in A, from the parameters, of one lattice or of many."""

    @abstractmethod
    def volume_of(self, *edges: Numbers) -> Numbers:
        """Volume of the conventional cell in A^3, of one lattice or of many."""

    @abstractmethod
    def primitive(self, centring: Centring, edges: tuple[float, ...]) -> Float[ndarray, "3 3"]:
        """Rows a, b, c in A of the primitive cell."""

    @abstractmethod
    def conventional(
        self, centring: Centring, edges: tuple[float, ...], primitive: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "3 3"]:
        """Rows a, b, c in A of the conventional cell that a primitive one belongs to."""

    @abstractmethod
    def line_table(self, centring: Centring) -> LineTable:
        """The lines that its reflection conditions leave."""

    @abstractmethod
    def starts(self, centring: Centring, lines: Lines) -> Float[ndarray, "starts parameters"]:
        """Parameters to start from: small indices for low lines, in every way there is.

        Of two that are equally good the one from lower lines and smaller indices comes first.
        """

    def sensible(
        self, starts: Float[ndarray, "starts parameters"]
    ) -> Float[ndarray, "kept parameters"]:
        """Those of the starts whose edges and volume are."""
        starts = starts[(starts > 0).all(axis=1)]
        edges = self.edges_of(*starts.T)
        kept = self.volume_of(*edges) <= LARGEST_VOLUME
        for edge in edges:
            kept &= (edge >= EDGES[0]) & (edge <= EDGES[1])
        return np.asarray(starts[kept])
