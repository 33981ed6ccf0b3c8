"""How long one guess of one crystal takes: 50 x 50 x 50 points, from lines and a formula.

    python -m benchmarks.one_guess

The networks that come with the project, on one thread, and the paper's network at full size with
random weights beside them. Weights are loaded before; making the input of the lines is part of it.
Medians of the time on the clock and of the time of the processor, which other work on the machine
leaves alone.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.machine import machine
from benchmarks.training_step import PAPER
from crystalnet.crystallography.composition import molar_fractions
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.modes.features import scale_free_pattern
from crystalnet.network.modes.network import ModesNet
from crystalnet.network.modes.weights import load_modes
from pipeline import store

GRID = 50
BINS = 1024
REPEATS, PAPER_REPEATS = 41, 3


def main() -> None:
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    print(machine(), flush=True)
    rng = np.random.default_rng(0)
    # As many lines as an oxide has to 55 degrees of Mo K-alpha.
    q, intensity = np.sort(rng.uniform(0.2, 1.3, 60)), rng.uniform(1, 100, 60)
    fractions = torch.from_numpy(molar_fractions(np.array([56, 22, 8, 8, 8])).astype(np.float32))
    for system in store.LEARNED_SYSTEMS:
        network = load_modes(store.LEARNED_WEIGHTS.format(system=system))

        def guess(network: ModesNet = network) -> None:
            pattern = torch.from_numpy(scale_free_pattern(q, intensity))[None]
            network.predict(pattern, fractions[None], GRID, 1, kind="iam")

        print(f"{system}: {said(guess, REPEATS)}", flush=True)
    paper = CrystalNet(PAPER, BINS, with_formula=True)
    pattern, generator = torch.rand(1, BINS), torch.Generator().manual_seed(0)
    of_paper = said(
        lambda: paper.predict(pattern, fractions[None], GRID, 1, generator), PAPER_REPEATS
    )
    print(f"the paper's network: {of_paper}")


def said(work: Callable[[], object], repeats: int) -> str:
    """Medians of some runs behind the first."""
    clock, processor = [], []
    for _ in range(repeats + 1):
        started = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - started[0])
        processor.append(time.process_time() - started[1])
    return (
        f"{1000 * np.median(clock[1:]):.1f} ms on the clock, "
        f"{1000 * np.median(processor[1:]):.1f} ms of one core"
    )


if __name__ == "__main__":
    main()
