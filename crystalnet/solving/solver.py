"""From the peaks of a measured pattern to candidates, the best first."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.analysis.structure_matcher import StructureMatcher

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.solving.decoding import DecodedCrystal, decode
from crystalnet.solving.exchange import exchange_elements
from crystalnet.solving.indexing import IndexedLattice
from crystalnet.solving.known_composition import KnownComposition
from crystalnet.solving.models import SolveModel
from crystalnet.solving.network_input import network_pattern
from crystalnet.solving.output import Candidate
from crystalnet.solving.output.conventional import space_group_of
from crystalnet.solving.ranking import (
    SAME_RWP,
    MeasuredPeaks,
    RankedCandidate,
    match_pattern,
    rank,
)
from crystalnet.solving.relocation import relocate_atoms
from crystalnet.solving.symmetry import operations_of, symmetrised

# How smooth guesses are, as the standard deviation in A of a Gaussian.
BLURS = (0.3,)
# Points per axis of the guessed densities: decoding needs no more, and 50^3 takes 8 times as long.
GRID = 25
# Atoms of a cell beyond which only the likeliest lattice is tried.
LARGE = 12
# Distances in A over which the atoms of a guess may be moved to where they are symmetric.
SYMMETRY_TOLERANCES = (0.2, 0.4, 0.7, 1.0)
# Atoms that moved less than this, in A, are where they were.
SAME_PLACE = 0.02
# Guesses of each model and lattice whose atoms are moved, if need be.
RELOCATED = 3
# A pattern that is explained this well, as Rwp, needs no other lattice.
EXPLAINED = 0.1
# What the highest symmetry is worth in Rwp: of two structures that agree alike, the simpler one.
SYMMETRY = 0.03
# A guess whose pattern agrees better than this, as Rwp, has all its atoms in place.
GOOD = 0.15
# Structures whose Rwp differs by more than this are different ones.
SAME_STRUCTURE_RWP = 0.03
# Two atoms nearer than this, in A, are no structure.
NEAREST = 0.7


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
    most: int = 20,
    physics: bool = True,
    progress: Callable[[str], object] = lambda line: None,
) -> list[Candidate]:
    """Guess densities, find their atoms, and rank these by the pattern they would give.

    Args:
        lattices: to try, of the models' crystal systems.
        guesses: latent samples of each model in each lattice.
        most: candidates returned.
        physics: whether atoms of a guess are moved, and elements exchanged, until the pattern
            agrees best; without it the network's word is taken as it is.
        progress: is called with lines for a person to read.

    Returns:
        Different structures only, each at its best guess; ranks from 1.

    Raises:
        CrystalNetError: where no lattice has a model, or no guess holds atoms.
    """
    vector = {}
    found: list[Guess] = []
    best_rwp = math.inf
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
            if physics and best_rwp < EXPLAINED:
                # The lattices that are left are less likely, and there is nothing to explain.
                break
            shifted = _shifted(measured, lattice.zero_shift)
            if lattice is not lattices[0] and _atoms(densities, lattice, known, gaussians) > LARGE:
                # What a smaller cell explains as well is not worth the time that it takes.
                continue
            for number, density in enumerate(densities):
                try:
                    decoded = decode(
                        density, lattice.primitive, known, gaussians, "candidate", BLURS
                    )
                except CrystalNetError as error:
                    reason = str(error)
                    continue
                # Few guesses have atoms moved: what these do not bring, more seldom do.
                others = best_rwp if number < RELOCATED else 0.0
                for crystal in variants(decoded.crystal, shifted, others, physics=physics):
                    if _nearest(crystal) <= NEAREST:
                        reason = f"in the last one atoms are {_nearest(crystal):.2f} A apart"
                        continue
                    best_rwp = min(best_rwp, match_pattern(crystal, shifted).rwp)
                    found.append(
                        Guess(model, lattice, number, density, replace(decoded, crystal=crystal))
                    )
        progress(f"{model.system}: {len(found)} structures from {guesses} guesses a lattice")
    if not found:
        raise CrystalNetError(
            f"no guess gives a structure ({reason}); take more guesses, or check lattice and "
            "composition"
        )
    # Zero shifts belong to lattices: a guess is compared with the peaks as its lattice has them.
    ranked = [
        replace(each, index=place)
        for place, guess in enumerate(found)
        for each in rank([guess.decoded], _shifted(measured, guess.lattice.zero_shift))
    ]
    ranked.sort(
        key=lambda r: (
            round((r.match.rwp - _symmetry(r.decoded.crystal)) / SAME_RWP),
            r.decoded.misfit,
        )
    )
    return [
        _candidate(place, found[each.index], each)
        for place, each in enumerate(_different(ranked, most), start=1)
    ]


def variants(
    crystal: Crystal, measured: MeasuredPeaks, others: float, *, physics: bool
) -> list[Crystal]:
    """What the atoms of a guess may be meant to be.

    A guess is smooth where the truth is sharp and never exactly symmetric, so more symmetric
    arrangements are tried. With `physics`, atoms that are on top of each other or whose pattern
    agrees badly are moved, and elements exchanged over the sites, as the pattern decides.

    Args:
        others: the least Rwp of other guesses; if it is good, no atoms of this one are moved.
    """
    if not physics:
        return _symmetric([crystal], alike=False)
    found = _exchanged(_symmetric([crystal], alike=True), measured)
    sound = [match_pattern(each, measured).rwp for each in found if _nearest(each) > NEAREST]
    if min(sound, default=np.inf) > GOOD and others > GOOD:
        best = min(found, key=lambda each: match_pattern(each, measured).rwp)
        # In large cells a search takes seconds: only the better start is worth them.
        starts = [best] if len(crystal.atomic_numbers) > LARGE / 2 else [crystal, best]
        starts = [relocate_atoms(each, measured) for each in starts]
        found += _exchanged(_symmetric(starts, alike=True), measured)
    return found


def _symmetric(crystals: list[Crystal], *, alike: bool) -> list[Crystal]:
    """The crystals, and what they are if atoms that are nearly symmetric are so.

    Args:
        alike: whether all atoms also count as one element: where sites are right and elements
            wrong, only the sites alone are symmetric.
    """
    kept: list[Crystal] = []
    for crystal in crystals:
        bare = replace(crystal, atomic_numbers=np.ones_like(crystal.atomic_numbers))
        kinds = [crystal]
        for tolerance in SYMMETRY_TOLERANCES:
            for atoms in (crystal, bare) if alike else (crystal,):
                symmetric = symmetrised(atoms, tolerance)
                if symmetric is not None and _nearest(symmetric) > NEAREST:
                    kinds.append(replace(symmetric, atomic_numbers=crystal.atomic_numbers))
        for kind in kinds:
            if not any(_same_places(kind, other) for other in kept):
                kept.append(kind)
    return kept


def _exchanged(crystals: list[Crystal], measured: MeasuredPeaks) -> list[Crystal]:
    return [each for crystal in crystals for each in exchange_elements(crystal, measured)]


def _same_places(one: Crystal, other: Crystal) -> bool:
    moved = one.frac_coords - other.frac_coords
    return bool(np.abs((moved - np.rint(moved)) @ one.lattice).max() < SAME_PLACE)


def _different(ranked: Sequence[RankedCandidate], most: int) -> list[RankedCandidate]:
    """The first of each structure, as many as are asked for."""
    matcher = StructureMatcher(ltol=0.05, stol=0.1, angle_tol=1, scale=False)
    kept: list[RankedCandidate] = []

    def same(one: RankedCandidate, other: RankedCandidate) -> bool:
        # Equal structures have equal patterns; the comparison of atoms is slow.
        if abs(one.match.rwp - other.match.rwp) > SAME_STRUCTURE_RWP:
            return False
        pair = (each.decoded.crystal.to_structure() for each in (one, other))
        return bool(matcher.fit(*pair))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in ranked:
            if len(kept) < most and not any(same(each, other) for other in kept):
                kept.append(each)
    return kept


def _candidate(place: int, guess: Guess, ranked: RankedCandidate) -> Candidate:
    number, symbol = space_group_of(ranked.decoded.crystal)
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
        guess=guess.number,
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


def _symmetry(crystal: Crystal) -> float:
    """What the symmetry of a crystal is worth in Rwp: up to SYMMETRY for a point group of 48."""
    return SYMMETRY * math.log(operations_of(crystal)) / math.log(48)


def _shifted(measured: MeasuredPeaks, zero_shift: float) -> MeasuredPeaks:
    """The peaks where they would be without a shift of the zero, in degrees."""
    first, last = measured.two_theta_range
    moved = np.clip(measured.two_theta - zero_shift, first, last)
    return replace(measured, two_theta=moved)


def _nearest(crystal: Crystal) -> float:
    """The least distance of two atoms in A, infinite for one."""
    distances = crystal.to_structure().distance_matrix
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())
