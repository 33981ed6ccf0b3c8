"""Powder X-ray diffraction patterns of crystals.

The physics is that of pymatgen's XRDCalculator (kinematic scattering of free atoms, no temperature
factor, no broadening), and so are the numbers. What makes it fast: structure factors as products of
matrices, since exp(2 pi i (h x + k y + l z)) separates; one of each Friedel pair; form factors and
Lorentz-polarisation once per shell of equal |hkl|.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.scattering import form_factor, require_form_factors
from crystalnet.errors import CrystalNetError

MO_K_ALPHA = 0.71073
"""Wavelength in A of the paper's radiation, which prints it as 0.711."""

# Both as in pymatgen: reflections whose 2 theta (degrees) rounds to the same multiple are one peak,
# and a peak below this intensity (of 100) is a systematic absence.
TWO_THETA_TOLERANCE = 1e-5
INTENSITY_TOLERANCE = 1e-3

# |hkl|^2 within a shell differs by rounding alone, a few 1e-16 of its value.
SHELL_TOLERANCE = 1e-14

# At 180 degrees cos(theta) is 0 but for rounding, which makes it cos(pi / 2) = 6.1e-17.
SINE_SQUARED_GAP = 1.1e-16

# By how much |hkl|^2 may exceed the limits, relatively, for rounding.
LIMIT_TOLERANCE = 1e-15

# A bound on memory (about 10 GB), and a hundred times what a cell of 1000 atoms gives with Mo.
MAX_REFLECTIONS = 100_000_000

# Numbers in a block of work: small enough for the cache and for memory that is at hand.
BLOCK = 8192


@dataclass(frozen=True, eq=False)
class HalfSphere:
    """Reciprocal points between two radii, one of each Friedel pair, in order of length.

    The points lie on rows along the last of three (permuted) axes. A row is cut to a window of
    2 half_width + 1 points about its foot, the point nearest to the origin; so the windows follow
    the sphere in an oblique cell too.

    Attributes:
        lattice: rows are a, b, c in A.
        axes: the cell's axes in the order used here; the longest is last.
        row_hkl: indices of each row's middle, the foot, in that order of axes.
        half_width: points on either side of the foot.
        point: position of each reflection in the array of rows and windows, flattened.
        g_squared: 1 / d^2 in 1/A^2, ascending.
    """

    lattice: Float[ndarray, "3 3"]
    axes: Int[ndarray, "3"]
    row_hkl: Int[ndarray, "3 rows"]
    half_width: int
    point: Int[ndarray, " reflections"]
    g_squared: Float[ndarray, " reflections"]

    @classmethod
    def of(cls, crystal: Crystal, radius_low: float, radius_high: float) -> "HalfSphere":
        """All with radius_low <= |hkl| <= radius_high, in 1/A, but the origin.

        Raises:
            CrystalNetError: if there are too many for the memory.
        """
        expected = 2 / 3 * np.pi * radius_high**3 * crystal.volume
        if expected > MAX_REFLECTIONS:
            raise CrystalNetError(
                f"{crystal.material_id}: {expected:.1e} reflections in the range; want at most "
                f"{MAX_REFLECTIONS:.0e}, so take a longer wavelength or a smaller range"
            )
        lengths = np.sqrt((crystal.lattice**2).sum(axis=1))
        axes = np.argsort(lengths)
        reciprocal = np.linalg.inv(crystal.lattice[axes]).T
        spacing = math.sqrt(reciprocal[2] @ reciprocal[2])
        along = reciprocal[:2] @ reciprocal[2] / spacing**2
        across = reciprocal[:2] - along[:, None] * reciprocal[2]
        low, high = radius_low**2 * (1 - LIMIT_TOLERANCE), radius_high**2 * (1 + LIMIT_TOLERANCE)

        # No index exceeds radius times axis; the small addition is for rounding.
        h_max, k_max = (radius_high * lengths[axes[:2]] + 1e-6).astype(int)
        h, k = np.arange(h_max + 1.0), np.arange(-k_max, k_max + 1.0)
        perpendicular = sum((h[:, None] * across[0, i] + k * across[1, i]) ** 2 for i in range(3))
        on_sphere = perpendicular <= high
        on_sphere[0, :k_max] = False
        rows = np.flatnonzero(on_sphere)
        perpendicular = perpendicular.ravel()[rows]
        row_hkl = np.empty((3, len(rows)), dtype=np.int64)
        row_hkl[0], row_hkl[1] = rows // len(k), rows % len(k) - k_max
        shift = along @ row_hkl[:2]
        foot = -np.rint(shift)
        shift += foot
        row_hkl[2] = foot
        half_width = int(radius_high / spacing + 0.5 + 1e-6)
        g_squared = np.arange(-half_width, half_width + 1) + shift[:, None]
        g_squared *= spacing
        g_squared *= g_squared
        g_squared += perpendicular[:, None]
        inside = g_squared <= high
        if low > 0:
            inside &= g_squared >= low
        # The first row is h = k = 0: through the origin, it is halved as well.
        inside[0, : half_width + 1] = False
        point = np.flatnonzero(inside)
        g_squared = g_squared.ravel().take(point)
        order = np.argsort(g_squared)
        return cls(
            crystal.lattice,
            axes,
            row_hkl,
            half_width,
            point.take(order),
            g_squared.take(order),
        )

    def hkl(self, chosen: Int[ndarray, " chosen"]) -> Int[ndarray, "chosen 3"]:
        """Miller indices of some of the reflections."""
        row, place = np.divmod(self.point[chosen], 2 * self.half_width + 1)
        hkl = np.empty((len(row), 3), dtype=np.int64)
        hkl[:, self.axes] = self.row_hkl[:, row].T
        hkl[:, self.axes[2]] += place - self.half_width
        return hkl


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
    power = _squared_structure_factors(crystal, sphere)
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
    first = _run_starts(np.diff(np.rint(two_theta / TWO_THETA_TOLERANCE)) != 0)
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


def bin_pattern(
    pattern: PowderPattern | tuple[Float[ndarray, " peaks"], Float[ndarray, " peaks"]],
    bins: int = 1024,
    two_theta_range: tuple[float, float] = (0.0, 180.0),
) -> Float[ndarray, " bins"]:
    """A pattern as a vector: the input of the network (paper, Methods).

    Bin floor(bins (2theta - first) / (last - first)) takes a peak, the last bin also one at the
    very end; of peaks that collide the largest stays; peaks outside the range are left out.

    Args:
        pattern: a PowderPattern, or two_theta (degrees) and intensity (any scale).
        bins: how many.
        two_theta_range: what they cover, in degrees.

    Returns:
        Intensities, the strongest of them 1.

    Raises:
        CrystalNetError: for less than one bin, a bad range, or no positive intensity in it.
    """
    if isinstance(pattern, PowderPattern):
        pattern = (pattern.two_theta, pattern.intensity)
    two_theta, intensity = pattern
    if bins < 1:
        raise CrystalNetError(f"a pattern in {bins} bins; want at least 1")
    first, last = _checked_range("binning a pattern", two_theta_range)
    inside = (two_theta >= first) & (two_theta <= last)
    # In this order of operations the paper's range gives exactly floor(bins * 2theta / 180).
    index = (bins * (two_theta[inside] - first) / (last - first)).astype(np.int64)
    vector = np.zeros(bins)
    np.maximum.at(vector, np.minimum(index, bins - 1), intensity[inside])
    strongest = vector.max()
    if not (np.isfinite(strongest) and strongest > 0):
        raise CrystalNetError(
            f"binning a pattern: the strongest of {inside.sum()} peaks between {first} and {last} "
            f"degrees 2-theta is {strongest}; want a positive intensity"
        )
    binned: ndarray = vector / strongest
    return binned


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


def _squared_structure_factors(
    crystal: Crystal, sphere: HalfSphere
) -> Float[ndarray, " reflections"]:
    """|F(hkl)|^2 in electrons^2: per element one product of row phases and window phases.

    In blocks, because fresh memory for every intermediate would cost more than the arithmetic.
    """
    real, imaginary = np.zeros((2, len(sphere.point)))
    box = np.empty((sphere.row_hkl.shape[1], 2 * sphere.half_width + 1), dtype=np.complex128)
    middle = sphere.half_width
    shells = _run_starts(np.diff(sphere.g_squared) > SHELL_TOLERANCE * sphere.g_squared[1:])
    few_shells = 2 * len(shells) < len(real)
    s_squared = (sphere.g_squared[shells] if few_shells else sphere.g_squared) / 4
    for z in np.flatnonzero(np.bincount(crystal.atomic_numbers)).tolist():
        x = crystal.frac_coords[crystal.atomic_numbers == z][:, sphere.axes]
        largest = max(int(np.abs(sphere.row_hkl).max()), middle)
        phases = _phase_table(largest, x)
        window = phases[2][largest - middle : largest + middle + 1].T
        step = max(1, BLOCK // len(x))
        for start in range(0, len(box), step):
            index = sphere.row_hkl[:, start : start + step] + largest
            rows = phases[0].take(index[0], axis=0)
            rows *= phases[1].take(index[1], axis=0)
            rows *= phases[2].take(index[2], axis=0)
            np.matmul(rows, window, out=box[start : start + step])
        factor = form_factor(z, s_squared)
        if few_shells:
            factor = factor.repeat(np.diff(shells, append=len(real)))
        for start in range(0, len(real), BLOCK):
            block = slice(start, start + BLOCK)
            geometric = box.ravel().take(sphere.point[block])
            real[block] += factor[block] * geometric.real
            imaginary[block] += factor[block] * geometric.imag
    real *= real
    imaginary *= imaginary
    real += imaginary
    return real


def _phase_table(largest: int, x: Float[ndarray, "atoms 3"]) -> Complex[ndarray, "3 indices atoms"]:
    """exp(2 pi i n x) for n = -largest..largest and each coordinate.

    As powers of exp(2 pi i x), whose errors grow only to about n times 1e-16.
    """
    table = np.empty((3, 2 * largest + 1, len(x)), dtype=np.complex128)
    table[:, largest] = 1
    table[:, largest + 1 :] = np.exp(2j * np.pi * x.T)[:, None]
    np.cumprod(table[:, largest + 1 :], axis=1, out=table[:, largest + 1 :])
    np.conjugate(table[:, :largest:-1], out=table[:, :largest])
    return table


def _run_starts(changes: ndarray) -> Int[ndarray, " runs"]:
    """First positions of the runs of a sequence, given where neighbours differ."""
    return np.append(0, np.flatnonzero(changes) + 1)


def _radii(
    name: str, wavelength: float, two_theta_range: tuple[float, float]
) -> tuple[float, float]:
    """|hkl| in 1/A at both ends of a range of 2 theta: 2 sin(theta) / wavelength."""
    if not (np.isfinite(wavelength) and wavelength > 0):
        raise CrystalNetError(f"{name}: the wavelength is {wavelength} A; want a positive number")
    low, high = _checked_range(name, two_theta_range)
    low, high = 2 * np.sin(np.radians(np.array([low, high]) / 2)) / wavelength
    return float(low), float(high)


def _checked_range(name: str, two_theta_range: tuple[float, float]) -> tuple[float, float]:
    low, high = two_theta_range
    if not 0 <= low < high <= 180:
        raise CrystalNetError(
            f"{name}: the range of 2-theta is {low} to {high} degrees; want two numbers in order "
            "within 0 to 180"
        )
    return low, high
