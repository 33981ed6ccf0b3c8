"""Angles, Q and d of one reflection."""

import numpy as np
import pytest

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.axis import Quantity, to_two_theta
from crystalnet.solving.pattern.radiation import Radiation, radiation

ONE = Radiation("1 A", 1.0)


@pytest.mark.parametrize(
    ("d", "two_theta"),
    # sin theta = 1 / (2 d): the angles whose sines are known.
    [(0.5, 180.0), (3**-0.5, 120.0), (2**-0.5, 90.0), (1.0, 60.0)],
)
def test_known_sines(d: float, two_theta: float) -> None:
    for quantity, value in (("d", d), ("q", 2 * np.pi / d)):
        found = to_two_theta(np.array([value, value]), quantity, ONE)  # type: ignore[arg-type]
        # Near 180 degrees the last bit of the sine is 1e-6 degrees.
        np.testing.assert_allclose(found, two_theta, rtol=0, atol=2e-6 if d == 0.5 else 1e-11)


def test_small_angles_are_the_argument() -> None:
    d = np.array([1e4, 1e6])
    expected = np.degrees(1 / d) * (1 + 1 / (24 * d**2))
    np.testing.assert_allclose(to_two_theta(d, "d", ONE), expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["CrKa", "CuKa1", "MoKa", "0.41397"])
def test_there_and_back(name: str) -> None:
    beam = radiation(name)
    angles = np.linspace(0.5, 179.5, 360)
    q = 4 * np.pi * np.sin(np.radians(angles / 2)) / beam.wavelength
    for quantity, values in (("q", q), ("d", 2 * np.pi / q), ("two_theta", angles)):
        found = to_two_theta(values, quantity, beam)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, angles, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("quantity", "values", "message"),
    [
        ("d", [2.0, 0.4999], r"reaches d = 0\.4999 A, but 1 A \(1\.0000 A\) only 0\.5000 A"),
        ("q", [2.0, 12.6], r"reaches d = 0\.4987 A, but 1 A \(1\.0000 A\) only 0\.5000 A"),
        ("q", [2.0, 1e300], "reaches d = 0"),
        ("d", [1e-320, 1.0], "reaches d = 0"),
        ("d", [2.0, 0.0], "d is 0; want positive"),
        ("q", [-1.0, 2.0], "q is -1; want positive"),
        ("two_theta", [10.0, 181.0], "2-theta from 10 to 181; want degrees"),
        ("two_theta", [-1.0, 20.0], "2-theta from -1 to 20; want degrees"),
    ],
)
def test_what_no_angle_belongs_to(quantity: Quantity, values: list[float], message: str) -> None:
    with pytest.raises(CrystalNetError, match=message):
        to_two_theta(np.array(values), quantity, ONE)
