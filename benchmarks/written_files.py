"""Every structure.cif of a run, read back by pymatgen and gemmi.

    python -m benchmarks.written_files [--every 4]
    python -m benchmarks.written_files quartz-solved halite-solved

Without folders, `crystalnet solve` writes them: from simulated patterns of test crystals that have
a DFT density, the formula and the conventional lattice constants given. A file is refused if a
program raises an error, and read alike if both find as many atoms in the cell; atoms coincide if
two are within 0.1 A, and are near if they are within 0.75 of the sum of their covalent radii.
"""

import argparse
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import gemmi
import numpy as np
import pandas as pd
import torch
from pymatgen.core import Structure

from benchmarks.flawed_patterns import simulated
from benchmarks.machine import machine
from benchmarks.unseen_crystals import lattice_of, unseen_crystals
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.candidate import TEMPLATES
from crystalnet.solving.output import write_all
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.symmetry.contacts import too_near

COINCIDE = 0.1
COUNTED = (
    "runs", "files", "refused by gemmi", "refused by pymatgen", "read alike", "atoms coincide",
    "atoms near",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="made by crystalnet solve")
    parser.add_argument("--every", type=int, default=4, help="take every n-th crystal")
    arguments = parser.parse_args()
    print(machine(torch.device("cpu")))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        folders = arguments.folders or solved(Path(made), arguments.every)
        counts = Counter(dict.fromkeys(COUNTED, 0))
        for folder in folders:
            counts.update(read_back(folder))
    print(pd.Series(counts).to_string())
    print(f"{time.monotonic() - started:.0f} s")


def solved(folder: Path, every: int) -> Iterable[Path]:
    """A folder for each crystal that gives candidates."""
    gaussians = ValenceGaussians.load(TEMPLATES)
    generator = np.random.default_rng(2024)
    for number, (crystal, system, _) in enumerate(unseen_crystals(dft=True)[::every]):
        peaks = simulated()(crystal, generator)
        known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
        lattices = lattice_of(crystal, system, peaks)
        try:
            found = solve_peaks(peaks, known, lattices, gaussians)
        except CrystalNetError as error:
            print(f"{crystal.material_id}: {error}")
            continue
        write_all(folder / str(number), found, peaks, {})
        yield folder / str(number)


def read_back(folder: Path) -> Counter[str]:
    """What became of the files of a run."""
    counts = Counter({"runs": 1})
    for path in sorted(folder.rglob("structure.cif")):
        counts["files"] += 1
        sites = None
        try:
            sites = len(gemmi.read_small_structure(str(path)).get_all_unit_cell_sites())
        except (RuntimeError, ValueError):
            counts["refused by gemmi"] += 1
        try:
            with warnings.catch_warnings():
                # It says so whenever a coordinate is a third.
                warnings.simplefilter("ignore")
                structure = Structure.from_file(path)
        except ValueError:
            counts["refused by pymatgen"] += 1
            continue
        distance = structure.get_neighbor_list(COINCIDE)[3]
        counts["read alike"] += sites == len(structure)
        counts["atoms coincide"] += len(distance) > 0
        counts["atoms near"] += too_near(Crystal.from_structure(structure)) is not None
    return counts


if __name__ == "__main__":
    main()
