"""Rwp of many arrangements of atoms in one lattice at once."""

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import HalfSphere, lorentz_polarisation
from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.agreement.profile import MeasuredProfile
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, AgreementSettings

# Arrangements whose profiles are worked on at once.
AT_ONCE = 64
# A reflection this close to another, in relative |hkl|^2, is on the same peak.
SAME_PEAK = 1e-6


class PatternScorer:
    """Rwp of any arrangement of the elements of one crystal in its lattice.

    Attributes:
        elements: atomic numbers that form factors are at hand for.
        reflections: in the measured range.
    """

    def __init__(
        self,
        crystal: Crystal,
        measured: MeasuredPeaks,
        settings: AgreementSettings = USUAL.agreement,
    ) -> None:
        """Prepare for the atoms of a crystal.

        Raises:
            CrystalNetError: for an element without X-ray form factor.
        """
        ends = np.sin(np.radians(np.array(measured.two_theta_range) / 2))
        low, high = 2 * ends / measured.wavelength
        sphere = HalfSphere.of(crystal, float(low), float(high))
        self.reflections = len(sphere.g_squared)
        self.elements = np.unique(crystal.atomic_numbers)
        if not self.reflections:
            return
        self.factors = np.stack([form_factor(int(z), sphere.g_squared / 4) for z in self.elements])
        self._hkl = sphere.hkl(np.arange(self.reflections))
        sine2 = np.minimum(sphere.g_squared * (measured.wavelength / 2) ** 2, 1 - 1e-12)
        self._weight = lorentz_polarisation(sine2)
        apart = np.diff(sphere.g_squared) > SAME_PEAK * sphere.g_squared[1:]
        self._first = np.append(0, np.flatnonzero(apart) + 1)
        self._two_theta = 2 * np.degrees(np.arcsin(np.sqrt(sine2[self._first])))
        self._s_squared = sphere.g_squared[self._first] / 4
        self._measured = MeasuredProfile(measured, settings)

    def phases(self, coordinates: Float[ndarray, "sites 3"]) -> Complex[ndarray, "sites hkl"]:
        """exp(2 pi i hkl . x) of sites."""
        return plane_waves(self._hkl, coordinates).T

    def factor(self, numbers: Int[ndarray, " atoms"]) -> Float[ndarray, "atoms hkl"]:
        """X-ray form factors of atoms."""
        found: ndarray = self.factors[np.searchsorted(self.elements, numbers)]
        return found

    def rwp(self, amplitudes: Complex[ndarray, "trials hkl"]) -> Float[ndarray, " trials"]:
        """The least Rwp over the displacement parameters, for structure factors in electrons."""
        best = np.empty(len(amplitudes))
        for start in range(0, len(amplitudes), AT_ONCE):
            power = np.abs(amplitudes[start : start + AT_ONCE]) ** 2
            areas = np.add.reduceat(power * self._weight, self._first, axis=-1)
            found = self._measured.agreement(self._two_theta, self._s_squared, areas)
            best[start : start + AT_ONCE] = found.rwp
        return best
