"""Along which direction the grains of a powder may lie."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.texture import LOW_INDICES, Texture
from crystalnet.solving.profile_fit.lines import Lines

# March's coefficients that are compared, and lines farthest off whose directions are.
TRIED, FARTHEST = (0.5, 0.65, 0.8, 0.9, 1.0, 1.12, 1.25, 1.5, 2.0), 4
# By what share of the misfit of the areas a texture must do better to be tried on the profile.
BETTER = 0.1


def likely_texture(
    lines: Lines,
    family_area: Float[ndarray, " families"],
    observed: Float[ndarray, " lines"],
    rotations: Int[ndarray, "operations 3 3"],
    lattice: Float[ndarray, "3 3"],
) -> tuple[Texture, float] | None:
    """The texture that explains the areas best, and March's coefficient; None if hardly better.

    Directions of small indices are tried, and those of the lines that are farthest off.

    Args:
        family_area: of each family without texture, on any scale.
        observed: of each line.
        rotations: of the space group.
        lattice: rows a, b, c in A.
    """
    if not (observed.max(initial=0.0) > 0 and family_area.sum() > 0):
        return None
    calculated = np.bincount(lines.family, family_area, len(observed))
    weight = 1 / (observed + 0.01 * observed.max())

    def misfit(area: Float[ndarray, " lines"]) -> float:
        scale = (weight * area) @ observed / max(float((weight * area) @ area), 1e-300)
        return float(weight @ (observed - scale * area) ** 2)

    off = np.abs(observed / max(float(observed.sum()), 1e-300) - calculated / calculated.sum())
    directions = [tuple(map(int, lines.hkl[k])) for k in np.argsort(-off)[:FARTHEST]]
    vectors = lines.vectors(rotations, lattice)
    best: tuple[float, Texture | None, float] = (misfit(calculated) * (1 - BETTER), None, 1.0)
    seen: set[bytes] = set()
    for direction in [*LOW_INDICES, *directions]:
        texture = Texture.about((direction[0], direction[1], direction[2]), lattice, vectors)
        # Directions that symmetry makes one turn all intensities alike.
        name = np.round(texture.factor(0.5), 6).tobytes()
        if name in seen:
            continue
        seen.add(name)
        for march in TRIED:
            factor = texture.factor(march)
            found = misfit(np.bincount(lines.family, family_area * factor, len(observed)))
            if found < best[0]:
                best = found, texture, march
    return None if best[1] is None else (best[1], best[2])
