"""The crystals and the DFT densities that come with the project."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.resampling import resample
from crystalnet.errors import CrystalNetError
from pipeline.sources.base import (
    CRYSTAL_SOURCE_COLUMNS,
    DensityRecord,
    density_record,
    refuse_lost_electrons,
)
from pipeline.tables import read_table, refuse_repeats

# The grid whose modes the file holds: h and k from -25 to 24, l from 0 to 25.
MODES_GRID = 50

_CELL = ("material_id", "lattice", "atomic_numbers", "frac_coords")
_COEFFICIENTS = ("h", "k", "l", "re", "im")
_FACTS = ("ecut_eV", "kpt_density", "truncation_nmae_percent")
# The file keeps coefficients to half precision: F(000) V misses the electrons by up to 2^-12.
_HALF_PRECISION = 2.5e-4


class EmbeddedCrystals:
    """Crystals of the Materials Project.

    Args:
        paths: of the tables, each with other crystal systems.
    """

    name = "embedded"

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self.left_out: dict[str, str] = {}

    def crystals(self) -> pd.DataFrame:
        """All crystals of the files.

        Raises:
            CrystalNetError: for a file that is missing or damaged, or an id that stands twice.
        """
        frames = [read_table(path, CRYSTAL_SOURCE_COLUMNS) for path in self.paths]
        found = pd.concat(frames, ignore_index=True)
        refuse_repeats(found, ", ".join(map(str, self.paths)))
        return found


class DftDensities:
    """Densities computed with GPAW (PBE), as their Fourier coefficients."""

    name = "dft"
    label = "embedded DFT densities (PBE, GPAW)"
    licence = "CC BY 4.0"

    def __init__(self, path: Path, electron_tolerance: float) -> None:
        self.path = path
        self.electron_tolerance = electron_tolerance

    def available(self) -> frozenset[str]:
        """The crystals of the file."""
        return frozenset(read_table(self.path, ["material_id"])["material_id"])

    def densities(self, crystals: Sequence[Crystal], grid: int) -> Iterator[DensityRecord]:
        """The densities of the crystals; a grid other than 50 gets the same modes at its points.

        Raises:
            CrystalNetError: for a crystal that is not in the file or is another one there, or
                whose coefficients are damaged.
        """
        wanted = {crystal.material_id for crystal in crystals}
        frame = read_table(
            self.path,
            (*_CELL, "electrons", *_COEFFICIENTS, *_FACTS),
            wanted,
        )
        refuse_repeats(frame, self.path)
        missing = sorted(wanted - set(frame["material_id"]))
        if missing:
            raise CrystalNetError(
                f"{self.path}: has no density of {missing[0]} ({len(missing)} of {len(wanted)} "
                "crystals are missing); choose among those it has"
            )
        rows = {row.material_id: row for row in frame.itertuples(index=False)}
        for crystal in crystals:
            row = rows[crystal.material_id]
            own = self._own(row)
            density = self._on_modes_grid(row, own.volume)
            if grid != MODES_GRID:
                density = resample(density, grid)
            facts = {fact: float(getattr(row, fact)) for fact in _FACTS}
            record = density_record(
                crystal,
                density,
                float(row.electrons),
                {"file": self.path.name, "method": "GPAW 22.8.0, PBE, plane waves", **facts},
                of=own,
            )
            refuse_lost_electrons(record, self.electron_tolerance)
            yield record

    def _own(self, row: Any) -> Crystal:
        """The cell and atoms of the calculation."""
        try:
            return Crystal(
                row.material_id,
                np.asarray(row.lattice, dtype=np.float64).reshape(3, 3),
                np.asarray(row.atomic_numbers, dtype=np.int64),
                np.asarray(row.frac_coords, dtype=np.float64).reshape(-1, 3),
            )
        except (ValueError, CrystalNetError) as error:
            raise CrystalNetError(
                f"{self.path}: {row.material_id} holds no crystal ({error}); restore it from git"
            ) from None

    def _on_modes_grid(self, row: Any, volume: float) -> Float[ndarray, "x y z"]:
        """The density on the grid of the coefficients, from the half that the file holds."""
        half = MODES_GRID // 2
        *hkl, real, imaginary = (np.asarray(getattr(row, name)) for name in _COEFFICIENTS)
        lengths = {len(values) for values in (*hkl, real, imaginary)}
        if len(lengths) != 1 or 0 in lengths:
            raise CrystalNetError(
                f"{self.path}: {row.material_id} has lists of {sorted(lengths)} indices and "
                "coefficients; want as many of each: restore it from git"
            )
        for name, index, lowest in zip("hkl", hkl, (-half, -half, 0), strict=True):
            if index.min() < lowest or index.max() > half:
                raise CrystalNetError(
                    f"{self.path}: {row.material_id} has {name} from {index.min()} to "
                    f"{index.max()}; want {lowest} to {half}: restore it from git"
                )
        modes = np.zeros((MODES_GRID, MODES_GRID, half + 1), dtype=np.complex128)
        modes[tuple(hkl)] = real + 1j * imaginary.astype(np.float64)
        stored = float(modes[0, 0, 0].real) * volume
        if not abs(stored - row.electrons) <= _HALF_PRECISION * row.electrons:
            raise CrystalNetError(
                f"{self.path}: F(000) of {row.material_id} makes {stored:.6g} electrons in its "
                f"cell, its column electrons says {row.electrons:.6g}; restore the file from git"
            )
        # The rounding of F(000) is taken back, so that the density holds its electrons.
        modes[0, 0, 0] = row.electrons / volume
        return np.fft.irfftn(modes, s=(MODES_GRID,) * 3, axes=(0, 1, 2), norm="forward")
