"""The first candidates fitted to the measured profile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice import cells
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import CELL, Centring
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.profile_fit.le_bail import fit_lattice
from crystalnet.solving.profile_fit.lines import free_edges, kind_of_group
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.results import ProfileFit
from crystalnet.solving.profile_fit.rietveld import fit_structure
from crystalnet.solving.search.known_structures import Bases
from crystalnet.solving.settings import USUAL, FitSettings
from crystalnet.solving.symmetry.conventional import conventional_cell


def fit_candidates(
    candidates: Sequence[Candidate],
    file: PatternFile,
    found: FoundPeaks,
    budget: Budget = UNBOUNDED,
    progress: Callable[[str], object] = lambda line: None,
    settings: FitSettings = USUAL.fit,
) -> list[Candidate]:
    """The candidates, the first of them with the fits of their lattice and of their atoms.

    A list of peaks has no profile, and nothing is fitted to it. What is not fitted says why.

    Args:
        candidates: the best first.
        file: the pattern as it was read.
        found: its peaks.
        budget: when it is over, nothing but the first is fitted.
        progress: is called with a line for each fit.
    """
    first, others = candidates[: settings.candidates], candidates[settings.candidates :]
    if file.is_peaks:
        reason = "a list of peaks has no profile"
        return [replace(each, not_fitted=reason) for each in first] + list(others)
    points = ProfilePoints.of(file, found, settings)
    width = float(np.median(found.width))
    fits: dict[tuple[object, ...], ProfileFit] = {}
    done: list[Candidate] = []
    for candidate in first:
        # The first is fitted in any case: it takes a second.
        if done and budget.over():
            done.append(replace(candidate, not_fitted="the time was over"))
            continue
        budget.doing = f"fit of {candidate.label}"
        try:
            placed = _Placed.of(candidate, settings)
            lattice = placed.lattice
            name = lattice.system, lattice.centring, lattice.edges
            if name not in fits:
                fits[name] = fit_lattice(points, lattice, width, settings)
            crystal = placed.stretched(fits[name])
            fit = fit_structure(points, crystal, candidate.space_group, fits[name], settings)
        except CrystalNetError as error:
            done.append(replace(candidate, not_fitted=str(error)))
            progress(f"{candidate.label} is not fitted to the profile: {error}")
            continue
        done.append(replace(candidate, lattice_fit=fits[name], fit=fit))
        progress(
            f"{candidate.label}: Rwp {fit.rwp:.3f} of the profile, the lattice alone "
            f"{fits[name].rwp:.3f}, expected {fit.rexp:.3f}"
        )
    return done + list(others)


@dataclass(frozen=True, eq=False)
class _Placed:
    """A crystal in a lattice that is fitted.

    Attributes:
        lattice: the one.
        crystal: in any cell of it.
        rows: of that cell in those of the lattice's primitive one.
    """

    lattice: IndexedLattice
    crystal: Crystal
    rows: Float[ndarray, "3 3"]

    @classmethod
    def of(cls, candidate: Candidate, settings: FitSettings) -> "_Placed":
        """A candidate in the lattice that it was solved in, or in one of its own.

        Cells of known structures have other axes than the lattice that they were put into; and
        where they are of another centring, only its edges.
        """
        lattice, crystal = candidate.lattice, candidate.crystal
        turns = Bases(lattice.primitive).turns(crystal.lattice, settings.same_lattice)
        return cls(lattice, crystal, turns[0]) if turns else cls._of_its_own(candidate)

    @classmethod
    def _of_its_own(cls, candidate: Candidate) -> "_Placed":
        """A candidate in the lattice that its space group has."""
        cell = conventional_cell(candidate.crystal, candidate.space_group)
        kind = kind_of_group(cell.space_group.number)
        crystal, edges = cell.crystal, free_edges(kind, cell)
        centring = cast(Centring, cell.space_group.centring_type())
        if centring == "A":
            # Lattices have their one centred face across c.
            order = [1, 2, 0]
            rows, places = crystal.lattice[order], crystal.frac_coords[:, order]
            crystal = replace(crystal, lattice=rows, frac_coords=places)
            centring, edges = "C", tuple(edges[axis] for axis in order)
        lattice = IndexedLattice(
            kind.system, centring, edges, kind.primitive(centring, edges),
            zero_shift=candidate.lattice.zero_shift,
        )  # fmt: skip
        rows = cells.conventional_cell(lattice) @ np.linalg.inv(lattice.primitive)
        return cls(lattice, crystal, rows)

    def stretched(self, fit: ProfileFit) -> Crystal:
        """The crystal stretched as its lattice was by a fit."""
        kind = kind_of(self.lattice.system)
        cell = dict(zip(CELL, (each.value for each in fit.cell), strict=True))
        edges = tuple(cell[name] for name in kind.edges)
        primitive = kind.primitive(self.lattice.centring, edges)
        return replace(self.crystal, lattice=self.rows @ primitive)
