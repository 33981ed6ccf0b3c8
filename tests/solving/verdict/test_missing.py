"""Lines that are computed where nothing is measured count where they would have been seen."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.settings import USUAL
from crystalnet.solving.verdict.evidence import evidence_of
from tests.solving.profile_fit.simulated import profile
from tests.solving.verdict.conftest import CRYSTALS, listed

# Potassium and chlorine have as many electrons as ions: lines of odd indices are hardly there.
SYLVITE = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["K", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
SALT = KnownComposition.from_formula("NaCl")


def measured(background: float) -> FoundPeaks:
    points = profile(SYLVITE, highest=3000.0, background=background)
    beam = points.radiation
    return find_peaks(
        PatternFile(Path("p.xy"), points.two_theta, points.intensity, None, beam, False)
    )


# 111 of NaCl is a twentieth of the strongest line.
@pytest.mark.parametrize(("background", "seen"), [(50.0, True), (100_000.0, False)])
def test_a_line_that_noise_hides_is_not_missing(
    background: float, seen: bool, candidate_of: Callable[..., Candidate]
) -> None:
    found = measured(background)
    candidate = candidate_of(CRYSTALS["halite"], found.peaks)
    missing = evidence_of([candidate], found, SALT).missing
    # What is listed has no noise.
    whole = evidence_of([candidate], listed(found.peaks), SALT).missing
    assert 0.04 < whole < 0.07
    assert missing == (whole if seen else 0.0)


def test_a_peak_is_found_from_its_least_area_on() -> None:
    """All but one or two of 16 peaks of twice that, and at most one of half of it."""
    background, width = 400.0, 0.1
    generator = np.random.default_rng(0)
    x = np.arange(20.0, 80.0, 0.02)

    def drawn(places: np.ndarray, area: np.ndarray) -> FoundPeaks:
        shape = np.exp(-4 * np.log(2) * ((x[:, None] - places) / width) ** 2)
        mean = background + shape @ (area / (width * np.sqrt(np.pi / np.log(2)) / 2))
        counts = generator.poisson(mean).astype(float)
        return find_peaks(PatternFile(Path("p.xy"), x, counts, None, radiation("CuKa1"), False))

    strong = np.array([30.0, 50.0, 70.0])
    alone = drawn(strong, np.full(3, 500.0))
    weak = np.arange(32.0, 48.0, 1.0)
    least = np.interp(weak, alone.two_theta, alone.least)
    for share, low, high in ((2.0, 0.9, 1.0), (0.5, 0.0, 0.07)):
        found = drawn(np.append(strong, weak), np.append(np.full(3, 500.0), share * least))
        near = np.abs(weak[:, None] - found.peaks.two_theta).min(axis=1)
        assert low <= (near < USUAL.agreement.resolution).mean() <= high
