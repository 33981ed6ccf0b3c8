"""A structure that was solved, with all that is written of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import PatternMatch
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.profile_fit.results import ProfileFit, StructureFit

# What is written of each candidate, into a folder of its own.
CIF, CHGCAR, CUBE, CCP4, PATTERN = (
    "structure.cif",
    "CHGCAR",
    "density.cube",
    "density.ccp4",
    "pattern.csv",
)
FILES = (CIF, CHGCAR, CUBE, CCP4, PATTERN)

TEMPLATES = Path(__file__).parent / "valence_gaussians.json"
"""Free-atom valence densities, which densities of candidates are made of."""


@dataclass(frozen=True, eq=False)
class Structure:
    """Atoms in a lattice, and where they come from.

    Attributes:
        analogue_of: the known structure that it is, or is with other elements, if found so.
    """

    crystal: Crystal
    lattice: IndexedLattice
    analogue_of: str | None = None


@dataclass(frozen=True, eq=False)
class Candidate:
    """One candidate structure and its density.

    Attributes:
        rank: its place, from 1.
        crystal: the atoms, in the cell that was used for solving.
        space_group: number in the International Tables.
        space_group_symbol: its Hermann-Mauguin symbol, e.g. Fd-3m.
        density: valence electrons of free atoms at these places, in e/A^3 at the fractional
            coordinates i/n of `crystal.lattice`.
        match: how well the pattern of the atoms agrees with the measured one.
        system: the crystal system of its space group.
        lattice: that it was solved in. A known structure may be of another centring, with the same
            edges.
        analogue_of: the known structure, a Materials Project id, that it is, or is with other
            elements and fitted coordinates; None where it was found otherwise.
        lattice_fit: its lattice alone fitted to the measured profile, the best that any structure
            in it could do; None for candidates behind the first ones, and where `not_fitted`.
        fit: its atoms fitted to the measured profile by Rietveld's method; None likewise.
            `crystal`, `density` and `match` are those before the fit.
        not_fitted: why one of the first was not fitted; empty where nothing stood against it.

    Raises:
        CrystalNetError: for a rank below 1, a space group outside 1..230, or a density that
            holds NaN or infinity.
    """

    rank: int
    crystal: Crystal
    space_group: int
    space_group_symbol: str
    density: Float[ndarray, "n n n"]
    match: PatternMatch
    system: str
    lattice: IndexedLattice
    analogue_of: str | None = None
    lattice_fit: ProfileFit | None = None
    fit: StructureFit | None = None
    not_fitted: str = ""

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise CrystalNetError(f"a candidate of rank {self.rank}; ranks start at 1")
        if not 1 <= self.space_group <= 230:
            raise CrystalNetError(
                f"candidate {self.rank}: space group {self.space_group}; want 1 to 230"
            )
        if not np.isfinite(self.density).all():
            raise CrystalNetError(
                f"candidate {self.rank}: the density holds NaN or infinity; leave it out"
            )

    @property
    def formula(self) -> str:
        """Its reduced formula, e.g. Gd2Hf2O7."""
        return str(self.crystal.to_structure().composition.reduced_formula)

    @property
    def centring(self) -> str:
        """Of the lattice that it was solved in: P, A, C, I, F or R."""
        return self.lattice.centring

    @property
    def label(self) -> str:
        """What it goes by, e.g. 1 Gd2Hf2O7 Fd-3m."""
        return f"{self.rank} {self.formula} {self.space_group_symbol}"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return FILES

    @property
    def folder(self) -> str:
        """The name of the folder of its files."""
        return f"candidate-{self.rank:02d}"
