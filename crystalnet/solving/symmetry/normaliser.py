"""What another choice of origin or axes makes of the positions of a space group."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.symmetry.special_positions import grid_points, number_of


def alike_positions(
    rotations: Int[ndarray, "operations 3 3"],
    translations: Float[ndarray, "operations 3"],
    centring: Float[ndarray, "images 3"],
    grid: int,
    closures: list[bytes],
    *,
    exchange: bool,
) -> Int[ndarray, "choices positions"]:
    """How the normaliser of the group permutes the positions (International Tables A, 3.5).

    Of its operations those are tried whose translations lie on the grid, and whose rotations are
    the identity, the inversion, an exchange of the first two axes, or both.

    Args:
        rotations, translations: of the operations, without
        centring: translations of the lattice, zero included.
        grid: points along each axis.
        closures: of each position the points of the grid that it passes through.
        exchange: whether the first two axes are equal in every lattice of the group.

    Returns:
        Of each choice of origin and axes what becomes of each position; the first changes nothing.
    """
    points = grid_points(grid)
    place = {closure: number for number, closure in enumerate(closures)}
    known = {r.tobytes(): number for number, r in enumerate(rotations)}
    w = np.rint(translations * grid).astype(np.int64)
    images = np.rint(centring * grid).astype(np.int64)
    turns = [np.eye(3, dtype=np.int64), -np.eye(3, dtype=np.int64)]
    if exchange:
        swapped = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
        turns += [swapped, -swapped]
    found: dict[tuple[int, ...], None] = {}
    for turn in turns:
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
                moved = np.sort(number_of((on @ turn.T + shift) % grid, grid))
                row.append(place.get(moved.astype(np.int64).tobytes(), -1))
            if -1 not in row:
                found[tuple(row)] = None
    return np.array(list(found), dtype=np.int64)
