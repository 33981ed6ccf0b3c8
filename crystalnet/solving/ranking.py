"""The order of what was found, and what of it is different."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import IStructure

from crystalnet.solving.agreement.profile import PatternMatch, match_pattern
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.candidate import Structure
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, RankingSettings, SolveSettings
from crystalnet.solving.symmetry.symmetrise import Symmetry, symmetry_of
from crystalnet.solving.ties import tied


@dataclass(frozen=True, eq=False)
class Ranked:
    structure: Structure
    match: PatternMatch
    symmetry: Symmetry
    merit: float

    @classmethod
    def of(
        cls,
        structure: Structure,
        measured: MeasuredPeaks,
        settings: SolveSettings = USUAL,
    ) -> "Ranked":
        """A structure by its pattern, and by how little it takes to agree with so many peaks.

        What is left is divided by the degrees of freedom that are left, as in the goodness of fit
        of Rietveld refinement: a larger cell explains the lines of a smaller one too.
        """
        match = match_pattern(structure.crystal, measured, settings.agreement)
        symmetry = symmetry_of(structure.crystal)
        peaks = len(measured.two_theta)
        left = peaks / max(peaks - symmetry.free_coordinates, 1)
        worth = settings.ranking.symmetry * math.log(symmetry.operations) / math.log(48)
        return cls(structure, match, symmetry, match.rwp * math.sqrt(left) - worth)

    def simplicity(self) -> tuple[Any, ...]:
        """What is the least for the first of structures of one merit.

        The fewest free coordinates, then the most operations, the smallest cell, and at last
        elements and places, so that no order is left to chance.
        """
        crystal = self.structure.crystal
        # Whole turns are none, from either side.
        places = np.round(crystal.frac_coords, 4) % 1
        atoms = sorted(zip(crystal.atomic_numbers.tolist(), places.tolist(), strict=True))
        return (
            self.symmetry.free_coordinates,
            -self.symmetry.operations,
            len(atoms),
            atoms,
        )


def in_rank_order(
    found: Sequence[Ranked], settings: RankingSettings = USUAL.ranking
) -> list[Ranked]:
    """By merit; of those whose merits are one the simplest first."""
    places = tied(np.array([each.merit for each in found]), settings.same_rwp).tolist()
    keyed = sorted(range(len(found)), key=lambda i: (places[i], found[i].simplicity()))
    return [found[i] for i in keyed]


def different(
    ranked: Sequence[Ranked],
    most: int,
    budget: Budget = UNBOUNDED,
    settings: RankingSettings = USUAL.ranking,
) -> list[Ranked]:
    """The first of each structure, as many as are asked for or there is time for."""
    matcher = StructureMatcher(
        ltol=settings.same_edges,
        stol=settings.same_sites,
        angle_tol=settings.same_angles,
        scale=False,
    )
    kept: list[tuple[Ranked, IStructure]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in ranked:
            if len(kept) == most or (kept and budget.over(settings.grace)):
                break
            if kept and each.match.rwp > settings.hopeless:
                continue
            # Reduced once, and not again for every comparison.
            primitive = each.structure.crystal.to_structure().get_primitive_structure()
            reduced = primitive.get_reduced_structure()
            # Equal structures have equal patterns.
            alike = (
                other
                for ranked_before, other in kept
                if abs(each.match.rwp - ranked_before.match.rwp) < settings.same_structure_rwp
            )
            if not any(matcher.fit(reduced, o, skip_structure_reduction=True) for o in alike):
                kept.append((each, reduced))
    return [each for each, _ in kept]
