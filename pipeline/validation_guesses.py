"""What is seen of all guesses of the validation crystals, for the ranking to be fitted to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from crystalnet.learning.modes.flaws import Peaks, flawed
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.predicting.guesses import Guesser
from crystalnet.predicting.ranking import distinct, features_of
from crystalnet.predicting.ranking_fit import Seen
from crystalnet.retrieval.known import Known
from crystalnet.retrieval.prototypes import amounts_of
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import derived_seed
from pipeline import learned, learned_densities
from pipeline.params import Params
from pipeline.steps import command

_GRID = 50


def seen_on_validation(
    network: ModesNet, known: Known, validation: pd.DataFrame, params: Params
) -> dict[str, list[Seen]]:
    """Features and SSIM of the guesses, by kind of density and pattern.

    Beside perfect patterns (`iam`, `dft`) stand those with the flaws of the training, in every one
    of them (`iam_flawed`).
    """
    dft = learned_densities.DftSpectra(params.densities.electron_tolerance)
    kinds = {amounts_of(np.asarray(z, dtype=np.int64)) for z in validation["atomic_numbers"]}
    guesser = Guesser(network, known, kinds)
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
    return found


def seen_of(
    guesser: Guesser,
    kind: Kind,
    rows: pd.DataFrame,
    peaks: Sequence[Peaks],
    truths: Float[torch.Tensor, "crystals x y z"],
) -> list[Seen]:
    """Features and SSIM of all guesses of each crystal."""
    found = []
    ids = rows["material_id"].tolist()
    questions = zip(ids, peaks, learned.amounts(rows), truths, strict=True)
    for name, (q, intensity), formula, truth in command.progress(questions, f"{kind} validation"):
        guesses, alike = distinct(guesser.guesses(q, intensity, formula, _GRID, kind))
        stack = torch.stack([guess.density for guess in guesses])
        ssim = score_guesses(truth[None], stack[None], "none").ssim[0, :, 0]
        features = features_of(guesses, alike)
        found.append(Seen(name, features, ssim.double().numpy()))
    return found
