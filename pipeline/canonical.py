"""What a trained network is given of the data set, as its architecture takes it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from crystalnet.crystallography.composition import composition_input, molar_fractions
from crystalnet.errors import CrystalNetError
from crystalnet.learning.modes.samples import Samples
from crystalnet.network.density_model import Architecture
from crystalnet.network.modes.density_modes import DensityModes
from crystalnet.network.modes.features import scale_free_pattern
from crystalnet.settings import CompositionInput, PatternInput
from crystalnet.settings_modes import ModesInput
from crystalnet.tensors import CrystalTensors
from pipeline import learned, store
from pipeline.dataset import Dataset, random_of
from pipeline.learned import SUBSTITUTE


@dataclass(frozen=True, eq=False)
class Canonical:
    """The crystals of one system in canonical settings, by the step `canonical`."""

    system: str

    @cached_property
    def _described(self) -> learned.Described:
        return learned.Described(Path(store.CANONICAL_CRYSTALS.format(system=self.system)))

    @cached_property
    def _targets(self) -> dict[str, Tensor]:
        path = store.CANONICAL_MODES.format(system=self.system)
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise CrystalNetError(
                f"{path}: no readable density modes ({error}); delete it and run again"
            ) from None

    @property
    def modes(self) -> DensityModes:
        """Fitted to the training crystals."""
        return DensityModes(*(self._targets[name] for name in ("real", "imaginary", "scale")))

    def samples(self, told: ModesInput, copies: int, seed: int) -> Samples:
        """What is trained on: the densities of the data set, so many times, and free atoms.

        The flag of a density functional's density stands for the density of the data set here,
        whatever that is.
        """
        training = self._described.rows("train")
        free = self._described.rows(SUBSTITUTE)
        if len(self._targets["free"]) > len(free):
            free = pd.concat([training, free], ignore_index=True)
        own = self._samples(training, "train", told, seed)
        parts = [own] * copies
        if len(free):
            parts.append(self._samples(free, "free", told, seed))
        return Samples.joined(parts)

    def _samples(self, rows: pd.DataFrame, name: str, told: ModesInput, seed: int) -> Samples:
        samples = Samples.of(
            learned.peaks(rows),
            learned.formulas(rows),
            self._targets[name],
            self._targets[f"{name}-size"],
            name == "train",
        )
        return learned.told(samples, rows["material_id"].tolist(), told, seed)

    def tensors(
        self,
        dataset: Dataset,
        split: str,
        *,
        composition: CompositionInput,
        pattern: PatternInput,
        seed: int,
    ) -> CrystalTensors:
        """The crystals of a split: scale-free patterns, compositions, and canonical densities."""
        rows = self._described.rows(split)
        ids = rows["material_id"].tolist()
        if ids != dataset.rows(self.system, split)["material_id"].tolist():
            raise CrystalNetError(
                f"{store.CANONICAL_CRYSTALS.format(system=self.system)}: holds other {split} "
                "crystals than the data set; run the pipeline again"
            )
        patterns = np.stack([scale_free_pattern(*each) for each in learned.peaks(rows)])
        formulas = [
            composition_input(
                molar_fractions(np.asarray(numbers, dtype=np.int64)),
                composition,
                random_of(seed, material_id),
            )
            for material_id, numbers in zip(ids, rows["atomic_numbers"], strict=True)
        ]
        return CrystalTensors(
            material_ids=ids,
            patterns=torch.from_numpy(patterns) * (pattern == "full"),
            formulas=torch.from_numpy(np.stack(formulas).astype(np.float32)),
            densities=learned.canonical_densities(dataset.densities(ids), rows, dataset.grid),
            lattices=torch.from_numpy(
                np.stack([np.asarray(v, dtype=np.float64).reshape(3, 3) for v in rows["lattice"]])
            ),
        )


def tensors_for(
    architecture: Architecture,
    dataset: Dataset,
    system: str,
    split: str,
    *,
    composition: CompositionInput,
    pattern: PatternInput,
    seed: int,
) -> CrystalTensors:
    """The crystals of one system and split as a network of this architecture takes them."""
    if architecture == "modes":
        return Canonical(system).tensors(
            dataset, split, composition=composition, pattern=pattern, seed=seed
        )
    return dataset.tensors(system, split, composition=composition, pattern=pattern, seed=seed)
