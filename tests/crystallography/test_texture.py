"""March and Dollase's factor: its mean, known values and the angles that it is of."""

from itertools import product

import numpy as np
import pytest
from pymatgen.core import Lattice
from scipy.integrate import quad
from scipy.optimize import approx_fprime

from crystalnet.crystallography.texture import LOW_INDICES, Texture

MARCH = [0.3, 0.8, 1.0, 1.7]


def at(cosine: float) -> Texture:
    """Reflections at one angle from the direction."""
    return Texture((0, 0, 1), np.array([[cosine**2]]))


@pytest.mark.parametrize("march", MARCH)
def test_its_mean_over_all_directions_is_one(march):
    """As many grains as before are somewhere: cosines of directions are evenly spread."""
    mean, _ = quad(lambda cosine: float(at(cosine).factor(march)[0]), 0, 1)
    assert mean == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("march", MARCH)
def test_along_and_across_the_direction(march):
    """Grains pressed to r of their height are r^-3 as many along it, r^1.5 as many across."""
    assert at(1.0).factor(march) == pytest.approx(march**-3)
    assert at(0.0).factor(march) == pytest.approx(march**1.5)


@pytest.mark.parametrize("march", MARCH)
def test_its_slope_is_that_of_differences(march):
    texture = Texture((0, 0, 1), np.random.default_rng(2).random((3, 4)))
    slope = approx_fprime(np.array([march]), lambda r: texture.factor(float(r[0])), 1e-7)
    np.testing.assert_allclose(texture.slope(march), slope[:, 0], rtol=1e-5, atol=1e-6)


def test_angles_are_those_of_pymatgen_in_a_triclinic_cell():
    lattice = Lattice.from_parameters(4.1, 5.3, 7.2, 81, 98, 113)
    hkl = np.array([[1, 0, 0], [0, -2, 1], [3, 1, -4]])
    reciprocal = lattice.reciprocal_lattice_crystallographic
    vectors = reciprocal.get_cartesian_coords(hkl)
    for direction in LOW_INDICES:
        found = Texture.about(direction, lattice.matrix, vectors[None]).cosine_squared[0]
        for each, cosine_squared in zip(hkl, found, strict=True):
            dot = reciprocal.dot(each, direction, frac_coords=True)[0]
            lengths = reciprocal.norm(each)[0] * reciprocal.norm(direction)[0]
            assert cosine_squared == pytest.approx((dot / lengths) ** 2, abs=1e-12)


def test_members_of_a_reflection_are_averaged():
    texture = Texture((0, 0, 1), np.array([[1.0, 0.25], [0.0, 0.25]]))
    np.testing.assert_allclose(
        texture.factor(0.5), [(0.5**-3 + 0.5**1.5) / 2, at(0.5).factor(0.5)[0]]
    )


def test_directions_of_low_indices_are_each_there_once():
    assert len(LOW_INDICES) == 13
    both = {*LOW_INDICES, *(tuple(-index for index in each) for each in LOW_INDICES)}
    assert both == set(product((-1, 0, 1), repeat=3)) - {(0, 0, 0)}
