"""Densities of described crystals: superposed free atoms, and the embedded DFT ones."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.spectrum import iam_spectrum, on_grid, spectrum_of
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.learned import canonical_coefficients
from pipeline.sources import DATA, DFT_FILE, GAUSSIANS, STRUCTURES_FILE
from pipeline.sources.base import DensityRecord
from pipeline.sources.embedded import MODES_GRID, DftDensities
from pipeline.steps import command
from pipeline.tables import read_table


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
        grids = (record.density for record in records if isinstance(record, DensityRecord))
        return canonical_coefficients(grids, rows)

    def spectra(self, rows: pd.DataFrame, order: int) -> Complex[Tensor, "crystals h k l"]:
        """Fourier coefficients up to an order, e/A^3."""
        made = [spectrum_of(hkl, values, order) for hkl, values in self.coefficients(rows)]
        return torch.from_numpy(np.stack(made))

    def truth(self, rows: pd.DataFrame, grid: int) -> Float[Tensor, "crystals x y z"]:
        """Densities at points, e/A^3."""
        made = [on_grid(hkl, values, grid) for hkl, values in self.coefficients(rows)]
        return torch.from_numpy(np.stack(made).astype(np.float32))
