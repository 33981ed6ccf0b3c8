"""The independent-atom model (IAM): densities of superposed free atoms.

Each element's valence density is a sum of Gaussians with the form factor
f(q) = sum_i a_i exp(-b_i q^2), q = 2 pi / d in 1/A, that is
n(r) = sum_i a_i (4 pi b_i)^(-3/2) exp(-r^2 / (4 b_i)) in e/A^3.

Densities are point samples of the periodic superposition, not its modes up to the grid's own:
cutting the spectrum of a large cell with sharp atoms rings by tenths of e/A^3 and below zero.
Point samples of a spectrum that reaches beyond the grid do not add up to the electrons exactly;
`ValenceGaussians.electrons` is the integral.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Element
from torch import Tensor

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError

Core = Literal["smooth", "raw"]

# Reciprocal modes are summed up to the q beyond which the rest of an atom's density, were it all
# to add up at the nucleus, is less than this, in e/A^3.
TAIL = 1e-5
# Modes handled at once: bounds the memory of the largest cells.
CHUNK = 1 << 18


@dataclass(frozen=True, eq=False)
class ValenceGaussians:
    """Free-atom valence densities of the elements.

    Attributes:
        path: the file they were read from.
        valence: electrons per atom, 0 where there is no template; index = atomic number.
        a: electrons; b: A^2, with soft cores that are positive everywhere.
        a_raw, b_raw: the same with the hole that VASP's pseudo-densities have at some nuclei.
    """

    path: Path
    valence: Float[ndarray, " numbers"]
    a: Float[ndarray, "numbers gaussians"]
    b: Float[ndarray, "numbers gaussians"]
    a_raw: Float[ndarray, "numbers gaussians"]
    b_raw: Float[ndarray, "numbers gaussians"]

    @classmethod
    def load(cls, path: Path | str) -> "ValenceGaussians":
        """Read the templates from JSON.

        Raises:
            CrystalNetError: for a missing or damaged file.
        """
        path = Path(path)
        try:
            elements = orjson.loads(path.read_bytes())["elements"]
            gaussians = len(next(iter(elements.values()))["a"])
            valence = np.zeros(119)
            tables = {key: np.zeros((119, gaussians)) for key in ("a", "b", "a_raw", "b_raw")}
            for symbol, entry in elements.items():
                number = Element(symbol).Z
                valence[number] = entry["valence"]
                for key, table in tables.items():
                    table[number] = entry[key]
                    if key.startswith("b") and not (table[number] > 0).all():
                        raise ValueError(f"{symbol} has a Gaussian of no width, {key} <= 0")
                for key in ("a", "a_raw"):
                    if abs(tables[key][number].sum() - entry["valence"]) > 1e-4:
                        raise ValueError(f"{symbol}: {key} does not add up to its valence")
        except FileNotFoundError:
            raise CrystalNetError(f"{path}: no such file; restore it from git") from None
        except (OSError, ValueError, KeyError, TypeError, StopIteration, AttributeError) as error:
            raise CrystalNetError(
                f"{path}: not a table of valence Gaussians ({type(error).__name__}: {error}); "
                "restore it from git"
            ) from None
        return cls(path, valence, **tables)

    def electrons(self, crystal: Crystal) -> float:
        """Valence electrons in the cell: the integral of its IAM density.

        Raises:
            CrystalNetError: for an element without a template.
        """
        per_atom = self.valence[crystal.atomic_numbers]
        if not per_atom.all():
            symbol = Element.from_Z(int(crystal.atomic_numbers[per_atom == 0][0])).symbol
            raise CrystalNetError(
                f"{crystal.material_id}: {self.path} has no valence density for {symbol}; "
                f"it holds {int((self.valence > 0).sum())} elements: leave the crystal out"
            )
        return float(per_atom.sum())


def iam_density(
    crystals: Sequence[Crystal],
    grid: int,
    gaussians: ValenceGaussians,
    core: Core = "smooth",
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Float[Tensor, "crystals x y z"]:
    """Densities of superposed free atoms, in e/A^3, sampled at i/grid of each axis.

    The sum over all periodic images is done in reciprocal space, over every mode that matters
    (the grid's own and those beyond, up to a q at which less than 1e-5 e/A^3 an atom is left);
    modes beyond the grid fold onto it, which is what sampling at points means.

    Raises:
        CrystalNetError: for an element without a template.
    """
    a, b = (gaussians.a, gaussians.b) if core == "smooth" else (gaussians.a_raw, gaussians.b_raw)
    for crystal in crystals:
        gaussians.electrons(crystal)
    densities = torch.empty((len(crystals), grid, grid, grid), device=device, dtype=dtype)
    planes = torch.empty((grid, grid, grid), device=device, dtype=dtype.to_complex())
    for density, crystal in zip(densities, crystals, strict=True):
        planes.zero_()
        _add_modes(planes.view(grid * grid, grid), crystal, grid, a, b)
        # The first two axes still count modes; the real part stands for the other half of them.
        density.copy_(torch.fft.ifft2(planes, dim=(0, 1), norm="forward").real)
    return densities


def _add_modes(
    planes: Float[Tensor, "modes z"] | Tensor,
    crystal: Crystal,
    grid: int,
    a: Float[ndarray, "numbers gaussians"],
    b: Float[ndarray, "numbers gaussians"],
) -> None:
    """Sum half of the Fourier modes along l, onto the (h, k) modulo the grid and the points z."""
    device, real = planes.device, planes.real.dtype
    reciprocal = 2 * np.pi * np.linalg.inv(crystal.lattice)  # columns a*, b*, c* in 1/A
    elements, element_of_atom = np.unique(crystal.atomic_numbers, return_inverse=True)
    order = np.argsort(element_of_atom, kind="stable")
    counts = np.bincount(element_of_atom).tolist()
    coordinates = crystal.frac_coords[order]
    largest_q = max(_largest_q(tuple(a[z]), tuple(b[z])) for z in elements.tolist())
    rows, first_l, length = _rows(reciprocal, largest_q)
    amplitude = torch.as_tensor(a[elements] / crystal.volume, device=device, dtype=real)
    width = torch.as_tensor(b[elements], device=device, dtype=real)
    step = np.arange(length)
    along_l = _phases(-np.outer(coordinates[:, 2], step), planes)
    to_z = _phases(np.outer(step, np.arange(grid)) / grid, planes)
    per_chunk = max(1, CHUNK // length)
    for start in range(0, len(rows), per_chunk):
        hk, l0 = rows[start : start + per_chunk], first_l[start : start + per_chunk]
        hkl0 = np.column_stack([hk, l0])
        q2 = _squared_lengths(hkl0, length, reciprocal, planes)
        at_l0 = _phases(-hkl0 @ coordinates.T, planes)
        modes = torch.zeros_like(q2, dtype=planes.dtype)
        atom = 0
        for index, count in enumerate(counts):
            atoms = slice(atom, atom + count)
            atom += count
            form_factor = torch.zeros_like(q2)
            for a_i, b_i in zip(amplitude[index], width[index], strict=True):
                # Below e^-80 nothing counts, but the processor is slow at what underflows.
                form_factor += a_i * torch.exp((-b_i * q2).clamp_(min=-80))
            modes += form_factor * (at_l0[:, atoms] @ along_l[atoms])
        # Every row but (0, 0) stands for its Friedel mate too; (0, 0) holds all of its modes.
        weight = np.where(hk.any(axis=1), 2.0, 1.0)[:, None]
        values = modes @ to_z
        values *= _phases(np.outer(l0, np.arange(grid)) / grid, planes)
        values *= torch.as_tensor(weight, device=device, dtype=real)
        target = (hk[:, 0] % grid) * grid + hk[:, 1] % grid
        planes.index_add_(0, torch.as_tensor(target, device=device), values)


def _rows(
    reciprocal: Float[ndarray, "3 3"], largest_q: float
) -> tuple[Int[ndarray, "rows 2"], Int[ndarray, " rows"], int]:
    """The rows (h, k, any l) that reach into the sphere |q| <= largest_q, one of each Friedel pair.

    Returns (h, k) of each, its lowest l, and the number of l that covers the longest row. However
    skewed the cell is, rows times length is at most some 1.5 times the modes in the sphere.
    """
    c_star = reciprocal[:, 2]
    unit = c_star / np.linalg.norm(c_star)
    # |h| <= |a| q / 2 pi, and |a| / 2 pi is the length of a row of the inverse of `reciprocal`.
    h_max, k_max = np.floor(
        np.linalg.norm(np.linalg.inv(reciprocal), axis=1)[:2] * largest_q
    ).astype(int)
    h, k = np.meshgrid(np.arange(h_max + 1), np.arange(-k_max, k_max + 1), indexing="ij")
    rows = np.stack([h.ravel(), k.ravel()], axis=1)
    rows = rows[(rows[:, 0] > 0) | (rows[:, 1] >= 0)]
    start = rows @ reciprocal[:, :2].T
    parallel = start @ unit
    across2 = (start**2).sum(axis=1) - parallel**2
    inside = across2 <= largest_q**2
    half = np.sqrt(np.maximum(largest_q**2 - across2[inside], 0))
    spacing = float(np.linalg.norm(c_star))
    centre = -parallel[inside] / spacing
    first_l = np.ceil(centre - half / spacing).astype(int)
    last_l = np.floor(centre + half / spacing).astype(int)
    length = max(1, int((last_l - first_l).max()) + 1)
    return rows[inside], first_l, length


@lru_cache(maxsize=256)
def _largest_q(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """The q in 1/A beyond which less than TAIL e/A^3 of an atom's density is left."""
    q = np.arange(0.0, 80.0, 0.05)
    f = np.abs(np.exp(-np.outer(q**2, b)) @ np.array(a))
    # The density at the nucleus is (1 / 2 pi^2) times the integral of f q^2.
    rest = np.cumsum((f * q**2)[::-1])[::-1] * 0.05 / (2 * np.pi**2)
    return float(q[np.argmax(rest < TAIL)])


def _squared_lengths(
    hkl0: Int[ndarray, "rows 3"], length: int, reciprocal: Float[ndarray, "3 3"], like: Tensor
) -> Float[Tensor, "rows length"]:
    """q^2 in 1/A^2 of the modes hkl0 + (0, 0, j).

    Completed to a square, so that float32 loses nothing where large terms would cancel.
    """
    c_star = reciprocal[:, 2]
    spacing = float(np.linalg.norm(c_star))
    start = hkl0 @ reciprocal.T
    parallel = start @ c_star / spacing
    across2 = np.maximum((start**2).sum(axis=1) - parallel**2, 0)
    along = parallel[:, None] + spacing * np.arange(length)
    along2 = torch.as_tensor(along, device=like.device, dtype=like.real.dtype).square_()
    return along2 + torch.as_tensor(across2, device=like.device, dtype=like.real.dtype)[:, None]


def _phases(turns: Float[ndarray, "rows columns"], like: Tensor) -> Tensor:
    """exp(2 pi i turns); whole turns are taken off in float64, so large ones keep their phase."""
    angle = torch.as_tensor(
        2 * np.pi * (turns - np.rint(turns)), device=like.device, dtype=like.real.dtype
    )
    return torch.polar(torch.ones_like(angle), angle)
