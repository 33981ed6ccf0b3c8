"""From a density to atoms.

Maxima are no atoms (those of silicon are on the bonds), so free-atom templates are fitted: as many
atoms of the composition as the density has electrons for, placed where they explain most of it.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import Core, ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.density.fourier import DensityModes
from crystalnet.solving.density.placement import place, place_freely
from crystalnet.solving.density.pool import element_pool
from crystalnet.solving.density.semicore import place_without_semicore
from crystalnet.solving.density.template_fit import DensityFit
from crystalnet.solving.settings import USUAL, DecodingSettings
from crystalnet.solving.symmetry.symmetrise import symmetrised

# A density whose modes are all below this share of its electrons is flat.
FLAT = 1e-6


@dataclass(frozen=True, eq=False)
class DecodedCrystal:
    """Atoms found in a density.

    Attributes:
        crystal: the atoms in the lattice that was given.
        misfit: share of the density's modes (weighted squares) that the atoms leave unexplained:
            below 0.05 for true densities, 1 for no agreement.
        electrons: valence electrons of the density.
        core: which templates explain it best.
    """

    crystal: Crystal
    misfit: float
    electrons: float
    core: Core


def decode(
    density: Float[ndarray, "nx ny nz"],
    lattice: Float[ndarray, "3 3"],
    known: KnownComposition,
    gaussians: ValenceGaussians,
    material_id: str = "decoded",
    budget: Budget = UNBOUNDED,
    settings: DecodingSettings = USUAL.decoding,
) -> DecodedCrystal:
    """Find the atoms whose superposed valence densities explain a density best.

    Args:
        density: valence electrons in e/A^3 at the fractional coordinates i/n of each axis.
        lattice: rows are a, b, c in A.
        known: what is known of the composition.
        gaussians: the templates.
        material_id: the name of the result.
        budget: when it is over, what has been found is refined no further.

    Raises:
        CrystalNetError: for a density that is not finite, flat, or of less than half an electron,
            an element without a template, or if the time is over before every atom has a place.
    """
    modes = DensityModes.of(density, lattice, settings)
    _check(material_id, modes, known, gaussians)
    best: _Found | None = None
    for core, blur in itertools.product(_cores(known, gaussians), settings.blurs):
        if core == "raw" and blur > settings.raw_blur:
            continue
        if best is None or best.cost > settings.good:
            if best is not None and budget.over():
                break
            found = _search(modes, known, gaussians, core, blur, budget, settings)
            best = found if best is None or found.cost < best.cost else best
    assert best is not None
    if known.amounts is not None and best.cost > settings.poor and not budget.over():
        amounts = np.array(known.amounts)
        full = DensityFit.of(
            modes,
            np.array(known.elements),
            amounts / amounts.sum(),
            gaussians,
            "smooth",
            settings=settings,
        )
        for fit, species, x, cost in place_without_semicore(full, amounts, budget):
            if cost < best.cost / 2:
                best = _Found(fit, "smooth", species, x, cost)
    crystal, misfit = _symmetrise(best, material_id, settings)
    return DecodedCrystal(crystal, misfit, modes.electrons, best.core)


@dataclass(frozen=True, eq=False)
class _Found:
    """One result of a search: templates and positions of the atoms."""

    fit: DensityFit
    core: Core
    species: Int[ndarray, " atoms"]
    x: Float[ndarray, "atoms 3"]
    cost: float


def _search(
    modes: DensityModes,
    known: KnownComposition,
    gaussians: ValenceGaussians,
    core: Core,
    blur: float,
    budget: Budget,
    settings: DecodingSettings,
) -> _Found:
    elements = np.array(known.elements, dtype=np.int64)
    if known.amounts is not None:
        amounts = np.array(known.amounts)
        fit = DensityFit.of(
            modes, elements, amounts / amounts.sum(), gaussians, core, blur, settings
        )
        most = max(1, int(modes.volume / (settings.least_volume * amounts.sum())))
        estimate = min(modes.electrons / float(amounts @ fit.valence), most)
        units = _formula_units(estimate, settings.whole)
        found = [_Found(fit, core, *place(fit, count * amounts, budget)) for count in units]
    else:
        pool = elements
        if not known.complete:
            pool = element_pool(modes, elements, gaussians, core, blur, budget, settings)
        required = np.flatnonzero(np.isin(pool, elements))
        fit = DensityFit.of(
            modes, pool, np.full(len(pool), 1 / len(pool)), gaussians, core, blur, settings
        )
        found = []
        for weight in settings.electron_weights:
            soft = replace(fit, electron_weight=weight * fit.electron_weight)
            species, x, _ = place_freely(soft, required, budget)
            found.append(_Found(fit, core, species, x, fit.cost(species, x)))
            if found[-1].cost < settings.good / 10 or budget.over():
                break
    return min(found, key=lambda each: each.cost)


def _formula_units(estimate: float, whole: float) -> list[int]:
    """The numbers of formula units that an electron count may stand for."""
    below = int(np.floor(estimate))
    if estimate - below <= whole:
        units = [below]
    elif estimate - below >= 1 - whole:
        units = [below + 1]
    else:
        units = [below, below + 1]
    return sorted({max(1, count) for count in units})


def _symmetrise(
    found: _Found, material_id: str, settings: DecodingSettings
) -> tuple[Crystal, float]:
    """The most symmetric crystal that explains the density nearly as well, and its cost."""
    fit = found.fit
    crystal = Crystal(material_id, fit.modes.lattice, fit.numbers[found.species], found.x)
    allowed = found.cost * (1 + settings.symmetry_cost[0]) + settings.symmetry_cost[1]
    for tolerance in settings.symmetry_tolerances:
        symmetric = symmetrised(crystal, tolerance)
        if symmetric is not None:
            cost = fit.cost(found.species, symmetric.frac_coords)
            if cost <= allowed:
                return symmetric, cost
    return crystal, found.cost


def _cores(known: KnownComposition, gaussians: ValenceGaussians) -> list[Core]:
    """Soft cores, and the raw ones of VASP where an element that is known may have them."""
    elements = np.array(known.elements, dtype=np.int64)
    same = np.array_equal(gaussians.a[elements], gaussians.a_raw[elements])
    return ["smooth"] if same or not known.complete else ["smooth", "raw"]


def _check(
    name: str, modes: DensityModes, known: KnownComposition, gaussians: ValenceGaussians
) -> None:
    if not (np.isfinite(modes.factor).all() and np.isfinite(modes.electrons)):
        raise CrystalNetError(f"{name}: the density holds NaN or infinity; want finite e/A^3")
    if modes.electrons < 0.5:
        raise CrystalNetError(
            f"{name}: the density holds {modes.electrons:.3g} electrons in the cell; want e/A^3 "
            "and a lattice in A, together at least half an electron"
        )
    if np.abs(modes.factor).max() < FLAT * modes.electrons:
        raise CrystalNetError(
            f"{name}: the density is the same everywhere ({modes.electrons:.4g} electrons in the "
            "cell), so no atom is anywhere; want a density with atoms in it"
        )
    missing = [z for z in known.elements if gaussians.valence[z] == 0]
    if missing:
        raise CrystalNetError(
            f"{name}: {gaussians.path} has no valence density for "
            f"{Element.from_Z(missing[0]).symbol}; leave the crystal out"
        )
