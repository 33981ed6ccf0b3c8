"""The crystals of one system as the architecture `modes` is trained on them, and its density modes.

Crystals of the data set in canonical settings with the lines of their patterns, substitutes of the
training ones, and the coefficients of the density modes of all that is trained on. The modes are
fitted to training crystals and substitutes alone.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from crystalnet.crystallography.spectrum import spectrum_of
from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from crystalnet.network.modes.density_modes import fit_modes
from crystalnet.seeds import derived_seed
from pipeline import learned, learned_densities
from pipeline.dataset import Dataset
from pipeline.params import load_params
from pipeline.scores import write_metrics
from pipeline.steps import command
from pipeline.steps.described import described_rows, substituted
from pipeline.steps.modes import ceiling
from pipeline.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True)
    parser.add_argument("--crystals", type=Path, required=True, help="their descriptions")
    parser.add_argument("--modes", type=Path, required=True, help="modes, and coefficients")
    parser.add_argument("--metrics", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    params = load_params()
    settings, system = params.modes, arguments.system
    dataset = Dataset()
    wavelength, last = params.patterns.wavelength, settings.last_two_theta
    rows = described_rows(dataset.rows(system), wavelength, last)
    seed = derived_seed(params.seed, "dataset substitutes", system)
    made = substituted(rows, settings.substitutes, wavelength, last, seed)
    training, validation = (rows[rows["split"] == split] for split in ("train", "val"))
    # What is learnt from free atoms beside the densities of the data set, if these are others.
    free = made if dataset.density_source == "iam" else pd.concat([training, made])
    spectra = dataset_spectra(dataset, training, settings.order)
    if len(free):
        taught = learned_densities.iam_spectra(free, settings.order, f"{system}, free atoms")
        spectra = torch.cat([spectra, taught])
    size = learned.sizes(spectra)
    if len(spectra) < 2:
        raise CrystalNetError(
            f"{system}: {len(training)} training crystals; density modes want two at least"
        )
    # As many modes as crystals would be no summary of them.
    count = min(settings.count, len(spectra) - 1)
    modes = fit_modes(spectra, size, count, derived_seed(params.seed, "dataset modes", system))
    coefficients = modes.coefficients(spectra, size)
    tensors = {"real": modes.real, "imaginary": modes.imaginary, "scale": modes.scale}
    tensors |= {
        "train": coefficients[: len(training)],
        "train-size": size[: len(training)],
        "free": coefficients[len(training) :],
        "free-size": size[len(training) :],
    }
    write_table(arguments.crystals, pd.concat([rows, made]), {"system": system})
    with atomic_write(arguments.modes) as partial:
        save_file({name: value.contiguous() for name, value in tensors.items()}, partial)
    found = dataset_spectra(dataset, validation, settings.order)
    size = learned.sizes(found)
    truth = learned.canonical_densities(
        dataset.densities(validation["material_id"]), validation, dataset.grid
    )
    score = ceiling(modes, truth, modes.coefficients(found, size), size)
    write_metrics(
        arguments.metrics,
        {
            "density_source": dataset.density_source,
            "modes": modes.count,
            "order": modes.order,
            "crystals": len(training),
            "free_atoms": len(free),
            "validation_ssim": score,
        },
    )
    print(
        f"{system}: {modes.count} modes of {len(training)} crystals and {len(made)} substitutes: "
        f"SSIM {score:.4f} on validation crystals"
    )


def dataset_spectra(dataset: Dataset, rows: pd.DataFrame, order: int) -> torch.Tensor:
    """Fourier coefficients of the data set's densities up to an order, e/A^3."""
    pairs = learned.canonical_coefficients(dataset.densities(rows["material_id"]), rows)
    return torch.from_numpy(np.stack([spectrum_of(*pair, order) for pair in pairs]))


if __name__ == "__main__":
    command.run(main)
