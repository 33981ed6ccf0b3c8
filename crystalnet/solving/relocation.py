"""Atoms that a guess has in the wrong place, moved to where the pattern wants them.

A guessed density may lack an atom, or show two as one. One atom after the other is tried on every
point of a coarse grid that keeps its distance from the others, and the move that makes the pattern
agree best is made, as long as there is one.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.pattern_score import PatternScorer
from crystalnet.solving.ranking import MeasuredPeaks

# Points along each axis: all sites at eighths, quarters, halves, and at thirds and sixths.
GRID = 24
# Two atoms are no nearer than this share of the sum of their radii (J. C. Slater's).
NEAR = 0.6
# The radius of an element that has none in the table, in A.
RADIUS = 1.5
# Moves made at most; what a move must gain in Rwp; the smallest spacings compared, in A.
MOVES, GAIN, D_MIN = 6, 0.01, 1.1
DISPLACEMENTS = (0.0, 1.0)
# Reflections times points times atoms: a search over more takes many seconds.
MOST_WORK = 10_000_000
# Reflections times points that are at hand at once.
AT_ONCE = 4_000_000


def relocate_atoms(crystal: Crystal, measured: MeasuredPeaks) -> Crystal:
    """The crystal after the moves of single atoms that make its pattern agree best.

    Raises:
        CrystalNetError: for an element without X-ray form factor.
    """
    scorer = PatternScorer(crystal, measured, D_MIN, DISPLACEMENTS)
    points = _points(crystal)
    work = scorer.reflections * len(points) * len(crystal.atomic_numbers)
    if not 0 < work < MOST_WORK:
        return crystal
    radii = np.array([_radius(int(z)) for z in crystal.atomic_numbers])
    x = crystal.frac_coords.copy()
    factors = scorer.factor(crystal.atomic_numbers)
    amplitude = (factors * scorer.phases(x)).sum(axis=0)
    best = float(scorer.rwp(amplitude[None])[0])
    if not _apart(x, crystal, radii):
        # What atoms on top of each other agree with counts for nothing.
        best = float("inf")
    step = max(1, AT_ONCE // scorer.reflections)
    for _ in range(MOVES):
        moves: list[tuple[float, int, ndarray]] = []
        for atom in range(len(x)):
            rest = amplitude - factors[atom] * scorer.phases(x[atom : atom + 1])[0]
            free = points[_free(points, atom, x, crystal, radii)]
            for start in range(0, len(free), step):
                trials = free[start : start + step]
                rwp = scorer.rwp(rest + factors[atom] * scorer.phases(trials))
                lowest = int(rwp.argmin())
                moves.append((float(rwp[lowest]), atom, trials[lowest]))
        if not moves:
            break
        least, atom, place = min(moves, key=lambda move: move[0])
        if least > best - GAIN:
            break
        amplitude = amplitude + factors[atom] * (
            scorer.phases(place[None])[0] - scorer.phases(x[atom : atom + 1])[0]
        )
        x[atom], best = place, least
        if not _apart(x, crystal, radii):
            best = float("inf")
    # On the grid itself atoms are where symmetry is exact; near to it they are not.
    nearest = points[_distances(x, points, crystal).argmin(axis=1)]
    if _apart(nearest, crystal, radii):
        snapped = (factors * scorer.phases(nearest)).sum(axis=0)
        if float(scorer.rwp(snapped[None])[0]) < best + GAIN:
            x = nearest
    return replace(crystal, frac_coords=x)


def _points(crystal: Crystal) -> Float[ndarray, "points 3"]:
    """The grid about the first atom, so that it holds the special sites of the crystal's origin."""
    lengths = np.linalg.norm(crystal.lattice, axis=1)
    # Some 0.3 A are enough: every axis has a multiple of 12 points, or of 4 if it is short.
    counts = [GRID if length > 6 else GRID // 2 for length in lengths]
    axes = [np.arange(count) / count for count in counts]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    heaviest = int(np.argmax(crystal.atomic_numbers))
    placed: ndarray = (grid + crystal.frac_coords[heaviest]) % 1
    return placed


def _radius(number: int) -> float:
    radius = Element.from_Z(number).atomic_radius
    return RADIUS if radius is None else float(radius)


def _distances(
    points: Float[ndarray, "points 3"], x: Float[ndarray, "atoms 3"], crystal: Crystal
) -> Float[ndarray, "points atoms"]:
    """The least distances in A of points from atoms and their images."""
    apart = points[:, None] - x
    apart -= np.rint(apart)
    images = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    shortest = np.full(apart.shape[:2], np.inf)
    for image in images:
        shortest = np.minimum(shortest, np.linalg.norm((apart + image) @ crystal.lattice, axis=2))
    return shortest


def _free(
    points: Float[ndarray, "points 3"],
    atom: int,
    x: Float[ndarray, "atoms 3"],
    crystal: Crystal,
    radii: Float[ndarray, " atoms"],
) -> Bool[ndarray, " points"]:
    others = np.arange(len(x)) != atom
    least = NEAR * (radii[atom] + radii[others])
    free: ndarray = (_distances(points, x[others], crystal) > least).all(axis=1)
    return free


def _apart(x: Float[ndarray, "atoms 3"], crystal: Crystal, radii: Float[ndarray, " atoms"]) -> bool:
    distances = _distances(x, x, crystal)
    least = NEAR * (radii[:, None] + radii)
    pairs = np.triu_indices(len(x), 1)
    return bool((distances[pairs] > least[pairs]).all())
