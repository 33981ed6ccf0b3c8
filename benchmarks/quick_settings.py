"""What the trainings of `benchmarks.learned_quick` read, in either setting of the crystals."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int
from numpy import ndarray

from crystalnet.learning.modes.samples import Samples
from crystalnet.network.modes.density_modes import DensityModes, fit_modes
from crystalnet.tensors import CrystalTensors
from pipeline import learned, learned_densities, store
from pipeline.dataset import Dataset
from pipeline.params import Params
from pipeline.steps.canonical import dataset_spectra

CrystalSetting = Literal["canonical", "table"]


class Taught(NamedTuple):
    """What a training reads, and what its network is scored on."""

    samples: Samples
    validation: CrystalTensors
    modes: DensityModes


def in_setting(usual: Taught, system: str, setting: CrystalSetting, params: Params) -> Taught:
    """The same without substitutes, with modes that are fitted anew in a setting."""
    dataset, rows = Dataset(), described_of(system).rows("train")
    validation = usual.validation
    if setting == "table":
        rows = as_stored(dataset, system, rows)
        stored = np.stack(list(dataset.densities(validation.material_ids)))
        validation = replace(validation, densities=torch.from_numpy(stored))
    order = usual.modes.order
    spectra = torch.cat(
        [
            dataset_spectra(dataset, rows, order),
            learned_densities.iam_spectra(rows, order, system),
        ]
    )
    size = learned.sizes(spectra)
    count = min(params.modes.count, len(spectra) - 1)
    modes = fit_modes(spectra, size, count, params.seed)
    samples = some(usual.samples, np.arange(len(spectra)))
    coefficients = modes.coefficients(spectra, size)
    samples = replace(samples, coefficients=coefficients, log_size=size.log())
    return Taught(samples, validation, modes)


def as_stored(dataset: Dataset, system: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Descriptions of the training crystals with the settings of the table."""
    table = dataset.rows(system, "train")
    columns = ("lattice", "atomic_numbers", "frac_coords")
    return rows.assign(
        **{name: table[name].to_list() for name in columns},
        matrix=[np.eye(3).ravel()] * len(rows),
        shift=[np.zeros(3)] * len(rows),
    )


def described_of(system: str) -> learned.Described:
    """The crystals of the data set, described."""
    return learned.Described(Path(store.CANONICAL_CRYSTALS.format(system=system)))


def some(samples: Samples, places: Int[ndarray, " places"]) -> Samples:
    """Samples at some places."""
    index = torch.from_numpy(places)
    tensors = ("patterns", "formulas", "coefficients", "log_size", "dft")
    return replace(
        samples,
        peaks=[samples.peaks[place] for place in places.tolist()],
        **{name: getattr(samples, name)[index] for name in tensors},
    )
