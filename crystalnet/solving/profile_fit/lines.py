"""The lines of a lattice or of a structure over a range."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.solving.lattice.cells import lattice_lines
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattice.kinds.lattice_kind import Centring, LatticeKind
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.symmetry.conventional import ConventionalCell

# Degrees beyond the last point that lines are worked on: their tails reach in, and they may move.
MARGIN = 0.5
# Indices are below this.
MOST = 1000


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines, and the reflections that fall together in each by symmetry of the lattice.

    Attributes:
        kind: of the lattice.
        hkl: of one reflection of each line.
        terms: what 1 / d^2 of each is linear in.
        families: one reflection of each set that the point group makes equal, in the order of
            family: the line that each is in, and
        multiplicity: reflections of each.
    """

    kind: LatticeKind
    hkl: Int[ndarray, "lines 3"]
    terms: Float[ndarray, "lines parameters"]
    families: Int[ndarray, "families 3"]
    family: Int[ndarray, " families"]
    multiplicity: Int[ndarray, " families"]

    @classmethod
    def of_lattice(
        cls, system: str, centring: Centring, edges: tuple[float, ...], points: ProfilePoints
    ) -> "Lines":
        """Every line that a lattice allows, whatever the space group."""
        kind = KINDS[system]
        numbers = kind.parameters_of(edges)
        low, high = _radii(points)
        hkl, q = lattice_lines(system, centring, numbers, high**2)
        hkl = hkl[q >= low**2]
        return cls._of(kind, hkl, np.ones(len(hkl), dtype=np.int64), numbers)

    @classmethod
    def of_structure(cls, cell: ConventionalCell, points: ProfilePoints) -> "Lines":
        """The lines that the space group of a crystal allows."""
        kind = kind_of_group(cell.space_group.number)
        low, high = _radii(points)
        bare = Crystal("cell", cell.crystal.lattice, np.array([1]), np.zeros((1, 3)))
        sphere = HalfSphere.of(bare, low, high)
        hkl = sphere.hkl(np.arange(len(sphere.g_squared)))
        rotations = np.unique(cell.rotations, axis=0)
        turned = np.einsum("ri,gij->grj", hkl, rotations)
        turned = np.concatenate([turned, -turned])
        name = (turned[..., 0] * MOST + turned[..., 1]) * MOST + turned[..., 2]
        _, rows, counts = np.unique(name.max(axis=0), return_index=True, return_counts=True)
        shifts = np.array([op.tran for op in cell.operations]) / cell.operations[0].DEN
        same = (np.einsum("ri,gij->grj", hkl[rows], cell.rotations) == hkl[rows]).all(axis=2)
        phase = shifts @ hkl[rows].T
        absent = (same & (np.abs(phase - np.rint(phase)) > 1e-6)).any(axis=0)
        rows, counts = rows[~absent], counts[~absent]
        numbers = kind.parameters_of(free_edges(kind, cell))
        # Of each Friedel pair one was counted.
        return cls._of(kind, hkl[rows], 2 * counts, numbers)

    @classmethod
    def _of(
        cls,
        kind: LatticeKind,
        hkl: Int[ndarray, "families 3"],
        multiplicity: Int[ndarray, " families"],
        numbers: Float[ndarray, " parameters"],
    ) -> "Lines":
        terms = kind.terms(hkl)
        # Terms are whole numbers, so that what coincides does so exactly.
        unique, first, family = np.unique(terms, axis=0, return_index=True, return_inverse=True)
        family = family.reshape(-1)
        order = np.argsort(unique @ numbers, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return cls(kind, hkl[first][order], unique[order], hkl, place[family], multiplicity)

    def vectors(
        self, rotations: Int[ndarray, "operations 3 3"], lattice: Float[ndarray, "3 3"]
    ) -> Float[ndarray, "members families 3"]:
        """The members of each family in reciprocal space, 1/A.

        Each is as often there as the others, so that means over operations are over members.

        Args:
            rotations: of the space group.
            lattice: rows a, b, c in A.
        """
        members = np.einsum("ri,gij->grj", self.families, np.unique(rotations, axis=0))
        return np.asarray(members @ np.linalg.inv(lattice).T)

    @property
    def together(self) -> Int[ndarray, " lines"]:
        """How many reflections are in each line."""
        return np.bincount(self.family, self.multiplicity, len(self.hkl)).astype(np.int64)


def kind_of_group(number: int) -> LatticeKind:
    """The lattices of the system of a space group; trigonal ones are on hexagonal axes."""
    kinds = [kind for kind in KINDS.values() if number in kind.groups]
    return kinds[0]


def free_edges(kind: LatticeKind, cell: ConventionalCell) -> tuple[float, ...]:
    """The free cell parameters of a crystal in the standard setting."""
    named = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), cell.parameters, strict=True))
    return tuple(named[name] for name in kind.edges)


def _radii(points: ProfilePoints) -> tuple[float, float]:
    """1 / d in 1/A at both ends of the range, the shortest wavelength reaching farthest."""
    beam = points.radiation
    first, last = float(points.two_theta[0]), float(points.two_theta[-1])
    first, last = max(first - MARGIN, 0.2), min(last + MARGIN, 179.0)
    shortest = beam.alpha_1 or beam.wavelength
    longest = beam.alpha_2 or beam.wavelength
    low, high = np.sin(np.radians([first, last]) / 2) * 2
    return float(low / longest), float(high / shortest)
