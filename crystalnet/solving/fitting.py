"""The first candidates fitted to the measured profile."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import CELL
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.profile_fit.le_bail import fit_lattice
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.results import ProfileFit
from crystalnet.solving.profile_fit.rietveld import fit_structure
from crystalnet.solving.settings import USUAL, FitSettings


def fit_candidates(
    candidates: Sequence[Candidate],
    lattices: Sequence[IndexedLattice],
    file: PatternFile,
    found: FoundPeaks,
    budget: Budget = UNBOUNDED,
    progress: Callable[[str], object] = lambda line: None,
    settings: FitSettings = USUAL.fit,
) -> list[Candidate]:
    """The candidates, the first of them with the fits of their lattice and of their atoms.

    A list of peaks has no profile, and nothing is fitted to it.

    Args:
        candidates: the best first.
        lattices: that they were solved in.
        file: the pattern as it was read.
        found: its peaks.
        budget: when it is over, nothing but the first is fitted.
        progress: is called with a line for each fit.
    """
    if file.is_peaks:
        return list(candidates)
    points = ProfilePoints.of(file, found, settings)
    width = float(np.median(found.width))
    fits: dict[int, ProfileFit] = {}
    done: list[Candidate] = []
    for candidate in candidates[: settings.candidates]:
        place = _lattice_of(candidate, lattices)
        # The first is fitted in any case: it takes a second.
        if place is None or (done and budget.over()):
            done.append(candidate)
            continue
        budget.doing = f"fit of {candidate.label}"
        lattice = lattices[place]
        if place not in fits:
            fits[place] = fit_lattice(points, lattice, width, settings)
        lattice_fit = fits[place]
        crystal = _in_fitted_lattice(candidate.crystal, lattice, lattice_fit)
        fit = fit_structure(points, crystal, candidate.space_group, lattice_fit, settings)
        done.append(replace(candidate, lattice_fit=lattice_fit, fit=fit))
        progress(
            f"{candidate.label}: Rwp {fit.rwp:.3f} of the profile, the lattice alone "
            f"{lattice_fit.rwp:.3f}, expected {fit.rexp:.3f}"
        )
    return done + list(candidates[len(done) :])


def _lattice_of(candidate: Candidate, lattices: Sequence[IndexedLattice]) -> int | None:
    """The place of the lattice that a candidate was solved in."""
    for place, lattice in enumerate(lattices):
        same = lattice.centring == candidate.centring
        if same and np.allclose(lattice.primitive, candidate.crystal.lattice):
            return place
    return None


def _in_fitted_lattice(crystal: Crystal, lattice: IndexedLattice, fit: ProfileFit) -> Crystal:
    """The crystal stretched as its lattice was."""
    kind = kind_of(lattice.system)
    cell = dict(zip(CELL, (each.value for each in fit.cell), strict=True))
    stretched = kind.primitive(lattice.centring, tuple(cell[name] for name in kind.edges))
    moved = crystal.lattice @ np.linalg.inv(lattice.primitive) @ stretched
    return replace(crystal, lattice=moved)
