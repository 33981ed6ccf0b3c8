"""The crystals of one system as the networks of the architecture `modes` see them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.composition import molar_fractions
from crystalnet.crystallography.setting import Setting
from crystalnet.crystallography.spectrum import (
    in_setting,
    on_grid,
    values_of,
)
from crystalnet.learning.modes.flaws import Peaks
from crystalnet.learning.modes.samples import Samples
from crystalnet.settings_modes import ModesInput
from pipeline.crystal_tables import crystals_of
from pipeline.dataset import random_of
from pipeline.tables import read_table

SUBSTITUTE = "substitute"
"""The split of crystals that are made from training crystals."""

COLUMNS = (
    "material_id",
    "formula",
    "spacegroup_number",
    "hall_number",
    "split",
    "lattice",
    "atomic_numbers",
    "frac_coords",
    "matrix",
    "shift",
    "q",
    "intensity",
)
# Points per axis at which the range of a density is looked for.
_RANGE_GRID = 32


class Described:
    """The table of `pipeline.steps.described`.

    Raises:
        CrystalNetError: for a missing or damaged file.
    """

    def __init__(self, path: Path) -> None:
        self.table = read_table(path, COLUMNS)

    def rows(self, *splits: str) -> pd.DataFrame:
        """The crystals of some splits."""
        return self.table[self.table["split"].isin(splits)].reset_index(drop=True)


def peaks(rows: pd.DataFrame) -> list[Peaks]:
    """q in 1/A and intensities."""
    return [
        (np.asarray(q, dtype=np.float64), np.asarray(intensity, dtype=np.float64))
        for q, intensity in zip(rows["q"], rows["intensity"], strict=True)
    ]


def amounts(rows: pd.DataFrame) -> list[dict[int, int]]:
    """Amounts in the formula of each crystal, by atomic number."""
    found = []
    for numbers in rows["atomic_numbers"]:
        elements, counts = np.unique(np.asarray(numbers, dtype=np.int64), return_counts=True)
        found.append(dict(zip(elements.tolist(), counts.tolist(), strict=True)))
    return found


def formulas(rows: pd.DataFrame) -> Float[Tensor, "crystals elements"]:
    """Molar fractions."""
    fractions = [molar_fractions(np.asarray(z, dtype=np.int64)) for z in rows["atomic_numbers"]]
    return torch.from_numpy(np.stack(fractions).astype(np.float32))


def told(samples: Samples, ids: Sequence[str], what: ModesInput, seed: int) -> Samples:
    """Crystals of which a network is told only so much.

    An element that is left out is drawn once per crystal, from the seed and its id.
    """
    return samples.told(what, lambda place: random_of(seed, ids[place]))


def canonical_coefficients(
    densities: Iterable[Float[ndarray, "x x x"]], rows: pd.DataFrame
) -> Iterable[tuple[Int[ndarray, "coefficients 3"], Complex[ndarray, " coefficients"]]]:
    """hkl and coefficients, both of each Friedel pair, in the canonical settings of crystals.

    Args:
        densities: in the settings of the crystals' tables, on the same grid.
        rows: their descriptions.
    """
    hkl, kept = np.empty((0, 3), dtype=np.int64), np.empty(0, dtype=np.int64)
    for density, crystal, matrix, shift, hall_number in zip(
        densities,
        crystals_of(rows),
        rows["matrix"],
        rows["shift"],
        rows["hall_number"],
        strict=True,
    ):
        grid = len(density)
        if len(hkl) != grid**3:
            signed = np.fft.fftfreq(grid, 1 / grid).round().astype(np.int64)
            hkl = np.stack(np.meshgrid(signed, signed, signed, indexing="ij"), axis=-1)
            hkl = hkl.reshape(-1, 3)
            # The highest order of an even grid has no partner of the other sign.
            kept = np.flatnonzero((2 * hkl > -grid).all(axis=1))
        values = np.fft.fftn(density, norm="forward").ravel()
        setting = Setting(
            crystal, np.asarray(matrix).reshape(3, 3), np.asarray(shift), int(hall_number)
        )
        yield in_setting(hkl[kept], values[kept], setting)


def canonical_densities(
    densities: Iterable[Float[ndarray, "x x x"]], rows: pd.DataFrame, grid: int
) -> Float[Tensor, "crystals x y z"]:
    """Densities at points in canonical settings; arguments as of `canonical_coefficients`."""
    pairs = canonical_coefficients(densities, rows)
    made = [on_grid(hkl, values, grid).astype(np.float32) for hkl, values in pairs]
    return torch.from_numpy(np.stack(made))


def sizes(spectra: Complex[Tensor, "crystals h k l"]) -> Float[Tensor, " crystals"]:
    """The range of each density, e/A^3, as far as its coefficients show it."""
    found = []
    for part in torch.split(spectra, 256):
        low, high = values_of(part, _RANGE_GRID).flatten(1).aminmax(dim=1)
        found.append(high - low)
    return torch.cat(found)
