"""Lines of a tube beside K-alpha are set aside before anything is indexed."""

import json

import numpy as np
import pytest

from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.other_lines import image
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.pattern.radiation import radiation
from tests.solving.pattern.test_peaks import MEASURED, profile

BEAM = radiation("CuKa")
# Halite.
PLACES = np.array([27.37, 31.70, 45.45, 53.86, 56.47, 66.23, 75.29])
AREAS = np.array([160.0, 2000, 1300, 35, 400, 200, 480])


@pytest.mark.parametrize(
    ("wavelength", "name"), [(1.392234, "Cu K-beta"), (1.476425, "tungsten L-alpha")]
)
def test_they_are_named_and_no_peaks(wavelength: float, name: str) -> None:
    extra = image(PLACES, BEAM, wavelength)
    places, areas = np.append(PLACES, extra), np.append(AREAS, 0.06 * AREAS)
    order = np.argsort(places)
    found = find_peaks(profile(places[order].tolist(), areas[order].tolist(), BEAM))
    np.testing.assert_allclose(found.peaks.two_theta, PLACES, atol=0.03)
    assert len(found.other) >= 2
    assert {each.cause[: len(name)] for each in found.other} == {name}
    assert found.other[0].two_theta == pytest.approx(float(extra[1]), abs=0.03)
    (first, *_) = find_lattices(found.peaks, ["cubic", "tetragonal", "hexagonal"])
    assert (first.system, first.centring) == ("cubic", "F")


def test_a_peak_at_such_a_place_alone_is_a_peak() -> None:
    """The second strongest has none: it is another phase's."""
    there = float(image(PLACES, BEAM, 1.392234)[1])
    places = np.sort(np.append(PLACES, there))
    areas = np.insert(AREAS, int(np.searchsorted(PLACES, there)), 400.0)
    found = find_peaks(profile(places.tolist(), areas.tolist(), BEAM))
    assert found.other == ()
    assert len(found.peaks.two_theta) == len(places)


def test_measured_patterns_have_none() -> None:
    for each in json.loads((MEASURED / "manifest.json").read_bytes()):
        path = MEASURED / each["file"]
        assert find_peaks(read_pattern(path, wavelength=each["wavelength_A"])).other == ()
