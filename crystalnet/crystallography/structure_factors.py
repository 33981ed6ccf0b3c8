"""Structure factors of many reflections at once.

Products of matrices, since exp(2 pi i (h x + k y + l z)) separates; one of each Friedel pair; form
factors once per shell of equal |hkl|.
"""

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.crystallography.scattering import form_factor

# |hkl|^2 within a shell differs by rounding alone, a few 1e-16 of its value.
SHELL_TOLERANCE = 1e-14

# Numbers in a block of work: small enough for the cache and for memory that is at hand.
BLOCK = 8192


def squared_structure_factors(
    crystal: Crystal, sphere: HalfSphere
) -> Float[ndarray, " reflections"]:
    """|F(hkl)|^2 in electrons^2: per element one product of row phases and window phases.

    In blocks, because fresh memory for every intermediate would cost more than the arithmetic.
    """
    real, imaginary = np.zeros((2, len(sphere.point)))
    box = np.empty((sphere.row_hkl.shape[1], 2 * sphere.half_width + 1), dtype=np.complex128)
    middle = sphere.half_width
    shells = run_starts(np.diff(sphere.g_squared) > SHELL_TOLERANCE * sphere.g_squared[1:])
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


def run_starts(changes: ndarray) -> Int[ndarray, " runs"]:
    """First positions of the runs of a sequence, given where neighbours differ."""
    return np.append(0, np.flatnonzero(changes) + 1)
