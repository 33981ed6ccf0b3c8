"""Structures from the densities that networks guess."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.exchange import exchange_elements
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.candidate import NetworkGuess, Structure
from crystalnet.solving.density.decoding import decode
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.networks.models import SolveModel
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, GuessSettings, SolveSettings
from crystalnet.solving.symmetry.symmetrise import symmetrised


def guessed_structures(
    model: SolveModel,
    densities: Float[ndarray, "guesses n n n"],
    lattice: IndexedLattice,
    known: KnownComposition,
    measured: MeasuredPeaks,
    gaussians: ValenceGaussians,
    *,
    physics: bool,
    failed: Callable[[str], object],
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
) -> Iterator[Structure]:
    """The structures that the densities may mean in a lattice.

    Args:
        measured: peaks, without the shift of the zero.
        physics: whether elements are exchanged over the sites as the pattern decides.
        failed: is told why a density holds no structure.
        budget: when it is over, no further density is looked into, and what is found in this one
            is neither symmetrised nor exchanged.
    """
    for number, density in enumerate(densities):
        if budget.over():
            return
        budget.doing = f"atoms in guess {number + 1} of {len(densities)} of {model.card.name}"
        try:
            decoded = decode(
                density,
                lattice.primitive,
                known,
                gaussians,
                "candidate",
                budget,
                replace(settings.decoding, blurs=settings.guesses.blurs),
            )
        except CrystalNetError as error:
            failed(str(error))
            continue
        guess = NetworkGuess(model.card.name, number, density, decoded.misfit)
        for crystal in variants(
            decoded.crystal, measured, physics=physics, budget=budget, settings=settings
        ):
            yield Structure(crystal, lattice, guess)


def variants(
    crystal: Crystal,
    measured: MeasuredPeaks,
    *,
    physics: bool,
    budget: Budget = UNBOUNDED,
    settings: SolveSettings = USUAL,
) -> list[Crystal]:
    """What the atoms of a guess may be meant to be.

    A guess is smooth where the truth is sharp and never exactly symmetric, so more symmetric
    arrangements are tried. With `physics`, elements are exchanged over the sites, as the pattern
    decides.
    """
    if budget.over():
        return [crystal]
    found = _symmetric(crystal, settings.guesses, alike=physics)
    if not physics:
        return found
    exchanged = []
    for kind in found:
        if budget.over():
            exchanged.append(kind)
        else:
            exchanged += exchange_elements(
                kind, measured, settings.exchange, budget, settings.agreement
            )
    return exchanged


def nearest(crystal: Crystal) -> float:
    """The least distance of two atoms in A, infinite for one."""
    distances = crystal.to_structure().distance_matrix
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


def _symmetric(crystal: Crystal, settings: GuessSettings, *, alike: bool) -> list[Crystal]:
    """The crystal, and what it is if atoms that are nearly symmetric are so.

    Args:
        alike: whether all atoms also count as one element: where sites are right and elements
            wrong, only the sites alone are symmetric.
    """
    bare = replace(crystal, atomic_numbers=np.ones_like(crystal.atomic_numbers))
    kept = [crystal]
    for tolerance in settings.symmetry_tolerances:
        for atoms in (crystal, bare) if alike else (crystal,):
            symmetric = symmetrised(atoms, tolerance)
            if symmetric is None or nearest(symmetric) <= settings.nearest:
                continue
            kind = replace(symmetric, atomic_numbers=crystal.atomic_numbers)
            if not any(_same_places(kind, other, settings.same_place) for other in kept):
                kept.append(kind)
    return kept


def _same_places(one: Crystal, other: Crystal, within: float) -> bool:
    moved = one.frac_coords - other.frac_coords
    return bool(np.abs((moved - np.rint(moved)) @ one.lattice).max() < within)
