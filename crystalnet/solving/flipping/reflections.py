"""The measured intensities as structure factors on the grid of a primitive cell."""

from collections.abc import Mapping

import numpy as np
import scipy.fft
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.scattering import form_factor
from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import AgreementSettings, FlippingSettings
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.symmetry.wyckoff import space_group

# Of each crystal system the group of least symmetry whose reflections are equal in all its others.
LEAST = {
    "triclinic": 2,
    "monoclinic": 10,
    "orthorhombic": 47,
    "tetragonal": 83,
    "trigonal": 147,
    "hexagonal": 147,
    "cubic": 200,
}


class Reflections:
    """All reflections of a primitive cell, and how the measured areas may be shared among them.

    Attributes:
        primitive: rows of the cell in A, and
        counts: atoms of each atomic number in it.
        shape: points of the map along each axis, multiples of 4 or 6.
        hkl: indices in the primitive cell, both of each Friedel pair.
        place: where each is in the flattened coefficients of a map.
        unique: for each the number of its set of equal ones.
        lines: the sets and their areas.
        expected: squares of structure factors of atoms anywhere, of each set.
    """

    def __init__(
        self,
        measured: MeasuredPeaks,
        lattice: IndexedLattice,
        cell: Float[ndarray, "3 3"],
        counts: Mapping[int, int],
        settings: FlippingSettings,
        agreement: AgreementSettings,
    ) -> None:
        """Take what is measured of one lattice.

        Args:
            cell: rows in A of a conventional cell of it.
            counts: atoms of each atomic number in the primitive cell.
        """
        self.primitive, self.counts = lattice.primitive, counts
        group = space_group(LEAST[lattice.system])
        self.lines = LineIntensities(
            measured, lattice, Frame(group, cell), settings.d_min, agreement
        )
        self.possible = self.lines.possible
        if not self.possible:
            return
        step = 6 if group.number == LEAST["trigonal"] else 4
        edges = np.linalg.norm(lattice.primitive, axis=1)
        turned = np.einsum("ri,gij->rgj", self.lines.hkl, group.rotations)
        turned = np.concatenate([turned, -turned], axis=1)
        every = np.rint(turned @ (lattice.primitive @ np.linalg.inv(cell)).T).astype(np.int64)
        largest = np.abs(every).max(axis=(0, 1), initial=1)
        least = np.maximum(2 * largest + 1, np.ceil(edges / settings.spacing).astype(int))
        self.shape = tuple(_points(int(each), step) for each in least)
        flat = self._flat(every)
        self.place, first = np.unique(flat, return_index=True)
        self.unique: Int[ndarray, " hkl"] = first // every.shape[1]
        self.hkl: Int[ndarray, "hkl 3"] = every.reshape(-1, 3)[first]
        self._rows: dict[bytes, tuple[ndarray, ndarray]] = {}
        self._equal = np.bincount(self.unique, minlength=len(self.lines.hkl))
        starts = self.lines.starts
        self._group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(self.lines.hkl)))
        self.expected: Float[ndarray, " sets"] = np.add.reduce(
            [n * form_factor(z, self.lines.g_squared / 4) ** 2 for z, n in counts.items()]
        )

    def _flat(self, hkl: Int[ndarray, "*sets 3"]) -> Int[ndarray, "*sets"]:
        wrapped = hkl % np.array(self.shape)
        flat: ndarray = (wrapped[..., 0] * self.shape[1] + wrapped[..., 1]) * self.shape[2]
        flat += wrapped[..., 2]
        return flat

    def shared(self, power: Float[ndarray, " sets"]) -> Float[ndarray, " hkl"]:
        """Moduli of all reflections, each measured area shared as some squared moduli are."""
        areas = np.add.reduceat(power * self.lines.weight, self.lines.starts)
        scale = (self.lines.target / np.maximum(areas, 1e-300))[self._group]
        return np.asarray(np.sqrt(power * scale)[self.unique])

    def power(self, amplitude: Complex[ndarray, " hkl"]) -> Float[ndarray, " sets"]:
        """Mean squared moduli of the reflections of each set."""
        square = amplitude.real**2 + amplitude.imag**2
        return np.asarray(np.bincount(self.unique, square, len(self._equal)) / self._equal)

    def map(self, amplitude: Complex[ndarray, " hkl"]) -> Float[ndarray, "n m k"]:
        """The density of some coefficients, on any scale, at the points of the grid."""
        grid = np.zeros(self.shape, dtype=np.complex128)
        grid.ravel()[self.place] = amplitude
        return np.asarray(scipy.fft.fftn(grid).real)

    def coefficients(self, density: Float[ndarray, "n m k"]) -> Complex[ndarray, " hkl"]:
        """Of all reflections: those whose `map` is the density, where it has no others."""
        grid = scipy.fft.ifftn(density)
        return np.asarray(grid.ravel()[self.place])

    def turned(
        self, amplitude: Complex[ndarray, " hkl"], turn: Int[ndarray, "3 3"]
    ) -> Complex[ndarray, " hkl"]:
        """Of each hkl what the reflection hkl @ turn has, 0 where it was not measured."""
        if turn.tobytes() not in self._rows:
            there = self._flat(self.hkl @ turn)
            rows = np.minimum(np.searchsorted(self.place, there), len(self.place) - 1)
            self._rows[turn.tobytes()] = (rows, self.place[rows] == there)
        rows, found = self._rows[turn.tobytes()]
        return np.asarray(amplitude[rows] * found)


def _points(least: int, step: int) -> int:
    """A multiple of a step, no less than some number, that the transform is fast with."""
    found = -(-least // step) * step
    while scipy.fft.next_fast_len(found) != found:
        found += step
    return found
