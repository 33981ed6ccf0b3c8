"""What the fit of a structure becomes with other elements on its sites.

Everything else that is free is fitted with them, to first order: what the derivatives of the fit
can take up is taken off, and the scale is exact. An element more costs a column, not a fit.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.sparse import csr_array

from crystalnet.solving.profile_fit.atoms_on_profile import SCALE, AtomsOnProfile
from crystalnet.solving.profile_fit.line_shapes import VALUE
from crystalnet.solving.profile_fit.parameters import Parameters
from crystalnet.solving.profile_fit.profile_model import Shapes
from crystalnet.solving.profile_fit.results import OtherElements, ProfileFit

LARGEST = 92
"""Elements up to this are tried: beyond it nobody has powders."""
# Lines nearer to each other than this share of their width are one.
APART = 0.5


def other_elements(
    whole: AtomsOnProfile, parameters: Parameters, lattice: ProfileFit
) -> OtherElements:
    """What speaks against each element on the sites of each other one.

    Args:
        whole: the fitted structure.
        parameters: at the end of the fit.
        lattice: the fit of the lattice alone, to the same points.
    """
    model, values = whole.model, parameters.values
    points = model.points
    root = np.sqrt(points.weight)
    area, _ = whole.areas(values)
    drawn = model.drawn(values, area)
    scale = parameters.names.index(SCALE)
    others = parameters.free.copy()
    others[scale] = False
    taken_up = _basis(whole.slopes(values).own[:, others] * root[:, None])
    wanted = root * (points.intensity - model.background(values))
    wanted = wanted - taken_up @ (taken_up.T @ wanted)
    every = float(wanted @ wanted)
    shapes = _matrix(drawn.shapes, root)
    q, two_theta = model.angles(values)
    own = values[scale + 1 :].copy()
    if whole.tied:
        own[: len(whole.atoms.sites)] = own[0]
    apart = APART * drawn.shapes.width
    lines = 1 + int((np.diff(two_theta) > apart[1:]).sum())
    free = int(parameters.free[scale:].sum())

    def cost(areas: Float[ndarray, "lines elements"]) -> Float[ndarray, " elements"]:
        made = shapes @ areas
        made -= taken_up @ (taken_up.T @ made)
        along = np.maximum(wanted @ made, 0)
        return np.asarray(every - along**2 / np.maximum((made**2).sum(axis=0), 1e-300))

    now = float(cost(area[:, None])[0])
    left = float(points.weight @ (lattice.points.intensity - lattice.calculated) ** 2)
    usual = max((now - left) / max(lines - free, 1), lattice.chi_squared, 1e-300)
    growth = {}
    for z in sorted(whole.atoms.dispersion):
        found = cost(whole.atoms.areas_with(own, q, z, range(LARGEST + 1)))
        growth[z] = tuple(((found - now) / usual).tolist())
    return OtherElements(growth, lines, free)


def _basis(columns: Float[ndarray, "points some"]) -> Float[ndarray, "points fewer"]:
    """Orthonormal vectors that span some columns."""
    size = np.linalg.norm(columns, axis=0)
    there = columns[:, size > 0] / size[size > 0]
    return np.asarray(np.linalg.qr(there)[0])


def _matrix(shapes: Shapes, root: Float[ndarray, " points"]) -> csr_array:
    """The lines of area 1 as columns, each point times the root of its weight."""
    counts = np.diff(shapes.offset)
    line = np.repeat(np.arange(len(counts)), counts)
    point = np.arange(shapes.offset[-1]) + np.repeat(shapes.start - shapes.offset[:-1], counts)
    values = shapes.numbers[VALUE] * root[point]
    return csr_array((values, (point, line)), shape=(len(root), len(counts)))
