"""Powder X-ray diffraction patterns of crystals.

The physics is that of pymatgen's XRDCalculator (kinematic scattering of free atoms, no temperature
factor, no broadening), and so are the numbers.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.crystallography.scattering import require_form_factors
from crystalnet.crystallography.structure_factors import (
    BLOCK,
    run_starts,
    squared_structure_factors,
)
from crystalnet.errors import CrystalNetError

MO_K_ALPHA = 0.71073
"""Wavelength in A of the paper's radiation, which prints it as 0.711."""

# Both as in pymatgen: reflections whose 2 theta (degrees) rounds to the same multiple are one peak,
# and a peak below this intensity (of 100) is a systematic absence.
TWO_THETA_TOLERANCE = 1e-5
INTENSITY_TOLERANCE = 1e-3

# At 180 degrees cos(theta) is 0 but for rounding, which makes it cos(pi / 2) = 6.1e-17.
SINE_SQUARED_GAP = 1.1e-16


@dataclass(frozen=True, eq=False)
class HklFamilies:
    """Reflections of one peak whose indices are permutations of each other, up to signs.

    In a hexagonal cell all four of h, k, i = -h - k and l are permuted, as in pymatgen.

    Attributes:
        peak: the peak that each family is in, ascending.
        hkl: the greatest Miller indices of each family.
        multiplicity: reflections in it.
    """

    peak: Int[ndarray, " families"]
    hkl: Int[ndarray, "families 3"]
    multiplicity: Int[ndarray, " families"]


@dataclass(frozen=True, eq=False)
class PowderPattern:
    """The peaks of a powder pattern, in order of two_theta.

    Attributes:
        two_theta: degrees.
        intensity: strongest = 100.
        d_spacing: A.
        sphere: the reflections.
        first, stop: where in them those of each peak start and end.
    """

    two_theta: Float[ndarray, " peaks"]
    intensity: Float[ndarray, " peaks"]
    d_spacing: Float[ndarray, " peaks"]
    sphere: HalfSphere
    first: Int[ndarray, " peaks"]
    stop: Int[ndarray, " peaks"]

    @cached_property
    def families(self) -> HklFamilies:
        """The hkl families of all peaks; multiplicities count both of each Friedel pair."""
        count = self.stop - self.first
        peak = np.arange(len(count)).repeat(count)
        skipped = self.first - np.append(0, np.cumsum(count)[:-1])
        hkl = self.sphere.hkl(np.arange(len(peak)) + skipped.repeat(count))
        # Of hkl and -hkl, the greater is the one whose first index that is not 0 is positive.
        hkl *= np.sign(hkl[np.arange(len(hkl)), (hkl != 0).argmax(axis=1)])[:, None]
        members = np.abs(hkl)
        if Lattice(self.sphere.lattice).is_hexagonal():
            members = np.column_stack([members, np.abs(hkl[:, 0] + hkl[:, 1])])
        members.sort(axis=1)
        greatest = hkl @ np.array([1 << 40, 1 << 20, 1])
        order = np.lexsort((greatest, *members.T, peak))
        keys = np.column_stack([peak, members])[order]
        last = np.flatnonzero(np.append((keys[1:] != keys[:-1]).any(axis=1), True))
        return HklFamilies(peak[order[last]], hkl[order[last]], 2 * np.diff(last, prepend=-1))


def powder_pattern(
    crystal: Crystal,
    wavelength: float = MO_K_ALPHA,
    two_theta_range: tuple[float, float] = (0.0, 180.0),
) -> PowderPattern:
    """The powder pattern of a crystal: |F|^2 times Lorentz-polarisation, summed into peaks.

    F = sum_j f_j(s) exp(2 pi i hkl . x_j), with Lorentz-polarisation
    (1 + cos^2 2theta) / (sin^2 theta cos theta), which diverges towards 180 degrees: a last
    reflection there may be the strongest, and within about 1e-6 degrees of it the
    intensity is rounding error (as in pymatgen). Form factors: `crystallography.scattering`.

        >>> import numpy as np
        >>> from crystalnet import Crystal, powder_pattern
        >>> edges, halves = 2.82 * (1 - np.eye(3)), np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
        >>> salt = Crystal("NaCl", edges, np.array([11, 17]), halves)
        >>> pattern = powder_pattern(salt, wavelength=1.5406, two_theta_range=(20.0, 50.0))
        >>> for angle, area in zip(pattern.two_theta, pattern.intensity, strict=True):
        ...     print(f"{angle:.2f} degrees, {area:.0f}")
        27.37 degrees, 8
        31.70 degrees, 100
        45.45 degrees, 66

    Args:
        crystal: any cell of it; a primitive one gives the same peaks in the least time.
        wavelength: A.
        two_theta_range: first and last 2 theta in degrees, both included.

    Raises:
        CrystalNetError: for a wavelength that is not positive, a range that is not within 0 to 180
            degrees and in order, an element without a form factor, or no reflection in the range.
    """
    radius_low, radius_high = _radii(crystal.material_id, wavelength, two_theta_range)
    require_form_factors(crystal.atomic_numbers, crystal.material_id)
    sphere = HalfSphere.of(crystal, radius_low, radius_high)
    if len(sphere.g_squared) == 0:
        raise CrystalNetError(
            f"{crystal.material_id}: no reflection between {two_theta_range[0]} and "
            f"{two_theta_range[1]} degrees 2-theta at {wavelength} A; widen the range or take a "
            "shorter wavelength"
        )
    power = squared_structure_factors(crystal, sphere)
    # (sin theta)^2; rounding must not take the last reflection past 180 degrees.
    sine_squared = sphere.g_squared * (wavelength / 2) ** 2
    np.minimum(sine_squared, 1 - SINE_SQUARED_GAP, out=sine_squared)
    two_theta = np.sqrt(sine_squared)
    np.arcsin(two_theta, out=two_theta)
    two_theta *= 360 / np.pi
    # In blocks, as the structure factors: what is at hand is fast.
    for start in range(0, len(power), BLOCK):
        block = slice(start, start + BLOCK)
        power[block] *= lorentz_polarisation(sine_squared[block])
    first = run_starts(np.diff(np.rint(two_theta / TWO_THETA_TOLERANCE)) != 0)
    intensity = np.add.reduceat(power, first)
    intensity *= 100 / intensity.max()
    kept = np.flatnonzero(intensity > INTENSITY_TOLERANCE)
    head = first[kept]
    return PowderPattern(
        two_theta=two_theta[head],
        intensity=intensity[kept],
        d_spacing=1 / np.sqrt(sphere.g_squared[head]),
        sphere=sphere,
        first=head,
        stop=np.append(first[1:], len(power))[kept],
    )


def lorentz_polarisation(
    sine_squared: Float[ndarray, " reflections"],
) -> Float[ndarray, " reflections"]:
    """(1 + cos^2 2theta) / (sin^2 theta cos theta): of a powder, without a monochromator.

    A powder's intensity is this times multiplicity and |F|^2, as in pymatgen.

    Args:
        sine_squared: (sin theta)^2, above 0 and below 1.
    """
    factor: ndarray = (1 + (1 - 2 * sine_squared) ** 2) / (sine_squared * np.sqrt(1 - sine_squared))
    return factor


def _radii(
    name: str, wavelength: float, two_theta_range: tuple[float, float]
) -> tuple[float, float]:
    """|hkl| in 1/A at both ends of a range of 2 theta: 2 sin(theta) / wavelength."""
    if not (np.isfinite(wavelength) and wavelength > 0):
        raise CrystalNetError(f"{name}: the wavelength is {wavelength} A; want a positive number")
    low, high = checked_range(name, two_theta_range)
    low, high = 2 * np.sin(np.radians(np.array([low, high]) / 2)) / wavelength
    return float(low), float(high)


def checked_range(name: str, two_theta_range: tuple[float, float]) -> tuple[float, float]:
    """First and last 2 theta in degrees; an error that begins with `name` if they are none."""
    low, high = two_theta_range
    if not 0 <= low < high <= 180:
        raise CrystalNetError(
            f"{name}: the range of 2-theta is {low} to {high} degrees; want two numbers in order "
            "within 0 to 180"
        )
    return low, high
