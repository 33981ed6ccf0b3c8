"""Peaks that are of no line of a candidate."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.agreement.profile import PatternMatch
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.foreign import foreign_peaks
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.pattern.radiation import radiation

BEAM = radiation("CuKa")
RANGE = (20.0, 90.0)
SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
LATTICE = next(each for each in conventional_lattices("cubic", 5.64) if each.centring == "F")
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.431), ["Si"], [[0, 0, 0]])


def lines(structure, wavelength=BEAM.alpha_1):
    crystal = Crystal.from_structure(structure.get_primitive_structure())
    pattern = powder_pattern(crystal, wavelength, RANGE)
    return pattern.two_theta, pattern.intensity


def found(*parts):
    """Peaks as they are found, of parts of two_theta and intensity."""
    two_theta = np.concatenate([each[0] for each in parts])
    order = np.argsort(two_theta)
    areas = np.concatenate([each[1] for each in parts])[order]
    two_theta = two_theta[order]
    peaks = MeasuredPeaks(two_theta, areas, BEAM.alpha_1, RANGE)
    nothing = np.zeros(3)
    return FoundPeaks(*[nothing] * 4, 1.0, nothing, np.full(len(areas), 0.1), peaks)


@pytest.fixture(scope="module")
def salt():
    crystal = Crystal.from_structure(SALT.get_primitive_structure())
    match = PatternMatch(0.05, 0.99, 0.0)
    return Candidate(1, crystal, 225, "Fm-3m", np.ones((4, 4, 4)), match, "cubic", LATTICE)


def test_its_own_peaks_are_not_foreign(salt):
    none = foreign_peaks(salt, found(lines(SALT)), BEAM)
    assert none.peaks == ()
    assert none.lines() == []


def test_a_second_phase_is_told_with_its_lattice(salt):
    two_theta, intensity = lines(SILICON)
    told = foreign_peaks(salt, found(lines(SALT), (two_theta, 0.2 * intensity)), BEAM)
    assert {round(each.two_theta, 3) for each in told.unnamed} <= set(two_theta.round(3))
    assert len(told.unnamed) >= len(two_theta) - 2
    assert told.lattice is not None
    assert told.lattice.system == "cubic"
    assert told.lattice.edges[0] == pytest.approx(5.431, rel=2e-3)
    assert any("of another phase" in line for line in told.lines())
    assert any("cubic F" in line for line in told.lines())


@pytest.mark.parametrize(
    ("wavelength", "name"), [(1.392234, "Cu K-beta"), (1.476425, "tungsten L-alpha")]
)
def test_lines_of_other_radiations_have_their_names(salt, wavelength, name):
    two_theta, intensity = lines(SALT, wavelength)
    strong = intensity > 30
    extra = two_theta[strong], 0.05 * intensity[strong]
    told = foreign_peaks(salt, found(lines(SALT), extra), BEAM)
    assert len(told.peaks) == strong.sum()
    assert all(each.cause.startswith(name) for each in told.peaks)
    assert told.unnamed == ()
    assert "of the peak at 31.70" in told.lines()[0]
    # A synchrotron has no such lines.
    other = foreign_peaks(salt, found(lines(SALT), extra), replace(BEAM, name="1.54 A"))
    assert len(other.unnamed) == len(told.peaks)


def test_what_a_strong_peak_leaves_is_none(salt):
    two_theta, intensity = lines(SALT)
    shoulder = two_theta[intensity.argmax()] - 0.3
    told = foreign_peaks(
        salt, found((two_theta, intensity), (np.array([shoulder]), np.array([2.0]))), BEAM
    )
    assert told.peaks == ()
