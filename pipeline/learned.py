"""The crystals of one system as the networks of the architecture `modes` see them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.composition import molar_fractions
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.setting import Setting
from crystalnet.crystallography.spectrum import (
    iam_spectrum,
    in_setting,
    on_grid,
    spectrum_of,
    values_of,
)
from crystalnet.learning.modes.flaws import Peaks
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.sources import DATA, DFT_FILE, GAUSSIANS, STRUCTURES_FILE
from pipeline.sources.base import DensityRecord
from pipeline.sources.embedded import MODES_GRID, DftDensities
from pipeline.steps import command
from pipeline.tables import read_table

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


def iam_spectra(rows: pd.DataFrame, order: int, what: str) -> Complex[Tensor, "crystals h k l"]:
    """Fourier coefficients of the independent-atom densities, e/A^3."""
    gaussians = ValenceGaussians.load(GAUSSIANS)
    made = [
        iam_spectrum(crystal, order, gaussians)
        for crystal in command.progress(crystals_of(rows), f"{what}: densities")
    ]
    return torch.from_numpy(np.stack(made))


def iam_truth(rows: pd.DataFrame, grid: int) -> Float[Tensor, "crystals x y z"]:
    """Independent-atom densities at points, e/A^3."""
    return iam_density(crystals_of(rows), grid, ValenceGaussians.load(GAUSSIANS))


class DftSpectra:
    """The embedded DFT densities in the canonical settings of their crystals, cubic and trigonal
    ones."""

    def __init__(self, electron_tolerance: float) -> None:
        self._source = DftDensities(DATA / DFT_FILE, electron_tolerance)

    def rows(self, described: pd.DataFrame) -> pd.DataFrame:
        """Those crystals that have one."""
        available = self._source.available()
        return described[described["material_id"].isin(available)].reset_index(drop=True)

    def coefficients(
        self, rows: pd.DataFrame
    ) -> Iterable[tuple[Int[ndarray, "coefficients 3"], Complex[ndarray, " coefficients"]]]:
        """hkl and coefficients of each crystal, both of each Friedel pair."""
        ids = rows["material_id"].tolist()
        stored = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS, ids).set_index("material_id")
        there = crystals_of(stored.loc[ids].reset_index())
        records = self._source.densities(there, MODES_GRID)
        signed = np.fft.fftfreq(MODES_GRID, 1 / MODES_GRID).astype(np.int64)
        hkl = np.stack(np.meshgrid(signed, signed, signed, indexing="ij"), axis=-1).reshape(-1, 3)
        # The highest order of an even grid has no partner of the other sign.
        kept = (hkl > -(MODES_GRID // 2)).all(axis=1)
        for record, crystal, matrix, shift, hall_number in zip(
            records,
            crystals_of(rows),
            rows["matrix"],
            rows["shift"],
            rows["hall_number"],
            strict=True,
        ):
            assert isinstance(record, DensityRecord)
            values = np.fft.fftn(record.density, norm="forward").ravel()
            setting = Setting(
                crystal, np.asarray(matrix).reshape(3, 3), np.asarray(shift), int(hall_number)
            )
            yield in_setting(hkl[kept], values[kept], setting)

    def spectra(self, rows: pd.DataFrame, order: int) -> Complex[Tensor, "crystals h k l"]:
        """Fourier coefficients up to an order, e/A^3."""
        made = [spectrum_of(hkl, values, order) for hkl, values in self.coefficients(rows)]
        return torch.from_numpy(np.stack(made))

    def truth(self, rows: pd.DataFrame, grid: int) -> Float[Tensor, "crystals x y z"]:
        """Densities at points, e/A^3."""
        made = [on_grid(hkl, values, grid) for hkl, values in self.coefficients(rows)]
        return torch.from_numpy(np.stack(made).astype(np.float32))


def sizes(spectra: Complex[Tensor, "crystals h k l"]) -> Float[Tensor, " crystals"]:
    """The range of each density, e/A^3, as far as its coefficients show it."""
    found = []
    for part in torch.split(spectra, 256):
        low, high = values_of(part, _RANGE_GRID).flatten(1).aminmax(dim=1)
        found.append(high - low)
    return torch.cat(found)
