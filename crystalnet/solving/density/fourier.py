"""The Fourier modes of a density that atoms are fitted to, and what atoms contribute to them.

F(hkl) = integral of n(r) exp(-2 pi i hkl . r) over the cell, in electrons, and an atom at x of the
form factor f adds f(q) exp(-2 pi i hkl . x). With |hkl| up to some 10/A there are a few hundred to
a few thousand of them, so that everything is a small product of matrices.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.settings import USUAL, DecodingSettings

# Points of a map come in whole dozens, which meet the special positions.
DOZEN = 12


@dataclass(frozen=True, eq=False)
class DensityModes:
    """Fourier modes of one density, one of each Friedel pair, without F(000).

    Attributes:
        lattice: rows are a, b, c in A.
        hkl: Miller indices, with l >= 0.
        q: 2 pi / d in 1/A.
        factor: F(hkl) in electrons.
        electrons: F(000).
        map_spacing: A that points of maps lie apart at most.
    """

    lattice: Float[ndarray, "3 3"]
    hkl: Int[ndarray, "modes 3"]
    q: Float[ndarray, " modes"]
    factor: Complex[ndarray, " modes"]
    electrons: float
    map_spacing: float

    @classmethod
    def of(
        cls,
        density: Float[ndarray, "nx ny nz"],
        lattice: Float[ndarray, "3 3"],
        settings: DecodingSettings = USUAL.decoding,
    ) -> "DensityModes":
        """Modes of a density in e/A^3 at the fractional coordinates i/n of each axis."""
        volume = abs(np.linalg.det(lattice))
        half = scipy.fft.rfftn(density) * (volume / density.size)
        # The indices of the sphere's box, below the grid's highest, which has no sign.
        reach = np.linalg.norm(lattice, axis=1) * settings.largest_q / (2 * np.pi)
        h_max, k_max, l_max = np.minimum(reach, (np.array(density.shape) - 1) // 2).astype(int)
        h, k, l = (  # noqa: E741
            axis.ravel()
            for axis in np.meshgrid(
                np.arange(-h_max, h_max + 1),
                np.arange(-k_max, k_max + 1),
                np.arange(l_max + 1),
                indexing="ij",
            )
        )
        first = (l > 0) | (h > 0) | ((h == 0) & (k > 0))
        hkl = np.stack([h, k, l], axis=1)[first]
        q = 2 * np.pi * np.linalg.norm(hkl @ np.linalg.inv(lattice).T, axis=1)
        hkl, q = hkl[q <= settings.largest_q], q[q <= settings.largest_q]
        electrons = float(half[0, 0, 0].real)
        return cls(lattice, hkl, q, half[tuple(hkl.T)], electrons, settings.map_spacing)

    @property
    def volume(self) -> float:
        """Cell volume in A^3."""
        return float(abs(np.linalg.det(self.lattice)))

    def phases(self, x: Float[ndarray, "atoms 3"]) -> Complex[ndarray, "modes atoms"]:
        """exp(-2 pi i hkl . x)."""
        return plane_waves(self.hkl, -x)

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Points of a map along each axis: no mode folds over, and none lie too far apart."""
        edges = np.linalg.norm(self.lattice, axis=1)
        least = np.maximum(2 * np.abs(self.hkl).max(axis=0) + 1, edges / self.map_spacing)
        a, b, c = (
            DOZEN * scipy.fft.next_fast_len(int(np.ceil(n / DOZEN)), real=True) for n in least
        )
        return a, b, c

    def map_of(self, values: Complex[ndarray, " modes"]) -> Float[ndarray, "x y z"]:
        """2 Re sum over the modes of values exp(2 pi i hkl . x), on the points of a map."""
        shape = self.map_shape
        half = np.zeros((shape[0], shape[1], shape[2] // 2 + 1), dtype=np.complex128)
        half[tuple(self.hkl.T)] = values
        plane = self.hkl[:, 2] == 0
        half[tuple(-self.hkl[plane].T)] = values[plane].conj()
        return np.asarray(scipy.fft.irfftn(half, s=shape, norm="forward"))
