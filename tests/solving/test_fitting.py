"""The first candidates are fitted to the profile in whatever cell they were found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from scipy.spatial.transform import Rotation

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from crystalnet.solving import fitting
from crystalnet.solving.agreement.profile import PatternMatch
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.fitting import fit_candidates
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.symmetry.conventional import space_group_of
from tests.solving.profile_fit.simulated import profile

# By how much the lattice that a candidate was solved in is off.
OFF = 1.0006
MATCH = PatternMatch(0.1, 0.99, 0.5)
# The type of CrB, with one face centred; orthorhombic KNbO3, whose standard setting has A.
EUSI = Structure.from_spacegroup(
    "Cmcm", Lattice.orthorhombic(4.69, 11.13, 3.98), ["Eu", "Si"],
    [[0, 0.14, 0.25], [0, 0.43, 0.25]],
)  # fmt: skip
KNBO3 = Structure.from_spacegroup(
    "Amm2", Lattice.orthorhombic(3.973, 5.695, 5.721), ["K", "Nb", "O", "O"],
    [[0, 0, 0], [0.5, 0, 0.497], [0, 0, 0.521], [0.5, 0.248, 0.27]],
)  # fmt: skip
CSCL = Structure.from_spacegroup("Pm-3m", Lattice.cubic(4.12), ["Cs", "Cl"], [[0] * 3, [0.5] * 3])


def lattice_of(system: str, centring: str, *edges: float) -> IndexedLattice:
    scaled = [edge * OFF for edge in edges]
    every = conventional_lattices(system, *scaled)
    return next(each for each in every if each.centring == centring)


def candidate_of(structure: Structure, lattice: IndexedLattice) -> Candidate:
    """The truth in the primitive cell that pymatgen takes, turned, with the edges of a lattice."""
    primitive = Crystal.from_structure(structure.get_primitive_structure())
    turned = OFF * primitive.lattice @ Rotation.from_rotvec([0.3, -0.5, 1.1]).as_matrix()
    crystal = replace(primitive, lattice=turned)
    number, symbol = space_group_of(crystal)
    density = np.ones((2, 2, 2))
    return Candidate(1, crystal, number, symbol, density, MATCH, lattice.system, lattice)


def measured(structure: Structure) -> tuple[PatternFile, FoundPeaks]:
    points = profile(structure, last=90.0)
    beam = points.radiation
    file = PatternFile(Path("p.xy"), points.two_theta, points.intensity, None, beam, False)
    return file, find_peaks(file)


@pytest.mark.parametrize(
    ("structure", "lattice"),
    [
        (EUSI, lattice_of("orthorhombic", "C", 4.69, 11.13, 3.98)),
        # Known structures are put into the edges of a lattice, whatever its centring.
        (EUSI, lattice_of("orthorhombic", "P", 3.98, 4.69, 11.13)),
        (KNBO3, lattice_of("orthorhombic", "C", 5.695, 5.721, 3.973)),
        (KNBO3, lattice_of("orthorhombic", "P", 3.973, 5.695, 5.721)),
        (CSCL, lattice_of("cubic", "F", 4.12)),
    ],
    ids=["turned", "other centring", "A is C", "A beside P", "P in the edges of F"],
)
def test_a_candidate_is_fitted_in_any_cell(structure: Structure, lattice: IndexedLattice) -> None:
    (fitted,) = fit_candidates([candidate_of(structure, lattice)], *measured(structure))
    fit, alone = fitted.fit, fitted.lattice_fit
    assert fit is not None
    assert alone is not None
    assert fit.space_group == space_group_of(fitted.crystal)[0]
    # It is the truth: nothing but noise is left of it, and no lattice of more lines does better.
    assert fit.chi_squared < 1.3
    assert alone.rwp <= 1.01 * fit.rwp < 1.05 * alone.rwp
    edges = sorted(each.value for each in fit.cell[:3])
    assert edges == pytest.approx(sorted(structure.lattice.abc), rel=3e-4)
    assert len(alone.lines.d) >= len(fit.lines.d)


def test_the_lattice_that_it_was_solved_in_is_the_measure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not the one of its own space group, of which it may be by accident of a few atoms."""
    seen = []
    fit_lattice = fitting.fit_lattice

    def kept(points, lattice, *others):
        seen.append(lattice)
        return fit_lattice(points, lattice, *others)

    monkeypatch.setattr(fitting, "fit_lattice", kept)
    lattice = lattice_of("tetragonal", "P", 4.12, 4.12)
    fit_candidates([candidate_of(CSCL, lattice)] * 2, *measured(CSCL))
    assert seen == [lattice]


def test_what_is_not_fitted_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = candidate_of(CSCL, lattice_of("cubic", "P", 4.12))
    file, found = measured(CSCL)
    (listed,) = fit_candidates([candidate], replace(file, is_peaks=True), found)
    assert listed.fit is None
    assert "no profile" in listed.not_fitted

    def refused(*_: object) -> None:
        raise CrystalNetError("too many lines")

    monkeypatch.setattr(fitting, "fit_structure", refused)
    (other,) = fit_candidates([candidate], file, found)
    assert (other.fit, other.lattice_fit, other.not_fitted) == (None, None, "too many lines")
