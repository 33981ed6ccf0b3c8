"""What each input of the learned networks is worth: networks trained alike, told more or less.

    python -m pipeline.steps.learn --system cubic --input no_pattern ...   # for each input
    python -m benchmarks.learned_inputs --system cubic --described FOLDER/described.parquet \
        --weights baseline=... no_pattern=...

One guess of the network alone, as it comes, at 50^3 on all test crystals, and the difference from
the baseline over pairs of the same crystal with its 95 % bootstrap interval. Each system is put
into docs/learned_inputs.json.
"""

import argparse
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import torch

from benchmarks.machine import machine
from crystalnet.files import atomic_write
from crystalnet.learning.modes.samples import Samples
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.network.modes.weights import load_modes
from crystalnet.scoring.ssim import score_guesses
from crystalnet.scoring.summary import summarise
from crystalnet.settings_modes import ModesInput
from pipeline import learned, learned_densities
from pipeline.params import load_params

RESULTS = Path("docs/learned_inputs.json")
GRID = 50
_CRYSTALS_AT_ONCE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--system", required=True)
    parser.add_argument("--described", type=Path, required=True)
    parser.add_argument("--weights", nargs="+", required=True, metavar="INPUT=FILE")
    parser.add_argument("--note", required=True, help="how they were trained, for the table")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    networks: dict[ModesInput, ModesNet] = {}
    for pair in arguments.weights:
        told, _, path = pair.partition("=")
        if told not in get_args(ModesInput):
            parser.error(f"{told!r} is none of {get_args(ModesInput)}")
        networks[told] = load_modes(path)
    params = load_params()
    dft = learned_densities.DftSpectra(params.densities.electron_tolerance)
    test = learned.Described(arguments.described).rows("test")
    sets: dict[Kind, pd.DataFrame] = {"iam": test, "dft": dft.rows(test)}
    found: dict[str, Any] = {"training": arguments.note, "machine": machine()}
    for kind, rows in sets.items():
        if rows.empty:
            continue
        truth = learned_densities.iam_truth(rows, GRID) if kind == "iam" else dft.truth(rows, GRID)
        scores = {
            told: ssim_of(network, rows, truth, told, kind, params.seed)
            for told, network in networks.items()
        }
        found[kind] = {"crystals": len(rows), **compared(scores, params.seed)}
        print(arguments.system, kind, json.dumps(found[kind]), flush=True)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    with atomic_write(RESULTS) as partial:
        text = json.dumps(known | {arguments.system: found}, indent=1)
        partial.write_text(text + "\n", encoding="utf-8")


def ssim_of(
    network: ModesNet,
    rows: pd.DataFrame,
    truth: torch.Tensor,
    told: ModesInput,
    kind: Kind,
    seed: int,
) -> np.ndarray:
    """SSIM of one guess of each crystal."""
    nothing = torch.zeros(len(rows), network.modes.count)
    every = Samples.of(
        learned.peaks(rows), learned.formulas(rows), nothing, torch.ones(len(rows)), kind == "dft"
    )
    inputs = learned.told(every, rows["material_id"].tolist(), told, seed)
    scores = []
    for first in range(0, len(truth), _CRYSTALS_AT_ONCE):
        some = slice(first, first + _CRYSTALS_AT_ONCE)
        made = network.predict(inputs.patterns[some], inputs.formulas[some], GRID, 1, kind=kind)
        scores.append(score_guesses(truth[some], made, "none").ssim[:, 0, 0])
    found: np.ndarray = torch.cat(scores).double().numpy()
    return found


def compared(scores: dict[ModesInput, np.ndarray], seed: int) -> dict[str, Any]:
    """Means, and what is lost against the baseline, with intervals."""
    found: dict[str, Any] = {}
    for told, of_input in scores.items():
        found[told] = {"ssim": round(float(of_input.mean()), 4)}
        if told != "baseline" and "baseline" in scores:
            lost = summarise({"ssim": scores["baseline"] - of_input}, seed)["ssim"]
            found[told]["worth"] = [
                round(float(lost[name] or 0.0), 4) for name in ("mean", "mean_low", "mean_high")
            ]
    return found


if __name__ == "__main__":
    main()
