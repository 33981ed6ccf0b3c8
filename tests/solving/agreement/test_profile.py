"""Ranking candidates by the patterns of their atoms."""

import math

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import compare_profiles, match_pattern, peak_profile
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL

LATTICE = 2.8 * (1 - np.eye(3))
RANGE = (5.0, 90.0)


def salt(second, x=0.5):
    return Crystal("x", LATTICE, np.array([11, second]), np.array([[0.0] * 3, [x] * 3]))


def measured(crystal, displacement=0.0, scale=1.0):
    pattern = powder_pattern(crystal, MO_K_ALPHA, RANGE)
    damping = np.exp(-2 * displacement / (2 * pattern.d_spacing) ** 2)
    return MeasuredPeaks(pattern.two_theta, scale * pattern.intensity * damping, MO_K_ALPHA, RANGE)


def test_truth_explains_its_pattern():
    match = match_pattern(salt(17), measured(salt(17), scale=7.0))
    assert match.rwp == pytest.approx(0, abs=1e-7)
    assert match.correlation == pytest.approx(1)
    assert match.displacement == 0


def plain_rwp(crystal, peaks):
    """Rwp of pymatgen's pattern by the formula: one sum after the other, nothing shared."""
    settings = USUAL.agreement
    first, last = peaks.two_theta_range
    points = math.ceil((last - first) / settings.step) + 2
    sigma = settings.peak_width / settings.step
    reach = int(4 * sigma + 0.5)
    bell = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-reach, reach + 1)]

    def profile(places, areas):
        curve = [0.0] * points
        for place, area in zip(places, areas, strict=True):
            where = (place - first) / settings.step
            for point, share in ((int(where), 1 - where % 1), (int(where) + 1, where % 1)):
                for k in range(max(point - reach, 0), min(point + reach + 1, points)):
                    curve[k] += area * share * bell[k - point + reach] / sum(bell)
        return curve

    seen = profile(peaks.two_theta, peaks.intensity)
    weights = [1 / (y + settings.variance_floor * max(seen)) for y in seen]
    pattern = XRDCalculator(MO_K_ALPHA).get_pattern(
        crystal.to_structure(), scaled=False, two_theta_range=RANGE
    )
    found = {}
    for b in settings.displacements:
        areas = [
            area * math.exp(-2 * b / (2 * d) ** 2)
            for area, d in zip(pattern.y, pattern.d_hkls, strict=True)
        ]
        curve = profile(pattern.x, areas)
        scale = sum(w * y * c for w, y, c in zip(weights, seen, curve, strict=True)) / sum(
            w * c * c for w, c in zip(weights, curve, strict=True)
        )
        left = sum(w * (y - scale * c) ** 2 for w, y, c in zip(weights, seen, curve, strict=True))
        found[b] = math.sqrt(left / sum(w * y * y for w, y in zip(weights, seen, strict=True)))
    best = min(found, key=found.get)
    return found[best], best


@pytest.mark.parametrize("x", [0.5, 0.46])
def test_the_one_measure_is_the_plain_formula_with_the_pattern_of_pymatgen(x):
    peaks = measured(salt(17), displacement=0.7)
    wrong = salt(35, x)
    plain, displacement = plain_rwp(wrong, peaks)
    match = match_pattern(wrong, peaks)
    assert match.rwp == pytest.approx(plain, rel=1e-6)
    assert match.displacement == displacement


def test_displacement_is_found():
    match = match_pattern(salt(17), measured(salt(17), displacement=1.0))
    assert match.displacement == 1.0
    assert match.rwp < 1e-7


def test_truth_comes_first():
    wrong = [salt(17, 0.25), salt(35), salt(9), salt(17, 0.4)]
    pattern = measured(salt(17), 0.3)
    rwp = [match_pattern(each, pattern).rwp for each in [*wrong, salt(17)]]
    assert int(np.argmin(rwp)) == 4
    assert sorted(rwp)[1] > 0.05


def test_profile_keeps_area_and_place():
    profile = peak_profile(np.array([30.013]), np.array([[2.0], [4.0]]), RANGE)
    np.testing.assert_allclose(profile.sum(axis=1), [2, 4])
    middle = RANGE[0] + USUAL.agreement.step * (
        profile @ np.arange(profile.shape[1])
    ) / profile.sum(axis=1)
    np.testing.assert_allclose(middle, 30.013)
    assert not peak_profile(np.array([3.0]), np.array([1.0]), RANGE).any()


def test_nothing_in_common_is_one():
    left = peak_profile(np.array([20.0]), np.array([[1.0]]), RANGE)
    right = peak_profile(np.array([40.0]), np.array([1.0]), RANGE)
    rwp, correlation = compare_profiles(left, right)
    assert rwp[0] == pytest.approx(1)
    assert abs(correlation[0]) < 0.01


@pytest.mark.parametrize(
    ("two_theta", "intensity", "message"),
    [
        ([20.0, 30.0], [1.0], "one each"),
        ([20.0], [-1.0], "negative"),
        ([np.nan], [1.0], "NaN"),
        ([120.0], [1.0], "no peak"),
    ],
)
def test_bad_peaks(two_theta, intensity, message):
    with pytest.raises(CrystalNetError, match=message):
        MeasuredPeaks(np.array(two_theta), np.array(intensity), MO_K_ALPHA, RANGE)
