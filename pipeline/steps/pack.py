"""Make of a trained network what comes with the project: weights, known structures, a card.

The ranking of guesses is fitted here, on validation crystals, and stands in the weights' header.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.files import sha256
from crystalnet.learning.modes.flaws import Peaks, flawed
from crystalnet.network.card import CardSettings, ModelCard, write_card
from crystalnet.network.modes.features import scale_free_spec
from crystalnet.network.modes.network import Kind
from crystalnet.network.modes.weights import load_modes, save_modes
from crystalnet.predicting.guesses import Guesser
from crystalnet.predicting.ranking import Ranking, features_of, fit_ranking, likeness
from crystalnet.retrieval.known import Known, load_known, save_known
from crystalnet.retrieval.prototypes import amounts_of
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import derived_seed
from crystalnet.settings import CrystalSystem
from pipeline import learned, learned_densities
from pipeline.crystal_tables import crystals_of
from pipeline.device import LICENCE, hardware
from pipeline.params import Params, load_params
from pipeline.sources import GAUSSIANS
from pipeline.steps import command
from pipeline.steps.described import volumes_of

# What a network was trained on.
DENSITIES_IAM = "independent-atom model (IAM)"
DENSITIES = f"{DENSITIES_IAM} and embedded DFT densities (PBE, GPAW)"

_GRID = 50


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
    save_modes(weights, network, {"composition_input": "baseline"}, torch.int8, kept)
    known = load_known(library)
    ranking, scores = ranked_on_validation(weights, known, described, params)
    notes = {
        "composition_input": "baseline",
        "system": system,
        "known_sha256": sha256(library),
        "ranking": json.dumps(ranking.weights),
    }
    save_modes(weights, network, notes, torch.int8, kept)
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


# What is seen of the guesses of one crystal, and the SSIM of each.
Seen = tuple[np.ndarray, np.ndarray]


def ranked_on_validation(
    weights: Path, known: Known, described: learned.Described, params: Params
) -> tuple[Ranking, dict[str, float]]:
    """The ranking, and what the network alone and the guess put first score on validation crystals.

    Beside perfect patterns stand those with the flaws of the training, in every one of them.
    """
    validation = described.rows("val")
    dft = learned_densities.DftSpectra(params.densities.electron_tolerance)
    kinds = {amounts_of(np.asarray(z, dtype=np.int64)) for z in validation["atomic_numbers"]}
    guesser = Guesser(load_modes(weights), known, kinds)
    rng = np.random.default_rng(derived_seed(params.seed, "flawed validation"))
    flaws = params.learned.training.flaws
    of_dft = dft.rows(validation)
    truths = learned_densities.iam_truth(validation, _GRID)
    peaks = learned.peaks(validation)
    measured = [flawed(each, flaws, rng) for each in peaks]
    found = {"iam": seen_of(guesser, "iam", validation, peaks, truths)}
    if len(of_dft):
        truths_of_dft = dft.truth(of_dft, _GRID)
        found["dft"] = seen_of(guesser, "dft", of_dft, learned.peaks(of_dft), truths_of_dft)
    found["iam_flawed"] = seen_of(guesser, "iam", validation, measured, truths)
    every = [seen for part in found.values() for seen in part]
    ranking = fit_ranking(
        np.concatenate([features for features, _ in every]),
        np.concatenate([ssim for _, ssim in every]),
    )
    scores: dict[str, float] = {}
    for name, part in found.items():
        chosen = [ssim[ranking.scores(features).argmax()] for features, ssim in part]
        scores[f"validation_{name}"] = round(float(np.mean(chosen)), 4)
        alone = float(np.mean([ssim[0] for _, ssim in part]))
        scores[f"validation_{name}_network_alone"] = round(alone, 4)
        best = float(np.mean([ssim.max() for _, ssim in part]))
        scores[f"validation_{name}_best"] = round(best, 4)
    return ranking, scores


def seen_of(
    guesser: Guesser,
    kind: Kind,
    rows: pd.DataFrame,
    peaks: Sequence[Peaks],
    truths: Float[torch.Tensor, "crystals x y z"],
) -> list[Seen]:
    """Features and SSIM of all guesses of each crystal."""
    found = []
    questions = zip(peaks, learned.amounts(rows), truths, strict=True)
    for (q, intensity), formula, truth in command.progress(questions, f"{kind} validation"):
        guesses = guesser.guesses(q, intensity, formula, _GRID, kind)
        stack = torch.stack([guess.density for guess in guesses])
        ssim = score_guesses(truth[None], stack[None], "none").ssim[0, :, 0]
        found.append((features_of(guesses, likeness(guesses)), ssim.double().numpy()))
    return found


if __name__ == "__main__":
    command.run(main)
