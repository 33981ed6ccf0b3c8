"""Lattices and their cells, of any crystal system that is known (`kinds`)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, LineTable


@dataclass(frozen=True, eq=False)
class IndexedLattice:
    """A lattice, and how well it explains the positions of measured peaks.

    Attributes:
        system: trigonal stands for everything on hexagonal axes; positions of peaks do not tell a
            trigonal P from a hexagonal lattice.
        centring: P, I, F, or R for rhombohedral (given in hexagonal axes).
        edges: the free ones of the conventional cell in A, as the system's kind names them.
        primitive: rows a, b, c of the primitive cell in A.
        figure_of_merit: de Wolff's M_N with N = min(20, lines) (J. Appl. Cryst. 1, 108 (1968),
            doi 10.1107/S002188986800508X); 0 where no peaks were compared.
        unexplained: significant peaks that the lattice does not explain.
        zero_shift: degrees 2-theta, to be subtracted from what was measured.
    """

    system: str
    centring: Centring
    edges: tuple[float, ...]
    primitive: Float[ndarray, "3 3"]
    figure_of_merit: float = 0.0
    unexplained: int = 0
    zero_shift: float = 0.0

    @property
    def a(self) -> float:
        """Edge a of the conventional cell in A."""
        return self.edges[0]

    @property
    def c(self) -> float | None:
        """Edge c in A; None where it is not free."""
        return self.edges[-1] if len(self.edges) > 1 else None

    def told(self) -> str:
        """Its edges for a person to read."""
        names = kind_of(self.system).edges
        return ", ".join(
            f"{name} = {edge:.4f} A" for name, edge in zip(names, self.edges, strict=True)
        )


@lru_cache
def line_table(system: str, centring: Centring) -> LineTable:
    """Lines by reflection conditions of the centring (International Tables A, table 2.1.3.6)."""
    return kind_of(system).line_table(centring)


def primitive_lattice(system: str, centring: Centring, *edges: float) -> Float[ndarray, "3 3"]:
    """Rows a, b, c in A of the primitive cell as the Materials Project holds it.

    W. Setyawan and S. Curtarolo, Comput. Mater. Sci. 49, 299 (2010).

    Args:
        edges: the free ones of the conventional cell in A: a, or a and c.

    Raises:
        CrystalNetError: for an edge that is not positive, a missing or superfluous one, or a
            centring the system does not have.
    """
    kind = kind_of(system)
    if centring not in kind.centrings:
        raise CrystalNetError(
            f"a {system} lattice is never {centring}-centred; want one of "
            f"{', '.join(kind.centrings)}"
        )
    if len(edges) != len(kind.edges):
        wanted = " and ".join(kind.edges) if len(kind.edges) > 1 else f"{kind.edges[0]} alone"
        raise CrystalNetError(f"a {system} lattice with the edges {edges} A; give {wanted}")
    for edge in edges:
        if not (np.isfinite(edge) and edge > 0):
            raise CrystalNetError(f"the lattice edge is {edge} A; want a positive number")
    return kind.primitive(centring, edges)


def conventional_lattices(system: str, *edges: float) -> list[IndexedLattice]:
    """Every centring that a lattice of known edges may have, the densest first.

    Args:
        system: cubic or trigonal.
        edges: the free ones of the conventional cell in A: a, or a and c on hexagonal axes.

    Raises:
        CrystalNetError: as `primitive_lattice`.
    """
    return [
        IndexedLattice(system, centring, edges, primitive_lattice(system, centring, *edges))
        for centring in kind_of(system).centrings
    ]


def conventional_cell(lattice: IndexedLattice) -> Float[ndarray, "3 3"]:
    """Rows a, b, c in A of the conventional cell, hexagonal (obverse) if it is trigonal."""
    kind = kind_of(lattice.system)
    return kind.conventional(lattice.centring, lattice.edges, lattice.primitive)


def centring_vectors(centring: Centring) -> Float[ndarray, "vectors 3"]:
    """Translations of a centring, zero included, in fractions of the conventional cell."""
    half, third = 1 / 2, 1 / 3
    return np.array(
        {
            "P": [[0, 0, 0]],
            "A": [[0, 0, 0], [0, half, half]],
            "C": [[0, 0, 0], [half, half, 0]],
            "I": [[0, 0, 0], [half, half, half]],
            "F": [[0, 0, 0], [0, half, half], [half, 0, half], [half, half, 0]],
            "R": [[0, 0, 0], [2 * third, third, third], [third, 2 * third, 2 * third]],
        }[centring],
        dtype=np.float64,
    )
