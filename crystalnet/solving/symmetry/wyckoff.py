"""Wyckoff positions of a space group, derived from its operations.

A special position is where some operations leave a point in place. In the cubic, trigonal and
hexagonal groups every such point, line and plane passes through points of a coarse grid, so it is
enough to look at these: the operations that fix a point of the grid, and the directions that each
of them leaves alone (International Tables A, section 1.4.4).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import gemmi
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.kinds import KINDS, kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import Centring

# P3_2 and so on: the second of each pair of mirror images, which no powder tells apart.
MIRROR_IMAGES = (145, 153, 154, 170, 172, 179, 181, 213)


@dataclass(frozen=True, eq=False)
class WyckoffPosition:
    """A set of symmetrically equivalent points of the conventional cell.

    The orbit of parameters p is slopes @ p + origins, without its images by the centring.

    Attributes:
        multiplicity: points of the conventional cell.
        slopes, origins: in fractional coordinates of the conventional cell. Parameters run from 0
            to 1; in polar groups the last one is along z if z is free.
    """

    multiplicity: int
    slopes: Float[ndarray, "points 3 freedom"]
    origins: Float[ndarray, "points 3"]

    @property
    def freedom(self) -> int:
        """How many coordinates are free: 0 for a point, 3 for the general position."""
        return int(self.slopes.shape[2])

    def orbit(self, parameters: Float[ndarray, "sets freedom"]) -> Float[ndarray, "sets points 3"]:
        """Fractional coordinates in the conventional cell, without the images by the centring."""
        return np.asarray(np.einsum("kij,sj->ski", self.slopes, parameters) + self.origins)


@dataclass(frozen=True, eq=False)
class SpaceGroup:
    """A cubic, trigonal or hexagonal space group, R groups on hexagonal axes (obverse).

    Attributes:
        number: in the International Tables.
        rotations, translations: of its operations, without centring.
        positions: the most special first, the general one last.
        polar: whether the origin along z is free.
        alike: what another choice of origin or axes makes of each position; structures that
            differ by that alone are one. The first row changes nothing.
    """

    number: int
    rotations: Int[ndarray, "operations 3 3"]
    translations: Float[ndarray, "operations 3"]
    positions: tuple[WyckoffPosition, ...]
    polar: bool
    alike: Int[ndarray, "choices positions"]

    def absent(self, hkl: Int[ndarray, "reflections 3"]) -> ndarray:
        """Which reflections every arrangement of atoms lacks: bool, one for each."""
        turned = np.einsum("ri,gij->grj", hkl, self.rotations)
        same = (turned == hkl).all(axis=2)
        phase = (self.translations @ hkl.T) % 1
        shifted = np.minimum(phase, 1 - phase) > 1e-6
        missing: ndarray = (same & shifted).any(axis=0)
        return missing


def groups_of(system: str, centring: Centring) -> list[int]:
    """Numbers of the space groups of a lattice, trigonal and hexagonal ones on hexagonal axes.

    Of two groups that are mirror images the first.
    """
    return [
        number
        for number in kind_of(system).groups
        if number not in MIRROR_IMAGES
        and gemmi.find_spacegroup_by_number(number).centring_type() == centring
    ]


@lru_cache(maxsize=128)
def space_group(number: int) -> SpaceGroup:
    """A space group by its number, 143 to 230, in the setting that gemmi takes as its standard.

    Raises:
        CrystalNetError: for another number.
    """
    kind = next((kind for kind in KINDS.values() if number in kind.groups), None)
    if kind is None:
        raise CrystalNetError(f"space group {number}; want a trigonal, hexagonal or cubic one")
    grid = kind.grid
    operations = gemmi.find_spacegroup_by_number(number).operations()
    den = gemmi.Op.DEN
    rotations = np.array([op.rot for op in operations.sym_ops], dtype=np.int64) // den
    translations = np.array([op.tran for op in operations.sym_ops]) / den
    centring = np.array(list(operations.cen_ops)) / den
    polar = bool((rotations[:, 2, 2] == 1).all())
    closures = _positions(rotations, translations, centring, grid)
    alike = _alike(rotations, translations, centring, grid, list(closures))
    positions = tuple(closures.values())
    return SpaceGroup(number, rotations, translations, positions, polar, alike)


def _positions(
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
    centring: Float[ndarray, "images 3"],
    grid: int,
) -> dict[bytes, WyckoffPosition]:
    """The positions by the points of the grid that they pass through."""
    shifts = np.rint((translations[None] + centring[:, None]) * grid).astype(np.int64)
    points = np.stack(np.meshgrid(*[np.arange(grid)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    turned = np.einsum("gij,pj->gpi", rotations, points)
    # Where each operation, centring included, sends each point: images x operations x points.
    images = _number((turned[None] + shifts[:, :, None]) % grid, grid)
    fixed = (images == np.arange(len(points))).any(axis=0)
    spaces = [_fixed_space(rotation - np.eye(3)) for rotation in rotations]
    directions: dict[bytes, list[ndarray]] = {}
    first_of_orbit = images.min(axis=(0, 1)) == np.arange(len(points))
    general = _position(np.zeros(3), np.eye(3, dtype=int), rotations, translations, centring)
    found: dict[bytes, WyckoffPosition] = {}
    for place in np.flatnonzero(first_of_orbit):
        fixing = np.flatnonzero(fixed[:, place])
        if fixing.tobytes() not in directions:
            about = [spaces[number] for number in fixing if len(spaces[number]) < 3]
            directions[fixing.tobytes()] = _intersections(about)
        for basis in directions[fixing.tobytes()]:
            # All points of the grid on the subspace and on its images tell it from others.
            steps = np.indices((grid,) * len(basis)).reshape(len(basis), grid ** len(basis)).T
            on = np.unique(_number((points[place] + steps @ basis) % grid, grid))
            closure = np.unique(images[:, :, on]).astype(np.int64).tobytes()
            if closure not in found:
                origin = points[place] / grid
                found[closure] = _position(origin, basis, rotations, translations, centring)
    found[np.arange(len(points)).tobytes()] = general
    return dict(sorted(found.items(), key=lambda item: (item[1].freedom, item[1].multiplicity)))


def _alike(
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
    centring: Float[ndarray, "images 3"],
    grid: int,
    closures: list[bytes],
) -> Int[ndarray, "choices positions"]:
    """How the normaliser of the group permutes the positions (International Tables A, 3.5).

    Of its operations those are tried whose translations lie on the grid, and whose rotations are
    the identity, the inversion, an exchange of the first two axes, or both.
    """
    points = np.stack(np.meshgrid(*[np.arange(grid)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    place = {closure: number for number, closure in enumerate(closures)}
    known = {r.tobytes(): number for number, r in enumerate(rotations)}
    w = np.rint(translations * grid).astype(np.int64)
    images = np.rint(centring * grid).astype(np.int64)
    exchange = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    found: dict[tuple[int, ...], None] = {}
    for turn in (np.eye(3, dtype=np.int64), -np.eye(3, dtype=np.int64), exchange, -exchange):
        # Conjugate operations: turn r turn^-1, which must be one of the group.
        inverse = np.rint(np.linalg.inv(turn)).astype(np.int64)
        conjugate = [known.get((turn @ r @ inverse).tobytes()) for r in rotations]
        if None in conjugate:
            continue
        allowed = np.ones(len(points), dtype=bool)
        for shift, other in zip(w, conjugate, strict=True):
            moved = points - points @ rotations[other].T + turn @ shift - w[other]
            allowed &= ((moved[:, None] - images) % grid == 0).all(axis=2).any(axis=1)
        for shift in points[allowed]:
            row = []
            for closure in closures:
                on = points[np.frombuffer(closure, dtype=np.int64)]
                moved = np.sort(_number((on @ turn.T + shift) % grid, grid))
                row.append(place.get(moved.astype(np.int64).tobytes(), -1))
            if -1 not in row:
                found[tuple(row)] = None
    return np.array(list(found), dtype=np.int64)


def _number(points: Int[ndarray, "*sets 3"], grid: int) -> Int[ndarray, "*sets"]:
    numbered: ndarray = (points[..., 0] * grid + points[..., 1]) * grid + points[..., 2]
    return numbered


def _fixed_space(matrix: Float[ndarray, "rows 3"]) -> Int[ndarray, "freedom 3"]:
    """Integer vectors that span what a matrix sends to zero, reduced: equal spaces, equal rows."""
    # The spaces are spanned by vectors of small integers, so looking through these is enough.
    small = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = small[(np.abs(small @ matrix.T) < 1e-9).all(axis=1) & small.any(axis=1)]
    # z alone is the last one if it is among them; the others are as short as they can be.
    order = np.lexsort((*inside.T, -inside.sum(axis=1), np.abs(inside).sum(axis=1)))
    along_z = (inside == (0, 0, 1)).all(axis=1)
    basis: list[ndarray] = [np.array([0, 0, 1])] if along_z.any() else []
    for vector in inside[order]:
        if np.linalg.matrix_rank(np.array([*basis, vector])) > len(basis):
            basis.append(vector)
    return np.array(basis[::-1], dtype=np.int64).reshape(-1, 3)


def _intersections(spaces: list[Int[ndarray, "_ 3"]]) -> list[Int[ndarray, "_ 3"]]:
    """The spaces and all their intersections, each once."""
    known = {space.tobytes(): space for space in spaces}
    fresh = list(known.values())
    while fresh:
        grown: dict[bytes, ndarray] = {}
        for one, other in combinations(list(known.values()), 2):
            # What is orthogonal to neither complement lies in both.
            both = _fixed_space(np.concatenate([_complement(one), _complement(other)]))
            if both.tobytes() not in known:
                grown[both.tobytes()] = both
        known |= grown
        fresh = list(grown.values())
    return list(known.values())


def _complement(space: Int[ndarray, "freedom 3"]) -> Float[ndarray, "rest 3"]:
    """Rows whose products with the vectors of a space, and with no others, are all zero."""
    if not len(space):
        return np.eye(3)
    _, _, rows = np.linalg.svd(space.astype(float))
    return np.asarray(rows[len(space) :])


def _position(
    origin: Float[ndarray, " 3"],
    basis: Int[ndarray, "freedom 3"],
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
    centring: Float[ndarray, "images 3"],
) -> WyckoffPosition:
    """The orbit of a subspace, one of the points that differ by the centring alone."""
    generic = origin + np.array([0.1234567, 0.2718281, 0.3819660])[: len(basis)] @ basis
    kept: list[int] = []
    seen = np.empty((0, 3))
    for number, (rotation, translation) in enumerate(zip(rotations, translations, strict=True)):
        image = rotation @ generic + translation
        apart = seen - image
        if not (np.abs(apart - np.rint(apart)).max(axis=1, initial=0) < 1e-6).any():
            kept.append(number)
            seen = np.concatenate([seen, image + centring])
    return WyckoffPosition(
        len(kept) * len(centring),
        rotations[kept] @ basis.T.astype(float),
        rotations[kept] @ origin + translations[kept],
    )
