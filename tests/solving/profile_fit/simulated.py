"""Powder profiles with known parameters, computed by other people's code."""

import numpy as np
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure
from scipy.special import voigt_profile

from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.profile_fit.points import ProfilePoints

RUTILE = Structure(
    Lattice.tetragonal(4.5937, 2.9587),
    ["Ti", "Ti", "O", "O", "O", "O"],
    [
        *[[0, 0, 0], [0.5, 0.5, 0.5]],
        *[[0.3049, 0.3049, 0], [0.6951, 0.6951, 0], [0.1951, 0.8049, 0.5], [0.8049, 0.1951, 0.5]],
    ],
)
"""TiO2, P4_2/mnm; x of O is 0.3049."""


def profile(
    structure: Structure,
    beam: str = "CuKa",
    *,
    step: float = 0.02,
    last: float = 100.0,
    sigma: float = 0.03,
    gamma: float = 0.02,
    zero: float = 0.0,
    displacement: float = 0.0,
    background: float = 50.0,
    highest: float = 5000.0,
    b: float = 0.5,
    march: float | None = None,
    seed: int = 0,
) -> ProfilePoints:
    """Counts with their scatter: pymatgen's lines, scipy's Voigt functions.

    Args:
        sigma, gamma: of each line in degrees: standard deviation of the Gaussian, half width of
            the Lorentzian.
        zero, displacement: degrees by which lines are off: zero + displacement * cos theta.
        b: displacement parameter B of all atoms in A^2.
        march: coefficient of March and Dollase's texture about c*, for cells where all members of
            a peak are as far from it.
    """
    kind = radiation(beam)
    x = np.arange(10.0, last, step)
    y = np.zeros_like(x)
    lines = [(kind.alpha_1, 2 / 3), (kind.alpha_2, 1 / 3)]
    if not kind.is_doublet:
        lines = [(kind.wavelength, 1.0)]
    elements = {each.symbol: b for each in structure.composition}
    for wavelength, share in lines:
        made = XRDCalculator(wavelength, debye_waller_factors=elements).get_pattern(
            structure, scaled=False, two_theta_range=(5, last + 5)
        )
        for place, intensity, hkls in zip(made.x, made.y, made.hkls, strict=True):
            if march is not None:
                along = structure.lattice.reciprocal_lattice_crystallographic.c * hkls[0]["hkl"][-1]
                cosine2 = (along * wavelength / 2 / np.sin(np.radians(place) / 2)) ** 2
                intensity *= (march**2 * cosine2 + (1 - cosine2) / march) ** -1.5
            off = zero + displacement * np.cos(np.radians(place) / 2)
            y += share * intensity * voigt_profile(x - place - off, sigma, gamma)
    y = background + 20 * np.cos(np.radians(x)) + highest * y / y.max()
    counts = np.random.default_rng(seed).poisson(y).astype(float)
    level = np.full_like(x, background)
    return ProfilePoints(x, counts, np.sqrt(np.maximum(counts, 1)), level, kind, True)
