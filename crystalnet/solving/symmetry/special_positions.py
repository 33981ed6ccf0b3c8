"""Special positions of a space group, derived from its operations.

A special position is where some operations leave a point in place. In every group, in its standard
setting, each such point, line and plane passes through points of a coarse grid, so it is enough to
look at these: the operations that fix a point of the grid, and the directions that each of them
leaves alone (International Tables A, section 1.4.4).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


@dataclass(frozen=True, eq=False)
class WyckoffPosition:
    """A set of symmetrically equivalent points of the conventional cell.

    The orbit of parameters p is slopes @ p + origins, without its images by the centring.

    Attributes:
        multiplicity: points of the conventional cell.
        slopes, origins: in fractional coordinates of the conventional cell. Parameters run from 0
            to 1; the last ones are along the directions in which the group is polar.
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


def positions_on_grid(
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
    centring: Float[ndarray, "images 3"],
    grid: int,
    polar: Int[ndarray, "directions 3"],
) -> dict[bytes, WyckoffPosition]:
    """The positions by the points of the grid that they pass through.

    Args:
        rotations, translations: of the operations, without
        centring: translations of the lattice, zero included.
        grid: points along each axis.
        polar: directions along which the origin is free.
    """
    shifts = np.rint((translations[None] + centring[:, None]) * grid).astype(np.int64)
    points = grid_points(grid)
    turned = np.einsum("gij,pj->gpi", rotations, points)
    # Where each operation, centring included, sends each point: images x operations x points.
    images = number_of((turned[None] + shifts[:, :, None]) % grid, grid)
    fixed = (images == np.arange(len(points))).any(axis=0)
    spaces = [fixed_space(rotation - np.eye(3), polar) for rotation in rotations]
    directions: dict[bytes, list[ndarray]] = {}
    first_of_orbit = images.min(axis=(0, 1)) == np.arange(len(points))
    general = _position(
        np.zeros(3), fixed_space(np.zeros((1, 3)), polar), rotations, translations, centring
    )
    found: dict[bytes, WyckoffPosition] = {}
    for place in np.flatnonzero(first_of_orbit):
        fixing = np.flatnonzero(fixed[:, place])
        if fixing.tobytes() not in directions:
            about = [spaces[number] for number in fixing if len(spaces[number]) < 3]
            directions[fixing.tobytes()] = _intersections(about, polar)
        for basis in directions[fixing.tobytes()]:
            # All points of the grid on the subspace and on its images tell it from others.
            steps = np.indices((grid,) * len(basis)).reshape(len(basis), grid ** len(basis)).T
            on = np.unique(number_of((points[place] + steps @ basis) % grid, grid))
            closure = np.unique(images[:, :, on]).astype(np.int64).tobytes()
            if closure not in found:
                origin = points[place] / grid
                found[closure] = _position(origin, basis, rotations, translations, centring)
    found[np.arange(len(points)).tobytes()] = general
    return dict(sorted(found.items(), key=lambda item: (item[1].freedom, item[1].multiplicity)))


def grid_points(grid: int) -> Int[ndarray, "points 3"]:
    """The points of a cubic grid, the last index running fastest."""
    return np.stack(np.meshgrid(*[np.arange(grid)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def number_of(points: Int[ndarray, "*sets 3"], grid: int) -> Int[ndarray, "*sets"]:
    """The number of each point of a grid in the order of `grid_points`."""
    numbered: ndarray = (points[..., 0] * grid + points[..., 1]) * grid + points[..., 2]
    return numbered


def fixed_space(
    matrix: Float[ndarray, "rows 3"], last: Int[ndarray, "directions 3"]
) -> Int[ndarray, "freedom 3"]:
    """Integer vectors that span what a matrix sends to zero, reduced: equal spaces, equal rows.

    Args:
        last: vectors in that space, which come last.
    """
    # The spaces are spanned by vectors of small integers, so looking through these is enough.
    small = grid_points(5) - 2
    inside = small[(np.abs(small @ matrix.T) < 1e-9).all(axis=1) & small.any(axis=1)]
    order = np.lexsort((*inside.T, -inside.sum(axis=1), np.abs(inside).sum(axis=1)))
    basis: list[ndarray] = list(last)
    freedom = 3 - int(np.linalg.matrix_rank(matrix))
    for vector in inside[order]:
        if len(basis) == freedom:
            break
        if np.linalg.matrix_rank(np.array([*basis, vector])) > len(basis):
            basis.append(vector)
    others = basis[len(last) :]
    return np.array([*others, *last], dtype=np.int64).reshape(-1, 3)


def _intersections(
    spaces: list[Int[ndarray, "_ 3"]], polar: Int[ndarray, "directions 3"]
) -> list[Int[ndarray, "_ 3"]]:
    """The spaces and all their intersections, each once."""
    known = {space.tobytes(): space for space in spaces}
    fresh = list(known.values())
    while fresh:
        grown: dict[bytes, ndarray] = {}
        for one, other in combinations(list(known.values()), 2):
            # What is orthogonal to neither complement lies in both.
            both = fixed_space(np.concatenate([_complement(one), _complement(other)]), polar)
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
