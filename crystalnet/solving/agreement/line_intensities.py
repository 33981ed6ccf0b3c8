"""Intensities of the lines of one lattice in one space group, beside those that were measured.

For searching among very many arrangements of atoms: no profiles, only the areas of groups of lines
that cannot be told apart, and only one reflection of each set that symmetry makes equal.
"""

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.crystallography.scattering import form_factor
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.regions import outside
from crystalnet.solving.settings import USUAL, AgreementSettings
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.symmetry.special_positions import WyckoffPosition
from crystalnet.solving.symmetry.wyckoff import SpaceGroup

# Indices are below this.
MOST = 1000


class LineIntensities:
    """Measured intensities by groups of lines, and how well structure factors agree with them.

    Attributes:
        hkl: one reflection of each set of equal ones, of the conventional cell.
        g_squared: 1 / d^2 in 1/A^2.
        weight: multiplicity, Lorentz and polarisation factor.
        starts: the first reflection of each group of lines.
        target: the measured area of each group.
        precision: one over its variance.
        possible: whether no strong peak is absent by symmetry, and there is something to compare;
            without it there is nothing else.
        outside: weighted square of the peaks where the group has no line but the lattice has.
    """

    def __init__(
        self,
        measured: MeasuredPeaks,
        lattice: IndexedLattice,
        frame: Frame,
        d_min: float,
        settings: AgreementSettings = USUAL.agreement,
    ) -> None:
        """Take what is measured of one lattice in one frame.

        Args:
            d_min: reflections of smaller spacings, in A, are left out.
        """
        first, last = measured.two_theta_range
        half = measured.wavelength / 2
        low = np.sin(np.radians(first / 2)) / half
        high = min(np.sin(np.radians(last / 2)) / half, 1 / d_min)
        bare = Crystal("lattice", lattice.primitive, np.array([1]), np.zeros((1, 3)))
        sphere = HalfSphere.of(bare, float(low), float(high))
        cell, group = frame.cell, frame.group
        indices = sphere.hkl(np.arange(len(sphere.g_squared)))
        hkl = np.rint(indices @ (cell @ np.linalg.inv(lattice.primitive)).T).astype(np.int64)
        rows, counts = _unique(hkl, group)
        order = np.argsort(sphere.g_squared[rows], kind="stable")
        rows, counts = rows[order], counts[order]
        if measured.excluded:
            sine = np.minimum(np.sqrt(sphere.g_squared[rows]) * half, 1.0)
            seen = outside(2 * np.degrees(np.arcsin(sine)) + lattice.zero_shift, measured.excluded)
            rows, counts = rows[seen], counts[seen]
        present = ~group.absent(hkl[rows])
        every = sphere.g_squared[rows]
        rows, counts = rows[present], counts[present]
        self.hkl: Int[ndarray, "hkl 3"] = hkl[rows]
        self.g_squared: Float[ndarray, " hkl"] = sphere.g_squared[rows]
        sine2 = np.minimum(self.g_squared * half**2, 1 - 1e-12)
        self.weight = counts * lorentz_polarisation(sine2)
        self._form: dict[int, Float[ndarray, " hkl"]] = {}
        line = 2 * np.degrees(np.arcsin(np.minimum(np.sqrt(every) * half, 1.0)))
        peak = measured.two_theta - lattice.zero_shift
        # Peaks beyond the last reflection compared belong to others.
        within = peak < line.max(initial=0.0) + settings.position_error
        self._group(line, present, peak[within], measured.intensity[within], settings)

    def _group(
        self,
        line: Float[ndarray, " lines"],
        present: Bool[ndarray, " lines"],
        peak: Float[ndarray, " peaks"],
        area: Float[ndarray, " peaks"],
        settings: AgreementSettings,
    ) -> None:
        """Group what cannot be told apart; peaks far from all lines are of something else."""
        resolution = _resolution(line, peak, area, settings)
        place = np.concatenate([line, peak])
        order = np.argsort(place, kind="stable")
        number = np.empty(len(place), dtype=np.int64)
        number[order] = np.append(0, np.cumsum(np.diff(place[order]) > resolution))
        of_line, of_peak = number[: len(line)], number[len(line) :]
        groups = int(number.max(initial=-1)) + 1
        own = np.bincount(of_line, minlength=groups) > 0
        total = np.bincount(of_peak, area, groups) * own
        explained = np.bincount(of_line[present], minlength=groups) > 0
        strongest = float(total.max(initial=0.0))
        floor = settings.variance_floor * strongest
        strong = total > settings.seen * strongest
        self.possible = bool(present.any() and strongest > 0 and explained[strong].all())
        if not self.possible:
            return
        # Reflections are in the order of their places, and so are their groups.
        kept = of_line[present]
        self.starts: Int[ndarray, " groups"] = np.flatnonzero(np.diff(kept, prepend=-1))
        self.target: Float[ndarray, " groups"] = total[kept[self.starts]]
        self.precision = 1 / (self.target + floor)
        absent = total[own & ~explained]
        self.outside = float((absent**2 / (absent + floor)).sum())
        self.norm = float(self.target**2 @ self.precision) + self.outside

    def form(self, number: int) -> Float[ndarray, " hkl"]:
        """X-ray form factor of an element, float32.

        Raises:
            CrystalNetError: for an element without one.
        """
        if number not in self._form:
            self._form[number] = form_factor(number, self.g_squared / 4).astype(np.float32)
        return self._form[number]

    def orbit_waves(
        self, position: WyckoffPosition, parameters: Float[ndarray, "sets freedom"]
    ) -> Complex[ndarray, "sets hkl"]:
        """Sums of exp(2 pi i hkl . x) over orbits, complex64."""
        total = np.zeros((len(parameters), len(self.hkl)), dtype=np.complex64)
        for slope, origin in zip(position.slopes, position.origins, strict=True):
            turn = parameters @ (self.hkl @ slope).T + self.hkl @ origin
            # Whole turns change nothing, and float32 keeps what is left.
            angle = (2 * np.pi * (turn - np.rint(turn))).astype(np.float32)
            total.real += np.cos(angle)
            total.imag += np.sin(angle)
        return total

    def residual(
        self, amplitude: Complex[ndarray, "sets hkl"], displacement: float
    ) -> Float[ndarray, " sets"]:
        """The weighted R factor of the intensities at the best scale, 0 for equal ones.

        Args:
            amplitude: structure factors.
            displacement: B in A^2 of all atoms.
        """
        damped = self.weight * np.exp(-displacement * self.g_squared / 2)
        power = (amplitude.real**2 + amplitude.imag**2) * damped.astype(np.float32)
        model = np.add.reduceat(power, self.starts, axis=1).astype(np.float64)
        cross = model @ (self.precision * self.target)
        square = np.maximum(model**2 @ self.precision, 1e-300)
        left = np.maximum(self.norm - cross**2 / square, 0)
        return np.asarray(np.sqrt(left / self.norm))


def _resolution(
    line: Float[ndarray, " lines"],
    peak: Float[ndarray, " peaks"],
    area: Float[ndarray, " peaks"],
    settings: AgreementSettings,
) -> float:
    """Degrees of 2-theta within which lines and peaks are one.

    As close as peaks are listed, but no closer than the strong ones are to their lines.
    """
    strong = peak[area > settings.seen * area.max(initial=0.0)]
    if len(peak) < 2 or not len(line) or not len(strong):
        return settings.resolution
    listed = float(np.quantile(np.diff(np.sort(peak)), settings.close))
    off = float(np.abs(strong[:, None] - line).min(axis=1).max())
    return min(max(listed, 2 * off, settings.finest_resolution), settings.resolution)


def _unique(
    hkl: Int[ndarray, "hkl 3"], group: SpaceGroup
) -> tuple[Int[ndarray, " sets"], Int[ndarray, " sets"]]:
    """The first of each set that the point group and Friedel's law make equal, and their number."""
    turned = np.einsum("ri,gij->grj", hkl, group.rotations)
    turned = np.concatenate([turned, -turned])
    name = (turned[..., 0] * MOST + turned[..., 1]) * MOST + turned[..., 2]
    _, rows, counts = np.unique(name.max(axis=0), return_index=True, return_counts=True)
    return rows, counts
