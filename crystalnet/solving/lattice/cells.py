"""Lattices and their cells, of any crystal system (`kinds`)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.compiled import CENTRINGS, lines_of
from crystalnet.solving.lattice.kinds import crystal_system_of, crystal_systems_of, kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import Centring


@dataclass(frozen=True, eq=False)
class IndexedLattice:
    """A lattice, and how well it explains the positions of measured peaks.

    Attributes:
        system: of the lattice. Crystals of a hexagonal one may be trigonal: the positions of
            peaks do not tell; "trigonal" lattices are rhombohedral, in hexagonal axes.
        centring: P, C, I, F, or R.
        edges: the free parameters of the conventional cell, edges in A and then angles in
            degrees, as the system's kind names them.
        primitive: rows a, b, c of the primitive cell in A.
        m_n: de Wolff's figure of merit over the first N lines explained (J. Appl. Cryst. 1, 108
            (1968), doi 10.1107/S002188986800508X); 0 where no peaks were compared.
        f_n: that of Smith and Snyder, in 1/degree (J. Appl. Cryst. 12, 60 (1979),
            doi 10.1107/S002188987901178X).
        merited: N, 20 where there are as many.
        unexplained: significant peaks that the lattice does not explain.
        zero_shift: degrees 2-theta, to be subtracted from what was measured.
        crystal_system: of the crystal, where it is known: one on hexagonal axes may be trigonal or
            hexagonal.
    """

    system: str
    centring: Centring
    edges: tuple[float, ...]
    primitive: Float[ndarray, "3 3"]
    m_n: float = 0.0
    f_n: float = 0.0
    merited: int = 0
    unexplained: int = 0
    zero_shift: float = 0.0
    crystal_system: str | None = None

    @property
    def crystal_systems(self) -> tuple[str, ...]:
        """Those that its crystal may be of."""
        may_be = crystal_systems_of(self.system)
        return may_be if self.crystal_system is None else (self.crystal_system,)

    @property
    def groups(self) -> tuple[int, ...]:
        """Numbers of the space groups that its crystal may have, of any centring."""
        every = kind_of(self.system).groups
        known = self.crystal_system
        return tuple(each for each in every if known in (None, crystal_system_of(each)))

    @property
    def cell(self) -> tuple[float, ...]:
        """a, b, c in A and alpha, beta, gamma in degrees of the conventional cell."""
        return kind_of(self.system).cell(self.edges)

    @property
    def a(self) -> float:
        """Edge a of the conventional cell in A."""
        return self.edges[0]

    @property
    def c(self) -> float | None:
        """Edge c in A; None where it is not free."""
        return self.cell[2] if "c" in kind_of(self.system).edges else None

    @property
    def volume(self) -> float:
        """Of the primitive cell in A^3."""
        return abs(float(np.linalg.det(self.primitive)))

    def entry(self) -> dict[str, object]:
        """What a summary says of it."""
        return {
            "system": self.system,
            "centring": self.centring,
            "parameters": dict(zip(kind_of(self.system).edges, self.edges, strict=True)),
            "m_n": self.m_n,
            "f_n": self.f_n,
            "n": self.merited,
            "unexplained_peaks": self.unexplained,
            "zero_shift_degrees": self.zero_shift,
        }

    def told(self) -> str:
        """Its free parameters for a person to read."""
        return ", ".join(
            f"{name} = {value:.4f} A" if len(name) == 1 else f"{name} = {value:.3f} degrees"
            for name, value in zip(kind_of(self.system).edges, self.edges, strict=True)
        )


def lattice_lines(
    system: str, centring: Centring, parameters: Float[ndarray, " parameters"], q_max: float
) -> tuple[Int[ndarray, "lines 3"], Float[ndarray, " lines"]]:
    """Indices and 1 / d^2 in 1/A^2 of the lines of a lattice, in no order.

    Reflections that are one line by symmetry are given once.

    Args:
        parameters: what 1 / d^2 is linear in (`LatticeKind.parameters_of`).
        q_max: the largest 1 / d^2, in 1/A^2.

    Raises:
        CrystalNetError: for parameters of no lattice.
    """
    kind = kind_of(system)
    metric = kind.metric @ parameters
    room = 1000
    while True:
        hkl, q = np.empty((room, 3), dtype=np.int64), np.empty(room)
        count = lines_of(metric, q_max, kind.laue, CENTRINGS[centring], hkl, q)
        if count >= 0:
            return hkl[:count], q[:count]
        room *= 4
        if room > 10**7:
            raise CrystalNetError(f"the numbers {parameters.tolist()} are no {system} lattice")


def primitive_lattice(system: str, centring: Centring, *edges: float) -> Float[ndarray, "3 3"]:
    """Rows a, b, c in A of the primitive cell, cubic and hexagonal ones as tables of DFT have them.

    W. Setyawan and S. Curtarolo, Comput. Mater. Sci. 49, 299 (2010).

    Args:
        edges: the free parameters of the conventional cell, in A and degrees.

    Raises:
        CrystalNetError: for an edge that is not positive, angles that close no cell, a missing or
            superfluous one, or a centring the system does not have.
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
    if not closes(*kind.cell(edges)[3:]):
        raise CrystalNetError(f"no cell has the angles {kind.cell(edges)[3:]} degrees")
    return kind.primitive(centring, tuple(edges))


def closes(alpha: float, beta: float, gamma: float) -> bool:
    """Whether there is a cell of these angles, in degrees."""
    if not all(0 < angle < 180 for angle in (alpha, beta, gamma)):
        return False
    a, b, c = np.cos(np.radians([alpha, beta, gamma]))
    return bool(1 - a * a - b * b - c * c + 2 * a * b * c > 1e-6)


def conventional_lattices(system: str, *edges: float) -> list[IndexedLattice]:
    """Every centring that a lattice of known edges may have, the densest first.

    Args:
        system: of the lattice.
        edges: the free parameters of the conventional cell, in A and degrees: a, or a and c on
            hexagonal axes, or a, b, c and beta, ...

    Raises:
        CrystalNetError: as `primitive_lattice`.
    """
    return [
        IndexedLattice(system, centring, edges, primitive_lattice(system, centring, *edges))
        for centring in kind_of(system).centrings
    ]


def conventional_cell(lattice: IndexedLattice) -> Float[ndarray, "3 3"]:
    """Rows a, b, c in A of the conventional cell; of a rhombohedral lattice obverse."""
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
