"""Make of a trained network what comes with the project: weights, known structures, a card.

The ranking of guesses is fitted here, on validation crystals, and stands in the weights' header.
"""

import argparse
import json
from pathlib import Path
from typing import get_args

import torch

from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.files import sha256
from crystalnet.network.card import CardSettings, ModelCard, write_card
from crystalnet.network.modes.features import scale_free_spec
from crystalnet.network.modes.notes import change_notes
from crystalnet.network.modes.weights import load_modes, save_modes
from crystalnet.retrieval.known import Known, save_known
from crystalnet.settings import CrystalSystem
from pipeline import learned
from pipeline.crystal_tables import crystals_of
from pipeline.device import LICENCE, hardware
from pipeline.params import load_params
from pipeline.sources import GAUSSIANS
from pipeline.steps import command
from pipeline.steps.described import volumes_of
from pipeline.steps.rank import note_of, ranked_on_validation

# What a network was trained on.
DENSITIES_IAM = "independent-atom model (IAM)"
DENSITIES = f"{DENSITIES_IAM} and embedded DFT densities (PBE, GPAW)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True, choices=get_args(CrystalSystem))
    parser.add_argument("--described", type=Path, required=True)
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="SYSTEM.safetensors, ...")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    params = load_params()
    system = arguments.system
    described = learned.Described(arguments.described)
    training = crystals_of(described.rows("train"))
    weights, library, card = (
        arguments.folder / f"{system}{suffix}" for suffix in (".safetensors", ".npz", ".yaml")
    )
    gaussians = ValenceGaussians.load(GAUSSIANS)
    save_known(library, Known(system, training, volumes_of(training), gaussians))
    network = load_modes(arguments.trained)
    kept = params.learned.packed_numbers[system]
    notes = {
        "composition_input": "baseline",
        "system": system,
        "known_sha256": sha256(library),
    }
    save_modes(weights, network, notes, torch.int8, kept)
    ranking, scores = ranked_on_validation(weights, library, described.rows("val"), params)
    change_notes(weights, note_of(ranking))
    report = json.loads(arguments.trained.with_suffix(".json").read_text())
    spec = scale_free_spec(params.patterns.wavelength, params.learned.last_two_theta)
    write_card(
        card,
        ModelCard(
            name=f"{system}-learned",
            system=system,
            composition_input="baseline",
            pattern_input="realistic",
            pattern=spec,
            density_source=DENSITIES if "validation_dft" in scores else DENSITIES_IAM,
            data_sha256=sha256(arguments.described),
            weights_sha256=sha256(weights),
            parameters=network.parameter_count,
            settings=CardSettings(
                network=network.settings,
                training=params.learned.training_of(system),
                seed=params.seed,
            ),
            hardware=hardware("cpu", 1),
            seconds=report["seconds"],
            epochs=report["epochs"],
            best_validation_ssim=scores["validation_iam"],
            licence=LICENCE,
            scores=scores,
        ),
    )
    print(f"{system}: {scores}")


if __name__ == "__main__":
    command.run(main)
