"""Areas of lines from atoms, and what they change by."""

from collections.abc import Iterable

import gemmi
import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.texture import Texture
from crystalnet.solving.profile_fit.lines import Lines
from crystalnet.solving.profile_fit.sites import Site

# h c in eV A.
ENERGY_TIMES_WAVELENGTH = 12398.4198


class StructureModel:
    """Intensities of the lines of a structure.

    |F|^2 times multiplicity, Lorentz and polarisation factor (no monochromator), the mean over
    Friedel pairs, with anomalous dispersion (D. T. Cromer and D. A. Liberman, doi
    10.1107/S0567739481000600, as gemmi has it) and one isotropic displacement parameter a site.

    Parameters: U of each site, then the shifts of each site along its directions, then March's
    coefficient if there is a texture.
    """

    def __init__(
        self, lines: Lines, sites: list[Site], wavelength: float, texture: Texture | None = None
    ) -> None:
        self.lines, self.sites, self.texture = lines, sites, texture
        numbers = sorted({site.atomic_number for site in sites})
        self.dispersion = {z: _dispersion(z, wavelength) for z in numbers}
        self.wavelength = wavelength

    @property
    def count(self) -> int:
        """How many parameters there are."""
        shifts = sum(len(site.basis) for site in self.sites)
        return len(self.sites) + shifts + (self.texture is not None)

    def areas(
        self, values: Float[ndarray, " parameters"], q: Float[ndarray, " lines"]
    ) -> tuple[Float[ndarray, " lines"], Float[ndarray, "lines slopes"]]:
        """Intensities of the lines on the scale of electrons squared, and their derivatives.

        Args:
            values: the parameters.
            q: 1 / d^2 of each line in 1/A^2.
        """
        family = self.lines.family
        power, slopes = self.families(values, q)
        by = [np.bincount(family, column, len(q)) for column in slopes.T]
        return np.bincount(family, power, len(q)), np.stack(by, axis=1)

    def families(
        self, values: Float[ndarray, " parameters"], q: Float[ndarray, " lines"]
    ) -> tuple[Float[ndarray, " families"], Float[ndarray, "families slopes"]]:
        """The same of each family of symmetric reflections."""
        lines, sites = self.lines, self.sites
        s_squared = q[lines.family] / 4
        count = len(sites)
        u, shifts = values[:count], self.shifts(values)
        forms = {z: form_factor(z, s_squared) + self.dispersion[z][0] for z in self.dispersion}
        damping = np.exp(-8 * np.pi**2 * u[:, None] * s_squared)
        total = np.zeros(len(s_squared), dtype=complex)
        second = np.zeros(len(s_squared), dtype=complex)
        waves = []
        for number, site in enumerate(sites):
            phase = np.exp(2j * np.pi * (lines.families @ site.moved(shifts[number]).T))
            waves.append(phase)
            wave = damping[number] * phase.sum(axis=1)
            total += forms[site.atomic_number] * wave
            second += self.dispersion[site.atomic_number][1] * wave
        power = np.abs(total) ** 2 + np.abs(second) ** 2
        slopes = np.zeros((len(s_squared), self.count))
        column = count
        for number, site in enumerate(sites):
            # Of power by what one electron more in the wave of this site would give.
            real = damping[number] * forms[site.atomic_number]
            other = damping[number] * self.dispersion[site.atomic_number][1]
            wave = waves[number].sum(axis=1)
            slopes[:, number] = -8 * np.pi**2 * s_squared * _by(total, second, real, other, wave)
            for direction in site.basis:
                turned = lines.families @ (site.rotations @ direction).T
                moved = (2j * np.pi * turned * waves[number]).sum(axis=1)
                slopes[:, column] = _by(total, second, real, other, moved)
                column += 1
        if self.texture is not None:
            march = float(values[-1])
            factor = self.texture.factor(march)
            slopes *= factor[:, None]
            slopes[:, -1] = power * self.texture.slope(march)
            power = power * factor
        sine_squared = np.minimum(s_squared * self.wavelength**2, 0.9999)
        weight = lines.multiplicity * lorentz_polarisation(sine_squared)
        return weight * power, weight[:, None] * slopes

    def areas_with(
        self,
        values: Float[ndarray, " parameters"],
        q: Float[ndarray, " lines"],
        element: int,
        others: Iterable[int],
    ) -> Float[ndarray, "lines others"]:
        """Intensities of the lines with each of other elements on all sites of one.

        Args:
            values: the parameters.
            q: 1 / d^2 of each line in 1/A^2.
            element: its atomic number.
            others: atomic numbers; 0 is nothing.
        """
        lines, shifts = self.lines, self.shifts(values)
        s_squared = q[lines.family] / 4
        waves = {z: np.zeros(len(s_squared), dtype=complex) for z in self.dispersion}
        for number, site in enumerate(self.sites):
            phase = np.exp(2j * np.pi * (lines.families @ site.moved(shifts[number]).T)).sum(axis=1)
            waves[site.atomic_number] += np.exp(-8 * np.pi**2 * values[number] * s_squared) * phase
        rest = [z for z in waves if z != element]
        total, second = np.zeros((2, len(s_squared)), dtype=complex)
        for z in rest:
            total += (form_factor(z, s_squared) + self.dispersion[z][0]) * waves[z]
            second += self.dispersion[z][1] * waves[z]
        weight = lines.multiplicity * lorentz_polarisation(
            np.minimum(s_squared * self.wavelength**2, 0.9999)
        )
        if self.texture is not None:
            weight = weight * self.texture.factor(float(values[-1]))
        found = []
        for z in others:
            form, real, imaginary = np.zeros_like(s_squared), 0.0, 0.0
            if z:
                form = form_factor(z, s_squared)
                real, imaginary = _dispersion(z, self.wavelength)
            one, two = total + (form + real) * waves[element], second + imaginary * waves[element]
            power = np.abs(one) ** 2 + np.abs(two) ** 2
            found.append(np.bincount(lines.family, weight * power, len(q)))
        return np.stack(found, axis=1)

    def shifts(self, values: Float[ndarray, " parameters"]) -> list[Float[ndarray, " _"]]:
        """Of each site along its directions."""
        found, place = [], len(self.sites)
        for site in self.sites:
            found.append(values[place : place + len(site.basis)])
            place += len(site.basis)
        return found


def _by(
    total: Complex[ndarray, " families"],
    second: Complex[ndarray, " families"],
    real: Float[ndarray, " families"],
    other: Float[ndarray, " families"],
    wave: Complex[ndarray, " families"],
) -> Float[ndarray, " families"]:
    """What |total|^2 + |second|^2 change by with a wave that is in both."""
    return np.asarray(2 * (np.conj(total) * real * wave + np.conj(second) * other * wave).real)


def _dispersion(number: int, wavelength: float) -> tuple[float, float]:
    """f' and f'' in electrons; zeros for elements that gemmi's table lacks (beyond U)."""
    real, imaginary = gemmi.cromer_liberman(z=number, energy=ENERGY_TIMES_WAVELENGTH / wavelength)
    return float(real), float(imaginary)
