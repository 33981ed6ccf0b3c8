"""Cubic and trigonal lattices: their primitive cells and which powder lines they have.

1 / d^2 is linear in one or two numbers of a lattice: A N, with A = 1 / a^2 and N = h^2 + k^2 + l^2,
if it is cubic, and A m + C l^2, with A = 4 / (3 a^2), m = h^2 + h k + k^2 and C = 1 / c^2, on
hexagonal axes. Reflections that share N, or m and |l|, are one line.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError

System = Literal["cubic", "trigonal"]
Centring = Literal["P", "I", "F", "R"]

# The densest lattice comes first: its absences are the strictest.
CENTRINGS: dict[System, tuple[Centring, ...]] = {"cubic": ("F", "I", "P"), "trigonal": ("R", "P")}

# The lines tabulated; a lattice that needs more to reach the measured ones is refused long before.
MOST_N, MOST_M, MOST_L = 1500, 200, 60

# How probable it is that the lines that tell a lattice from its sublattice are all too weak: often
# for F and a P or I cell of half its edge (Heusler compounds and rock salts, whose lines of odd
# indices are differences of similar atoms), rarely for others. At 0.3 more of those would come
# first, and CsCl structures would be taken for them; at 0.1 the smallest cell that explains all
# lines comes first.
OFTEN, RARELY = 0.1, 0.03


@dataclass(frozen=True, eq=False)
class IndexedLattice:
    """A lattice, and how well it explains the positions of measured peaks.

    Attributes:
        system: trigonal stands for everything on hexagonal axes; positions of peaks do not tell a
            trigonal P from a hexagonal lattice.
        centring: P, I, F, or R for rhombohedral (given in hexagonal axes).
        a, c: edges of the conventional cell in A; a cubic one has no c.
        primitive: rows a, b, c of the primitive cell in A.
        figure_of_merit: de Wolff's M_N with N = min(20, lines) (J. Appl. Cryst. 1, 108 (1968),
            doi 10.1107/S002188986800508X); 0 where no peaks were compared.
        unexplained: significant peaks that the lattice does not explain.
        zero_shift: degrees 2-theta, to be subtracted from what was measured.
    """

    system: System
    centring: Centring
    a: float
    c: float | None
    primitive: Float[ndarray, "3 3"]
    figure_of_merit: float = 0.0
    unexplained: int = 0
    zero_shift: float = 0.0


@dataclass(frozen=True, eq=False)
class LineTable:
    """The lines a kind of lattice may have.

    Attributes:
        terms: N, or m and l^2, of each line: 1 / d^2 is their product with the parameters.
        families: ways to part the lines into families, whose numbers these are: where the atoms
            nearly repeat in a smaller cell, lines of one family are strong and of another weak.
        unseen: how probable it is for each way that all lines of a family are too weak to be seen.
    """

    terms: Float[ndarray, "lines parameters"]
    families: Int[ndarray, "ways lines"]
    unseen: Float[ndarray, " ways"]


@lru_cache
def line_table(system: System, centring: Centring) -> LineTable:
    """Lines by the reflection conditions of the centring (International Tables A, table 2.1.3.6).

    Cubic: N mod 4 is 0, 1, 2 or 3 for none to three odd indices, so F leaves 0 and 3, and I the
    even ones. Trigonal: -h + k + l = 3n, and m is (h - k)^2 modulo 3, so R demands that both or
    neither of m and l are multiples of 3.
    """
    if system == "cubic":
        squares = np.arange(int(MOST_N**0.5) + 1) ** 2
        n = np.unique(np.add.outer(np.add.outer(squares, squares), squares))
        n = n[(n > 0) & (n <= MOST_N)]
        face, body = np.isin(n % 4, (0, 3)), n % 2 == 0
        allowed = {"P": n > 0, "I": body, "F": face}[centring]
        # One family; a cell of half the edge; then nearly I or F if it is P, and for F a body-
        # centred cell of half the edge (or diamond, without 4n + 2 sums of even indices).
        ways = [0 * n, n % 4 == 0]
        ways += {"P": [body, face], "I": [], "F": [np.where(n % 4 == 0, n % 8, 1)]}[centring]
        unseen = np.full(len(ways), RARELY)
        if centring == "F":
            unseen[1:] = OFTEN
        return LineTable(
            n[allowed, None].astype(float), np.array(ways, dtype=int)[:, allowed], unseen
        )
    h = np.arange(int(MOST_M**0.5) + 1)
    sums = np.unique(np.add.outer(h**2, h**2) + np.multiply.outer(h, h))
    m, line = (
        each.ravel()
        for each in np.meshgrid(sums[sums <= MOST_M], np.arange(MOST_L + 1), indexing="ij")
    )
    allowed = (m > 0) | (line > 0)
    if centring == "R":
        allowed &= (m % 3 == 0) == (line % 3 == 0)
    # One family; half of c; half of a; a / sqrt 3 (for R a third of c with it).
    ways = [0 * m, line % 2, m % 4 == 0, m % 3 == 0]
    return LineTable(
        np.column_stack([m, line**2])[allowed].astype(float),
        np.array(ways, dtype=int)[:, allowed],
        np.full(len(ways), RARELY),
    )


def primitive_lattice(
    system: System, centring: Centring, a: float, c: float | None = None
) -> Float[ndarray, "3 3"]:
    """Rows a, b, c in A of the primitive cell as the Materials Project holds it.

    Cubic F: 60 degrees between edges of a / sqrt 2; I: 109.47 degrees, a sqrt(3) / 2; R: three
    equal edges and angles; trigonal P: 120 degrees between the first two (W. Setyawan and
    S. Curtarolo, Comput. Mater. Sci. 49, 299 (2010)).

    Raises:
        CrystalNetError: for an edge that is not positive, a missing or superfluous c, or a
            centring the system does not have.
    """
    if centring not in CENTRINGS[system]:
        raise CrystalNetError(
            f"a {system} lattice is never {centring}-centred; want one of "
            f"{', '.join(CENTRINGS[system])}"
        )
    if (c is None) != (system == "cubic"):
        wanted = "a alone" if system == "cubic" else "a and c"
        raise CrystalNetError(f"a {system} lattice with a = {a} and c = {c} A; give {wanted}")
    for edge in (a, a if c is None else c):
        if not (np.isfinite(edge) and edge > 0):
            raise CrystalNetError(f"the lattice edge is {edge} A; want a positive number")
    if c is None:
        cell = {
            "P": np.eye(3),
            "I": (1 - 2 * np.eye(3)) / 2,
            "F": (1 - np.eye(3)) / 2,
        }[centring]
        return np.asarray(a * cell)
    if centring == "P":
        half = np.sqrt(3) / 2
        return np.array([[a * half, -a / 2, 0], [0, a, 0], [0, 0, c]])
    turned = np.radians([-30, 90, 210])
    flat = a / np.sqrt(3)
    return np.column_stack([flat * np.cos(turned), flat * np.sin(turned), np.full(3, c / 3)])


def conventional_lattices(system: System, a: float, c: float | None = None) -> list[IndexedLattice]:
    """Every centring that a lattice of known edges may have: cubic F, I, P; trigonal R, P.

    Args:
        system: cubic or trigonal.
        a, c: edges of the conventional cell in A (hexagonal axes); c for trigonal only.

    Raises:
        CrystalNetError: as `primitive_lattice`.
    """
    return [
        IndexedLattice(system, centring, a, c, primitive_lattice(system, centring, a, c))
        for centring in CENTRINGS[system]
    ]


def conventional_cell(lattice: IndexedLattice) -> Float[ndarray, "3 3"]:
    """Rows a, b, c in A of the conventional cell, hexagonal (obverse) if it is trigonal."""
    if lattice.system == "cubic":
        return np.asarray(lattice.a * np.eye(3))
    if lattice.centring == "P":
        return lattice.primitive
    return np.asarray(np.array([[1, -1, 0], [0, 1, -1], [1, 1, 1]]) @ lattice.primitive)


def centring_vectors(centring: Centring) -> Float[ndarray, "vectors 3"]:
    """Translations of a centring, zero included, in fractions of the conventional cell."""
    half, third = 1 / 2, 1 / 3
    return np.array(
        {
            "P": [[0, 0, 0]],
            "I": [[0, 0, 0], [half, half, half]],
            "F": [[0, 0, 0], [0, half, half], [half, 0, half], [half, half, 0]],
            "R": [[0, 0, 0], [2 * third, third, third], [third, 2 * third, 2 * third]],
        }[centring],
        dtype=np.float64,
    )
