"""Whether a density is that of the crystal that it is given to: one check for every source."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError


class AnotherCrystal(CrystalNetError):
    """A density that belongs to another crystal, another cell of it, or another functional."""


@dataclass(frozen=True)
class Tolerance:
    """How far two descriptions of one crystal may be apart.

    Attributes:
        edge: relative, of each edge of the cell.
        angle: degrees, of each angle between edges.
        distance: A, of each atom from its counterpart.
    """

    edge: float
    angle: float
    distance: float


# Both descriptions come from one table or file; tables round coordinates to some 1e-6.
COPIED = Tolerance(edge=1e-4, angle=0.01, distance=1e-3)
# The cell of a static calculation beside the structure that a service gives for its material. They
# come from one series of relaxations, whose stops differ by some 0.1 %; 1 % of an edge is 3 % of
# the volume and shifts lines by more than a bin of the patterns. The next wrong cell that is
# likely, another functional's, is 0.5 to 2 % away and told by its functional; another setting of
# the same lattice is off by far more.
CALCULATED = Tolerance(edge=0.01, angle=0.5, distance=0.2)


def refuse_another(crystal: Crystal, of: Crystal, tolerance: Tolerance) -> None:
    """Refuse a density that does not belong to a crystal.

    A density stands on a grid of fractional coordinates of its own cell, so that cell must be the
    crystal's: the same edges in the same order, with the same angles between them. How the cell
    lies in space makes no difference, nor does the order of the atoms or a translation by whole
    edges.

    Args:
        of: the cell and atoms that the density was made for.

    Raises:
        AnotherCrystal: naming the crystal, what differs, what was seen and what is wanted.
    """
    wanted, seen = (Counter(each.atomic_numbers.tolist()) for each in (crystal, of))
    if seen != wanted:
        raise AnotherCrystal(
            f"{crystal.material_id}: its density is of a cell of {_atoms(seen)}, the crystal's "
            f"holds {_atoms(wanted)}"
        )
    edges, angles = _cell(crystal.lattice)
    their_edges, their_angles = _cell(of.lattice)
    edge, angle = np.abs(their_edges / edges - 1).max(), np.abs(their_angles - angles).max()
    if not (edge <= tolerance.edge and angle <= tolerance.angle):
        raise AnotherCrystal(
            f"{crystal.material_id}: its density is of a cell with "
            f"{_numbers(their_edges, their_angles)}, the crystal's has {_numbers(edges, angles)}; "
            f"want edges to {tolerance.edge:g} relative and angles to {tolerance.angle:g} degrees"
        )
    apart = _farthest(crystal, of)
    if not apart <= tolerance.distance:
        raise AnotherCrystal(
            f"{crystal.material_id}: an atom of its density's cell is {apart:.3f} A from the next "
            f"of its element in the crystal; want {tolerance.distance:g} A at most"
        )


def _cell(lattice: Float[ndarray, "3 3"]) -> tuple[Float[ndarray, "3"], Float[ndarray, "3"]]:
    """Edges in A, and the angles alpha, beta, gamma in degrees."""
    edges = np.linalg.norm(lattice, axis=1)
    cosines = (lattice @ lattice.T / np.outer(edges, edges))[[1, 2, 0], [2, 0, 1]]
    return edges, np.degrees(np.arccos(np.clip(cosines, -1, 1)))


def _farthest(crystal: Crystal, of: Crystal) -> float:
    """The largest distance of an atom of one cell from the nearest of its element in the other.

    Each atom of either cell must have its own neighbour in the other one, so both ways are looked
    at; within a tolerance far below the distance of two atoms that pairs them off.
    """
    farthest = [0.0]
    for number in set(crystal.atomic_numbers.tolist()):
        ours = crystal.frac_coords[crystal.atomic_numbers == number]
        theirs = of.frac_coords[of.atomic_numbers == number]
        apart = theirs[:, None] - ours
        # A cell so skewed that the nearest image is not among the next ones has no short distance
        # that this could miss: images of a short vector have fractions near whole numbers.
        apart -= np.round(apart)
        distances = np.linalg.norm(apart @ crystal.lattice, axis=2)
        farthest += [distances.min(axis=0).max(), distances.min(axis=1).max()]
    # NaN stays NaN, and is no distance that is small enough.
    return float(np.max(farthest))


def _atoms(counted: Mapping[int, int]) -> str:
    return " ".join(f"{Element.from_Z(z)}{count}" for z, count in sorted(counted.items()))


def _numbers(edges: Float[ndarray, "3"], angles: Float[ndarray, "3"]) -> str:
    return (
        f"edges {', '.join(f'{edge:.4f}' for edge in edges)} A and angles "
        f"{', '.join(f'{angle:.2f}' for angle in angles)} degrees"
    )
