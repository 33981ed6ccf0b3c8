"""The data set: one crystal, one split, or everything as one tensor."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.composition import composition_input, molar_fractions
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.pattern_input import pattern_input
from crystalnet.crystallography.scale_free import scale_free_bins
from crystalnet.errors import CrystalNetError
from crystalnet.settings import CompositionInput, PatternInput, PatternSpec
from crystalnet.tensors import CrystalTensors
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.tables import read_table

DATASET_COLUMNS = (*CRYSTAL_COLUMNS, "row", "electrons", "density_source")


@dataclass(frozen=True)
class CrystalRecord:
    """Everything the data set knows of one crystal.

    Attributes:
        crystal: the cell.
        split: train, val or test.
        pattern: (bins,), strongest peak = 1.
        density: (N, N, N) in e/A^3, index i at the fractional coordinate i/N.
        electrons: in the cell.
        density_source: where the density comes from.
    """

    crystal: Crystal
    formula: str
    spacegroup_number: int
    split: str
    pattern: Float[ndarray, " bins"]
    density: Float[ndarray, "x y z"]
    electrons: float
    density_source: str


class Dataset:
    """Table and arrays of the crystals, opened together.

    Raises:
        CrystalNetError: for a missing or damaged file, or arrays of other crystals.
    """

    def __init__(self, folder: Path | str = store.ARTIFACTS) -> None:
        folder = Path(folder)
        self.table = read_table(folder / store.DATASET.name, DATASET_COLUMNS)
        self._patterns = store.Arrays(folder / store.PATTERNS.name, store.ARRAYS["patterns"])
        self._densities = store.Arrays(folder / store.DENSITIES.name, store.ARRAYS["densities"])
        ids, rows = self.table["material_id"].tolist(), self.table["row"].tolist()
        for arrays in (self._patterns, self._densities):
            stored = arrays.attributes.get("material_ids", [])
            # The arrays also hold the crystals that the data set left out.
            if [stored[row] for row in rows if row < len(stored)] != ids:
                raise CrystalNetError(
                    f"{arrays.path}: holds other crystals than {folder / store.DATASET.name}; "
                    "run the pipeline again"
                )
        first, last = self._patterns.attributes["two_theta_range_degrees"]
        # How the patterns are binned, which the networks trained on them have to be told.
        self.pattern_spec = PatternSpec(
            wavelength=self._patterns.attributes["wavelength_A"],
            two_theta_min=first,
            two_theta_max=last,
            bins=len(self._patterns.read("patterns", 0)),
        )
        # Points along each axis.
        self.grid: int = self._densities.shape("densities")[1]
        self.density_source: str = self._densities.attributes["density_source"]
        self.density_label: str = self._densities.attributes["density_label"]

    def crystal(self, material_id: str) -> CrystalRecord:
        """One crystal, read from one chunk of each array.

        Raises:
            CrystalNetError: for an id that is not in the data set.
        """
        found = self.table[self.table["material_id"] == material_id]
        if found.empty:
            raise CrystalNetError(
                f"{material_id}: not among the {len(self.table)} crystals of the data set"
            )
        row = found.iloc[0]
        return CrystalRecord(
            crystal=crystals_of(found)[0],
            formula=row["formula_pretty"],
            spacegroup_number=int(row["spacegroup_number"]),
            split=row["split"],
            pattern=self._patterns.read("patterns", int(row["row"])),
            density=self._densities.read("densities", int(row["row"])),
            electrons=float(row["electrons"]),
            density_source=self.density_source,
        )

    def rows(self, system: str | None = None, split: str | None = None) -> pd.DataFrame:
        """The table's rows of one system and split; None takes all."""
        chosen = np.ones(len(self.table), dtype=bool)
        if system is not None:
            chosen &= (self.table["crystal_system"] == system).to_numpy()
        if split is not None:
            chosen &= (self.table["split"] == split).to_numpy()
        if not chosen.any():
            raise CrystalNetError(f"the data set holds no crystal of {system}, split {split}")
        return self.table[chosen]

    def densities(self, material_ids: Iterable[str]) -> Iterator[Float[ndarray, "x y z"]]:
        """Densities of some crystals in e/A^3, as stored, one after the other.

        Raises:
            CrystalNetError: if one is damaged.
        """
        rows = dict(zip(self.table["material_id"], self.table["row"], strict=True))
        for material_id in material_ids:
            yield self._densities.read("densities", int(rows[material_id])).astype(np.float32)

    def tensors(
        self,
        system: str | None = None,
        split: str | None = None,
        *,
        composition: CompositionInput = "baseline",
        pattern: PatternInput = "full",
        seed: int = 0,
    ) -> CrystalTensors:
        """The crystals of one system and split (None takes all) as tensors on the CPU.

        The element that `drop_element` leaves out, and the noise of `noisy`, are drawn once per
        crystal, from the seed and the material id, so that they do not depend on which crystals
        are read together.
        """
        rows = self.rows(system, split)
        positions = rows["row"].to_numpy()
        block = slice(int(positions[0]), int(positions[-1]) + 1)
        inside = positions - positions[0]
        formulas = [
            composition_input(
                molar_fractions(crystal.atomic_numbers),
                composition,
                random_of(seed, crystal.material_id),
            )
            for crystal in crystals_of(rows)
        ]
        if pattern == "scale_free":
            patterns = [self._scale_free(crystal) for crystal in crystals_of(rows)]
        else:
            patterns = [
                pattern_input(intensities, pattern, random_of(seed, material_id))
                for material_id, intensities in zip(
                    rows["material_id"], self._patterns.read("patterns", block)[inside], strict=True
                )
            ]
        return CrystalTensors(
            material_ids=rows["material_id"].tolist(),
            patterns=torch.from_numpy(np.stack(patterns)),
            formulas=torch.from_numpy(np.stack(formulas).astype(np.float32)),
            densities=torch.from_numpy(self._densities.read("densities", block)[inside]),
            lattices=torch.from_numpy(
                np.stack([np.asarray(v, dtype=np.float64).reshape(3, 3) for v in rows["lattice"]])
            ),
        )

    def _scale_free(self, crystal: Crystal) -> Float[ndarray, " bins"]:
        """The lines of a pattern like those that are stored, in as many bins without a scale."""
        spec = self.pattern_spec
        lines = powder_pattern(crystal, spec.wavelength, spec.two_theta_range)
        return scale_free_bins(1 / lines.d_spacing, lines.intensity, spec.bins)[0]


def random_of(seed: int, material_id: str) -> np.random.Generator:
    """Random numbers of one crystal, whichever crystals are read with it."""
    return np.random.default_rng([seed, zlib.crc32(material_id.encode())])
