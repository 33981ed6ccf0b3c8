"""The lines of a crystal beside the measured profile, for any elements on its sites.

The profile is linear in the areas of the lines, so that its R factor needs only products of the
shapes of lines, made once: an element more costs a vector, not a profile.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from scipy.optimize import nnls

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.texture import Texture
from crystalnet.solving.agreement.profile import MeasuredProfile, peak_profile
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.regions import outside
from crystalnet.solving.settings import AgreementSettings

# Waves are summed over so many numbers at once: reflections times atoms.
BLOCK = 1 << 22


class CrystalLines:
    """Lines of a crystal over the measured range, each of them in one place.

    Attributes:
        two_theta: degrees, of each line; reflections nearer than half a peak's width are one.
    """

    def __init__(
        self, crystal: Crystal, measured: MeasuredPeaks, settings: AgreementSettings
    ) -> None:
        """Take the reflections of a crystal, and the profile of peaks at their lattice's zero.

        Raises:
            CrystalNetError: if there are too many reflections for the memory.
        """
        first, last = measured.two_theta_range
        half = measured.wavelength / 2
        low, high = np.sin(np.radians([first / 2, last / 2])) / half
        sphere = HalfSphere.of(crystal, float(low), float(high))
        self.crystal, self.measured, self.settings = crystal, measured, settings
        sine2 = np.minimum(sphere.g_squared * half**2, 1 - 1e-12)
        place = 2 * np.degrees(np.arcsin(np.sqrt(sine2)))
        seen = np.flatnonzero(outside(place, measured.excluded))
        place, sine2 = place[seen], sine2[seen]
        self.g_squared: Float[ndarray, " hkl"] = sphere.g_squared[seen]
        self.hkl: Int[ndarray, "hkl 3"] = sphere.hkl(seen)
        self._factor = lorentz_polarisation(sine2)
        cell = np.floor((place - first) / settings.step).astype(np.int64)
        self._starts = np.flatnonzero(np.diff(cell, prepend=-1))
        counts = np.diff(self._starts, append=len(cell))
        self.two_theta: Float[ndarray, " lines"] = np.add.reduceat(place, self._starts) / counts
        self._s_squared = np.add.reduceat(self.g_squared, self._starts) / counts / 4
        self._form: dict[int, Float[ndarray, " hkl"]] = {}
        profile = MeasuredProfile(measured, settings).profile
        weight = 1 / (profile + settings.variance_floor * profile.max())
        self._shapes = peak_profile(
            self.two_theta, np.eye(len(self.two_theta)), measured.two_theta_range, settings
        )
        self._root, self._profile = np.sqrt(weight), profile
        weighted = self._shapes * weight
        self._products = weighted @ self._shapes.T
        self._onto = weighted @ profile
        self._square = float(profile**2 @ weight)

    @cached_property
    def waves(self) -> dict[int, Complex[ndarray, " hkl"]]:
        """Of each element the sum of exp(2 pi i hkl . x) over its atoms."""
        found = {}
        for z in np.unique(self.crystal.atomic_numbers).tolist():
            x = self.crystal.frac_coords[self.crystal.atomic_numbers == z]
            rows = max(BLOCK // len(x), 1)
            parts = [
                np.exp(2j * np.pi * (self.hkl[start : start + rows] @ x.T)).sum(axis=1)
                for start in range(0, len(self.hkl), rows)
            ]
            found[z] = np.concatenate(parts)
        return found

    def areas(
        self, elements: Mapping[int, int], texture: Float[ndarray, " hkl"] | float = 1.0
    ) -> Float[ndarray, " lines"]:
        """Areas of the lines of atoms at rest, on any scale.

        Args:
            elements: what stands on the sites of each element of the crystal; 0 is nothing.
            texture: what preferred orientation multiplies each reflection by.
        """
        amplitude = np.zeros(len(self.g_squared), dtype=np.complex128)
        for own, taken in elements.items():
            if taken:
                amplitude += self._form_of(taken) * self.waves[own]
        power = (amplitude.real**2 + amplitude.imag**2) * self._factor * texture
        return np.asarray(np.add.reduceat(power, self._starts))

    def moving(
        self, areas: Float[ndarray, " lines"], displacement: float
    ) -> Float[ndarray, " lines"]:
        """Areas of atoms that move by a displacement parameter B in A^2."""
        return np.asarray(areas * np.exp(-2 * displacement * self._s_squared))

    def rwp(self, areas: Float[ndarray, "sets lines"]) -> Float[ndarray, " sets"]:
        """Of each set of areas, at its best scale and displacement: that of `agreement.profile`."""
        damping = np.exp(-2 * np.outer(self.settings.displacements, self._s_squared))
        damped = (areas[:, None] * damping).reshape(-1, areas.shape[1])
        square = np.maximum(((damped @ self._products) * damped).sum(axis=1), 1e-300)
        left = 1 - (damped @ self._onto) ** 2 / square / self._square
        least = left.reshape(len(areas), -1).min(axis=1)
        return np.asarray(np.sqrt(np.maximum(least, 0)))

    def scale(self, areas: Float[ndarray, " lines"]) -> float:
        """What areas are multiplied by where they agree best, to be those of measured peaks."""
        square = max(float(areas @ self._products @ areas), 1e-300)
        return max(float(areas @ self._onto) / square, 0.0)

    def reachable(self) -> float:
        """Rwp of the best areas that are not negative: what no atoms on the lattice fall below."""
        near = np.abs(self.two_theta[:, None] - self.measured.two_theta).min(axis=1)
        own = near < self.settings.resolution
        if not own.any():
            return 1.0
        rows = (self._shapes[own] * self._root).T
        _, left = nnls(rows, self._profile * self._root)
        return min(float(left) / float(np.sqrt(self._square)), 1.0)

    def best_texture(
        self,
        elements: Mapping[int, int],
        cell: Float[ndarray, "3 3"],
        directions: Sequence[tuple[int, int, int]],
        degrees: Sequence[float],
    ) -> tuple[Texture, float]:
        """The texture of one direction that agrees best, and March's coefficient.

        Args:
            cell: rows a, b, c in A of the cell that the directions are given in.
        """
        vectors = (self.hkl @ np.linalg.inv(self.crystal.lattice).T)[None]
        textures = [Texture.about(direction, cell, vectors) for direction in directions]
        trials = [(texture, march) for texture in textures for march in degrees]
        areas = [self.areas(elements, texture.factor(march)) for texture, march in trials]
        return trials[int(self.rwp(np.array(areas)).argmin())]

    def _form_of(self, number: int) -> Float[ndarray, " hkl"]:
        if number not in self._form:
            self._form[number] = form_factor(number, self.g_squared / 4)
        return self._form[number]
