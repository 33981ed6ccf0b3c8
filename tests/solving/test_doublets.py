"""K-alpha-2 is no peak of its own, however far from its K-alpha-1."""

from pathlib import Path

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure

from crystalnet.solving.pattern_file import PatternFile
from crystalnet.solving.peak_fit import clusters
from crystalnet.solving.peak_shape import PeakShape
from crystalnet.solving.peaks import find_peaks
from crystalnet.solving.radiation import Radiation, radiation
from crystalnet.solving.solve import find_lattices

CUBIC, HEXAGONAL = Lattice.cubic, Lattice.hexagonal
MATERIALS = {
    "NaCl": ("Fm-3m", CUBIC(5.6402), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "CaF2": ("Fm-3m", CUBIC(5.4626), ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
    "Al2O3": (
        "R-3c", HEXAGONAL(4.7602, 12.9933), ["Al", "O"], [[0, 0, 0.3522], [0.3063, 0, 0.25]],
    ),
}  # fmt: skip


def profile(
    places: np.ndarray, heights: np.ndarray, beam: Radiation, limits: tuple[float, float],
    width: float,
) -> PatternFile:  # fmt: skip
    """Pseudo-Voigts at K-alpha-1 and K-alpha-2 on a background, with counting statistics."""
    x = np.arange(*limits, min(0.02, width / 5))
    y = np.full(len(x), 150.0)
    ratio = beam.alpha_2 / beam.alpha_1 if beam.alpha_1 and beam.alpha_2 else 0.0
    for line, share in ((1.0, 1.0), (ratio, 0.5)):
        sine = np.sin(np.radians(places / 2)) * line
        for at, height in zip(2 * np.degrees(np.arcsin(sine[sine < 1])), heights, strict=False):
            u = (x - at) / width * (line > 0)
            shape = 0.3 / (1 + 4 * u**2) + 0.7 * np.exp(-4 * np.log(2) * u**2)
            y += height * share * shape * (line > 0)
    y = np.random.default_rng(1).poisson(y).astype(float)
    return PatternFile(Path("simulated.xy"), x, y, None, beam, False)


@pytest.mark.parametrize("name", MATERIALS)
@pytest.mark.parametrize("width", [0.05, 0.08])
def test_an_ordinary_copper_pattern_to_120_degrees(name: str, width: float) -> None:
    group, lattice, elements, sites = MATERIALS[name]
    structure = Structure.from_spacegroup(group, lattice, elements, sites)
    beam = radiation("CuKa")
    pattern = XRDCalculator(beam.alpha_1, debye_waller_factors=dict.fromkeys(elements, 0.5))
    truth = pattern.get_pattern(structure, two_theta_range=(10, 120))
    found = find_peaks(profile(truth.x, 200 * truth.y, beam, (10, 120), width))
    away = np.abs(found.peaks.two_theta[:, None] - truth.x).min(axis=1)
    assert away.max() < 0.03, "every peak is one of the crystal's"
    best = find_lattices(found.peaks, ("cubic", "trigonal"))[0]
    assert best.centring == group[0]
    assert best.a == pytest.approx(lattice.a, rel=3e-4)
    if best.c is not None:
        assert best.c == pytest.approx(lattice.c, rel=3e-4)
    assert (best.c is None) == (lattice.alpha == lattice.gamma)


def test_a_peak_at_the_place_of_a_k_alpha_2_is_found() -> None:
    beam = radiation("CuKa")
    place = np.array([100.0])
    places = np.append(place, beam.second(place))
    found = find_peaks(profile(places, np.array([9000.0, 3000.0]), beam, (90, 110), 0.06))
    np.testing.assert_allclose(found.peaks.two_theta, places, atol=0.01)
    assert found.peaks.intensity[1] / found.peaks.intensity[0] == pytest.approx(1 / 3, rel=0.05)
    alone = find_peaks(profile(place, np.array([9000.0]), beam, (90, 110), 0.06))
    np.testing.assert_allclose(alone.peaks.two_theta, place, atol=0.01)


def test_both_lines_of_a_peak_are_in_its_cluster() -> None:
    places = np.array([60.0, 100.0, 100.3, 140.0])
    for name, wanted in (("CuKa", [[0], [1, 2], [3]]), ("CuKa1", [[0], [1], [2], [3]])):
        shape = PeakShape(radiation(name), 0.005, np.array([0, 0, 0.03**2]))
        assert [each.tolist() for each in clusters(shape, places)] == wanted
