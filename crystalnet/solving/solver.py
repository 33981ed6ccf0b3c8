"""From the peaks of a measured pattern to candidates, the best first."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.solving.decoding import DecodedCrystal, decode
from crystalnet.solving.exchange import exchange_elements
from crystalnet.solving.indexing import IndexedLattice
from crystalnet.solving.known_composition import KnownComposition
from crystalnet.solving.models import SolveModel
from crystalnet.solving.network_input import network_pattern
from crystalnet.solving.output.candidate import Candidate
from crystalnet.solving.ranking import MeasuredPeaks, RankedCandidate, rank

# Points per axis of the guessed densities: decoding needs no more, and 50^3 takes 8 times as long.
GRID = 25
# Atoms of a cell beyond which only the likeliest lattice is tried.
LARGE = 12
# Two atoms nearer than this, in A, are no structure.
NEAREST = 0.7
# Distances in A within which the atoms of a candidate may be symmetric.
SYMMETRY_PRECISION = 0.05


@dataclass(frozen=True, eq=False)
class Guess:
    """One latent sample of one model in one lattice, with the atoms found in it."""

    model: SolveModel
    lattice: IndexedLattice
    number: int
    density: Float[ndarray, "n n n"]
    decoded: DecodedCrystal


def solve_peaks(
    measured: MeasuredPeaks,
    known: KnownComposition,
    lattices: Sequence[IndexedLattice],
    models: Sequence[SolveModel],
    gaussians: ValenceGaussians,
    *,
    guesses: int = 5,
    seed: int = 0,
    exchange: bool = True,
    progress: Callable[[str], object] = lambda line: None,
) -> list[Candidate]:
    """Guess densities, find their atoms, and rank these by the pattern they would give.

    Args:
        lattices: to try, of the models' crystal systems.
        guesses: latent samples of each model in each lattice.
        exchange: whether the elements of each guess are exchanged over its sites until the pattern
            agrees best.
        progress: is called with lines for a person to read.

    Returns:
        Different structures only, each at its best guess; ranks from 1.

    Raises:
        CrystalNetError: where no lattice has a model, or no guess holds atoms.
    """
    vector = {}
    found: list[Guess] = []
    reason = "no lattice is of a crystal system that has a model"
    for model in models:
        bins = model.network.pattern_bins
        if bins not in vector:
            vector[bins] = network_pattern(measured, bins).vector
        of_system = [lattice for lattice in lattices if lattice.system == model.system]
        if not of_system:
            continue
        densities = model.guess(vector[bins], known, guesses, GRID, seed)
        for lattice in of_system:
            if lattice is not lattices[0] and _atoms(densities, lattice, known, gaussians) > LARGE:
                # What a smaller cell explains as well is not worth the time that it takes.
                continue
            for number, density in enumerate(densities):
                try:
                    decoded = decode(density, lattice.primitive, known, gaussians, "candidate")
                except CrystalNetError as error:
                    reason = str(error)
                    continue
                atoms = (
                    exchange_elements(decoded.crystal, measured) if exchange else [decoded.crystal]
                )
                found += [
                    Guess(model, lattice, number, density, replace(decoded, crystal=each))
                    for each in atoms
                ]
        progress(f"{model.system}: {len(found)} structures from {guesses} guesses a lattice")
    apart = [guess for guess in found if _nearest(guess.decoded.crystal) > NEAREST]
    if not apart:
        raise CrystalNetError(
            f"none of {len(found)} guesses gives a structure ({reason}); take more guesses, or "
            "check lattice and composition"
        )
    ranked = rank([guess.decoded for guess in apart], measured)
    return [
        _candidate(place, apart[each.index], each)
        for place, each in enumerate(_different(ranked), start=1)
    ]


def _different(ranked: Sequence[RankedCandidate]) -> list[RankedCandidate]:
    """The first of each structure."""
    matcher = StructureMatcher(ltol=0.05, stol=0.1, angle_tol=1, scale=False)
    kept: list[tuple[RankedCandidate, object]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in ranked:
            structure = each.decoded.crystal.to_structure()
            if not any(matcher.fit(structure, other) for _, other in kept):
                kept.append((each, structure))
    return [each for each, _ in kept]


def _candidate(place: int, guess: Guess, ranked: RankedCandidate) -> Candidate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        symmetry = SpacegroupAnalyzer(
            ranked.decoded.crystal.to_structure(), symprec=SYMMETRY_PRECISION
        )
        number, symbol = symmetry.get_space_group_number(), symmetry.get_space_group_symbol()
    return Candidate(
        rank=place,
        crystal=ranked.decoded.crystal,
        space_group=number,
        space_group_symbol=symbol,
        density=guess.density,
        match=ranked.match,
        misfit=ranked.decoded.misfit,
        system=guess.lattice.system,
        centring=guess.lattice.centring,
        guess=guess.number + 1,
        model=guess.model.card.name,
    )


def _atoms(
    densities: Float[ndarray, "guesses n n n"],
    lattice: IndexedLattice,
    known: KnownComposition,
    gaussians: ValenceGaussians,
) -> float:
    """About how many atoms a cell holds, by the electrons that were guessed."""
    elements = list(known.elements) or np.flatnonzero(gaussians.valence).tolist()
    valence = np.average(gaussians.valence[elements], weights=known.amounts)
    volume = abs(np.linalg.det(lattice.primitive))
    return float(densities.mean() * volume / max(float(valence), 1.0))


def _nearest(crystal: Crystal) -> float:
    """The least distance of two atoms in A, infinite for one."""
    distances = crystal.to_structure().distance_matrix
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())
