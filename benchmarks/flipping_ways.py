"""What a composition's heights and a network's density to start from are worth to charge flipping.

    python -m benchmarks.flipping_ways --output rows.jsonl

Two maps of each crystal by charge flipping alone: from random phases; from the same phases, with
overlapping lines shared out as a map of the composition's heights has them; and from the phases of
the first two guesses of the network that comes along for the crystal system. Given are the
composition, the lattice and a simulated Cu K-alpha pattern of 5 to 120 degrees; right as in
`benchmarks.structures_by_system`. Validation crystals of 8 to 24 atoms: settings may be chosen by
them. What the file of rows holds is not done again.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Complex, Float
from numpy import ndarray
from pymatgen.core import Lattice

from benchmarks.decoding import matches
from benchmarks.flawed_patterns import CU_K_ALPHA, simulated
from benchmarks.machine import machine
from benchmarks.row_file import RowFile
from benchmarks.structure_tables import shown
from benchmarks.structures_by_system import known_lattice
from crystalnet.crystallography.canonical import canonical_crystal
from crystalnet.crystallography.crystal import Crystal
from crystalnet.predicting.learned import loaded
from crystalnet.retrieval.prototypes import amounts_of, atoms_of
from crystalnet.solving.budget import Budget
from crystalnet.solving.flipping.flip import Start, at_random
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

SYSTEMS = ("trigonal", "tetragonal", "orthorhombic", "monoclinic", "triclinic")
WAYS = ("random", "heights", "network")
ATOMS, MAPS, SECONDS, GRID = (8, 24), 2, 20.0, 48
HEIGHTS = replace(USUAL, flipping=replace(USUAL.flipping, heights=1.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=8, help="crystals of each system")
    parser.add_argument("--seeds", type=int, default=1, help="of random phases")
    parser.add_argument("--output", type=Path, help="rows, a line of JSON each")
    given = parser.parse_args()
    print(machine(torch.device("cpu")), end="\n\n")
    rows = RowFile(given.output, ("material_id", "way", "seed"))
    for system, crystal in validation(given.each):
        for way, seed in itertools.product(WAYS, range(given.seeds)):
            if not rows.has(crystal.material_id, way, seed) and (way != "network" or not seed):
                rows.add({"system": system, "seed": seed, **tried(system, crystal, way, seed)})
    table = rows.table
    table["right"] = table["right"].astype(bool)
    shares = table.groupby("way").agg(
        pairs=("right", "size"), right=("right", "sum"), seconds=("seconds", "median")
    )
    print(shown(shares.reindex(WAYS).reset_index(), markdown=False))
    paired = table.pivot(index=["material_id", "seed"], columns="way", values="right")
    for way in WAYS[1:]:
        print(f"\n{way} beside random, of the same crystals and seeds:")
        print(pd.crosstab(paired["random"], paired[way]))


def validation(each: int) -> Iterator[tuple[str, Crystal]]:
    """Validation crystals, the systems in turn."""
    table = embedded_crystals().query("split == 'val'").sort_values("material_id")
    table = table[table["nsites"].between(*ATOMS)].sample(frac=1, random_state=3)
    for number, system in itertools.product(range(each), SYSTEMS):
        own = table[table["crystal_system"] == system]
        yield system, next(iter(crystals_of(own.iloc[number : number + 1])))


def tried(system: str, crystal: Crystal, way: str, seed: int) -> dict[str, object]:
    """Whether one crystal is found one way."""
    lattice, _ = known_lattice(crystal, np.random.default_rng(5))
    peaks = simulated(CU_K_ALPHA)(crystal, np.random.default_rng(2024))
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    content = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    start: Start = at_random
    if way == "network":
        start = guessed(system, crystal, content, peaks, lattice.primitive)
    budget = Budget(SECONDS, clock=time.process_time)
    found = flipped_structures(
        peaks,
        [content],
        lattice,
        maps=MAPS,
        seed=seed,
        start=start,
        budget=budget,
        settings=HEIGHTS if way == "heights" else USUAL,
    )
    right = any(matches(crystal, each) for each in found)
    return {
        "material_id": crystal.material_id,
        "way": way,
        "right": right,
        "seconds": budget.spent,
    }


def guessed(
    system: str,
    crystal: Crystal,
    content: dict[int, int],
    peaks: MeasuredPeaks,
    primitive: Float[ndarray, "3 3"],
) -> Start:
    """Phases of the network's guesses, one after the other; random ones beyond their reach.

    The network guesses in the canonical cell of the crystal: its edges are all that is taken of it.
    """
    model = loaded(system, amounts_of(atoms_of(content)))
    q = 2 * np.sin(np.radians(peaks.two_theta / 2)) / peaks.wavelength
    made = model.guesser.guesses(q, peaks.intensity, content, GRID, "iam")
    densities = itertools.cycle(
        [each.density.double().numpy() for each in made if each.origin == "network"][:MAPS]
    )
    canonical = canonical_crystal(crystal, model.known.gaussians.valence).lattice
    alike = Lattice(primitive).find_mapping(Lattice(canonical), ltol=2e-3, atol=0.2)
    if alike is None:
        raise RuntimeError(f"{crystal.material_id}: the canonical cell is of another lattice")
    turn = np.rint(alike[2]).astype(np.int64)

    def start(reflections: Reflections, generator: np.random.Generator) -> Complex[ndarray, " hkl"]:
        hkl = reflections.hkl @ turn.T
        near = (np.abs(hkl) < GRID // 2).all(axis=1)
        seen = np.fft.ifftn(next(densities))[tuple((hkl % GRID).T)]
        return np.where(near, seen, at_random(reflections, generator))

    return start


if __name__ == "__main__":
    main()
