"""Crystals and candidates that verdicts are tested on."""

from collections.abc import Callable

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.symmetry.conventional import space_group_of

CU = 1.54184


def primitive(group: str, lattice: Lattice, species: list[str], places: list) -> Crystal:
    structure = Structure.from_spacegroup(group, lattice, species, places)
    return Crystal.from_structure(structure.get_primitive_structure())


CRYSTALS = {
    "halite": primitive(
        "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ),
    "fluorite": primitive(
        "Fm-3m", Lattice.cubic(5.463), ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]]
    ),
    "hematite": primitive(
        "R-3c", Lattice.hexagonal(5.036, 13.749), ["Fe", "O"],
        [[0, 0, 0.3553], [0.3059, 0, 0.25]],
    ),
    "HoB2": primitive(
        "P6/mmm", Lattice.hexagonal(3.281, 3.811), ["Ho", "B"], [[0, 0, 0], [1 / 3, 2 / 3, 0.5]]
    ),
    "LaB6": primitive(
        "Pm-3m", Lattice.cubic(4.157), ["La", "B"], [[0, 0, 0], [0.1998, 0.5, 0.5]]
    ),
    "quartz": primitive(
        "P3_221", Lattice.hexagonal(4.913, 5.405), ["Si", "O"],
        [[0.4697, 0, 2 / 3], [0.4135, 0.2669, 0.7858]],
    ),
}  # fmt: skip


@pytest.fixture
def peaks_of() -> Callable[[Crystal], MeasuredPeaks]:
    """What Cu K-alpha from 10 to 100 degrees shows of a crystal that moves a little."""

    def measured(crystal: Crystal) -> MeasuredPeaks:
        pattern = powder_pattern(crystal, CU, (10.0, 100.0))
        area = pattern.intensity * np.exp(-2 * 0.5 / (2 * pattern.d_spacing) ** 2)
        seen = area > 0.01 * area.max()
        return MeasuredPeaks(pattern.two_theta[seen], area[seen], CU, (10.0, 100.0))

    return measured


def listed(peaks: MeasuredPeaks) -> FoundPeaks:
    """Peaks as they are found in a list of them."""
    x, y = peaks.two_theta, peaks.intensity
    nothing = np.zeros_like(x)
    return FoundPeaks(x, y, nothing, y, 0.0, nothing, nothing, peaks)


@pytest.fixture
def candidate_of() -> Callable[..., Candidate]:
    """A crystal as a candidate for some peaks."""

    def candidate(crystal: Crystal, peaks: MeasuredPeaks, rank: int = 1) -> Candidate:
        number, symbol = space_group_of(crystal)
        match = match_pattern(crystal, peaks)
        lattice = IndexedLattice("cubic", "P", (1.0,), crystal.lattice)
        density = np.ones((2, 2, 2))
        return Candidate(rank, crystal, number, symbol, density, match, "cubic", lattice)

    return candidate
