"""Fit the ranking of guesses to validation crystals and put it into a network's weights.

Nothing else of the weights is changed. That of the networks that come with the project is fitted
anew with `--folder crystalnet/predicting/weights`.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import torch

from crystalnet.files import sha256
from crystalnet.network.card import read_card, write_card
from crystalnet.network.modes.notes import change_notes
from crystalnet.network.modes.weights import load_modes
from crystalnet.predicting.ranking import Ranking
from crystalnet.predicting.ranking_fit import Seen, fit_ranking
from crystalnet.retrieval.known import load_known
from crystalnet.settings import CrystalSystem
from pipeline import learned
from pipeline.crystal_tables import CRYSTAL_COLUMNS
from pipeline.params import Params, load_params
from pipeline.sources import structures_file
from pipeline.steps import command
from pipeline.steps.described import described_rows
from pipeline.tables import read_table
from pipeline.validation_guesses import seen_on_validation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True, choices=get_args(CrystalSystem))
    parser.add_argument("--described", type=Path, help="else validation crystals are described")
    parser.add_argument("--folder", type=Path, required=True, help="SYSTEM.safetensors, ...")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    weights, library, card = (
        arguments.folder / f"{arguments.system}{suffix}"
        for suffix in (".safetensors", ".npz", ".yaml")
    )
    before = read_card(card, weights)
    params = load_params()
    rows = (
        learned.Described(arguments.described).rows("val")
        if arguments.described
        else validation_rows(arguments.system, params)
    )
    ranking, scores = ranked_on_validation(weights, library, rows, params)
    change_notes(weights, note_of(ranking))
    changed = {
        "weights_sha256": sha256(weights),
        "best_validation_ssim": scores["validation_iam"],
        "scores": scores,
    }
    write_card(card, before.model_copy(update=changed))
    print(f"{arguments.system}: {scores}")


def validation_rows(system: str, params: Params) -> pd.DataFrame:
    """The validation crystals of a system, as `pipeline.steps.described` has them."""
    table = read_table(structures_file(system), CRYSTAL_COLUMNS)
    table = table[(table["crystal_system"] == system) & (table["split"] == "val")]
    return described_rows(table, params.patterns.wavelength, params.learned.last_two_theta)


def ranked_on_validation(
    weights: Path, library: Path, validation: pd.DataFrame, params: Params
) -> tuple[Ranking, dict[str, float]]:
    """The ranking, and what the network alone and the guess put first score on validation crystals.

    Beside perfect patterns stand those with the flaws of the training, in every one of them.
    """
    found = seen_on_validation(load_modes(weights), load_known(library), validation, params)
    ranking = fit_ranking([seen for part in found.values() for seen in part])
    return ranking, on_validation(ranking, found)


def on_validation(ranking: Ranking, found: Mapping[str, Sequence[Seen]]) -> dict[str, float]:
    """What the guess put first, the network alone and the best of all score."""
    scores: dict[str, float] = {}
    for name, part in found.items():
        chosen = [each.ssim[ranking.scores(each.features).argmax()] for each in part]
        scores[f"validation_{name}"] = round(float(np.mean(chosen)), 4)
        alone = float(np.mean([each.ssim[0] for each in part]))
        scores[f"validation_{name}_network_alone"] = round(alone, 4)
        best = float(np.mean([each.ssim.max() for each in part]))
        scores[f"validation_{name}_best"] = round(best, 4)
    return scores


def note_of(ranking: Ranking) -> dict[str, str]:
    """A ranking as it stands in the header of weights."""
    return {"ranking": json.dumps(ranking.weights)}


if __name__ == "__main__":
    command.run(main)
