"""Densities made with other pseudopotentials than those of the templates.

VASP has potentials with and without semicore shells: Fe with 14 valence electrons (3p 3d 4s), as
in the templates and the Materials Project, or with 8. A density of the other kind holds fewer
electrons, which the templates cannot explain; so such shells are left out where that makes the
electron count one of whole formula units.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.density.fourier import DensityModes
from crystalnet.solving.density.placement import place
from crystalnet.solving.density.template_fit import DensityFit

# Electrons of the semicore shell that a potential may leave out: 1s2 of lithium, the p6 below the
# valence shell of other s- and d-elements, the d10 of p-elements.
LITHIUM, P_SHELL, D_SHELL = 2, 6, 10


def place_without_semicore(
    fit: DensityFit, amounts: Int[ndarray, " templates"], budget: Budget = UNBOUNDED
) -> Iterator[tuple[DensityFit, Int[ndarray, " atoms"], Float[ndarray, "atoms 3"], float]]:
    """Place whole formula units with the semicore shells of some elements left out.

    Args:
        fit: the density and the full templates.
        amounts: atoms of each template in a formula unit.

    Returns:
        For each choice of elements that fits the electron count: the reduced templates, the
        template index of each atom, fractional coordinates, and the cost.
    """
    settings = fit.settings
    shells = np.array(
        [_semicore(int(n), float(v)) for n, v in zip(fit.numbers, fit.valence, strict=True)]
    )
    options = [(0, shell) if shell else (0,) for shell in shells]
    for dropped in itertools.product(*options):
        valence = fit.valence - np.array(dropped)
        units = fit.modes.electrons / float(amounts @ valence)
        whole = max(1, round(units))
        if not any(dropped) or abs(units - whole) > settings.formula_electrons * whole:
            continue
        bare = valence <= settings.bare
        if bare.all():
            continue
        # The electrons of bare ions are with the others, whose count says nothing then.
        scale = np.where(bare, 0, valence / fit.valence)
        reduced = replace(fit, valence=valence, template=fit.template * scale[:, None])
        counts = whole * amounts
        visible = replace(reduced, electron_weight=0.0) if bare.any() else reduced
        species, x, _ = place(visible, np.where(bare, 0, counts), budget)
        for template in np.flatnonzero(bare).repeat(counts[bare]):
            x = np.vstack([x, _largest_hole(fit.modes, x, settings.hole_spacing)])
            species = np.append(species, template)
        yield reduced, species, x, reduced.cost(species, x)


def _semicore(number: int, valence: float) -> int:
    """Electrons of an element's template that another potential may leave out."""
    element = Element.from_Z(number)
    if element.symbol == "Li":
        return LITHIUM if valence > LITHIUM else 0
    shell = {"s": P_SHELL, "d": P_SHELL, "p": D_SHELL}.get(element.block, 0)
    return shell if shell and valence > shell else 0


def _largest_hole(
    modes: DensityModes, x: Float[ndarray, "atoms 3"], spacing: float
) -> Float[ndarray, "3"]:
    """The point farthest from all atoms, of a grid that holds eighths, sixths and quarters."""
    lengths = np.linalg.norm(modes.lattice, axis=1)
    shape = tuple(max(24, 12 * math.ceil(length / spacing / 12)) for length in lengths)
    points = np.stack(np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij"), axis=-1)
    cells = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    nearest = np.full(shape, np.inf)
    for image in (x[:, None] % 1 + cells).reshape(-1, 3):
        nearest = np.minimum(nearest, (((points - image) @ modes.lattice) ** 2).sum(axis=-1))
    farthest = np.array(np.unravel_index(np.argmax(nearest), shape))
    return np.asarray(farthest / np.array(shape))
