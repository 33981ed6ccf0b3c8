"""Real densities for the scores: embedded DFT (PBE, GPAW) crystals."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jaxtyping import Float
from numpy import ndarray

TABLE = Path(__file__).parents[2] / "data" / "dft_densities.parquet"

# Simple cubic, fcc primitive, rhombohedral and hexagonal cells.
IDS = {"CuPd": "mp-1018029", "BaTe": "mp-1000", "NaYS2": "mp-10226", "VTe2": "mp-1008626"}

Density = tuple[Float[ndarray, "x x x"], Float[ndarray, "3 3"]]


@lru_cache(maxsize=1)
def _rows() -> pd.DataFrame:
    table = pd.read_parquet(TABLE, filters=[("material_id", "in", list(IDS.values()))])
    return table.set_index("material_id")


@pytest.fixture(scope="session")
def dft() -> Callable[[str, int], Density]:
    """density (e/A^3) and lattice (A) of one of `IDS` on a grid: `dft("BaTe", 25)`."""

    def density_of(formula: str, grid: int) -> Density:
        row = _rows().loc[IDS[formula]]
        h, k, l = (np.asarray(row[name], dtype=np.int64) for name in "hkl")  # noqa: E741
        kept = (abs(h) < grid / 2) & (abs(k) < grid / 2) & (l < grid / 2)
        factors = np.zeros((grid, grid, grid // 2 + 1), dtype=np.complex128)
        values = np.asarray(row["re"]) + 1j * np.asarray(row["im"])
        factors[h[kept], k[kept], l[kept]] = values[kept]
        density = np.fft.irfftn(factors * grid**3, s=(grid,) * 3, axes=(0, 1, 2))
        return density, np.asarray(row["lattice"], dtype=np.float64).reshape(3, 3)

    return density_of
