"""Powder patterns: crystalnet's powder_pattern beside pymatgen's XRDCalculator, in one run.

    OMP_NUM_THREADS=1 python -m benchmarks.patterns

Mo K-alpha, 0 to 180 degrees 2-theta, on embedded Materials Project cells: as stored, where rounding
of the lattice leaves most reflections to themselves, and symmetrised, where equal |hkl| are equal.
Median CPU time of each, which other programs on the machine disturb least. pymatgen labels every
peak with its hkl families; crystalnet does so on request: the columns "with families" include it.
Takes about a minute.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pymatgen.core
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from benchmarks.machine import machine
from crystalnet.crystallography.binning import bin_pattern
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, powder_pattern

CRYSTALS = {
    "CsCl": "mp-22865",
    "spinel MgAl2O4": "mp-3536",
    "bixbyite In2O3": "mp-22598",
    "garnet Y3Al5O12": "mp-3050",
}
Result = TypeVar("Result")

PYMATGEN_REPEATS = 2
REPEATS = 100


def main() -> None:
    print(f"{machine()}, pymatgen {pymatgen.core.__version__}")
    print(
        f"\n{'crystal':16} {'atoms':>5} {'peaks':>6} {'pymatgen':>9} {'crystalnet':>10} "
        f"{'ratio':>6} {'with families':>14} {'ratio':>6}   max |d 2theta|, |d I| of 100, |d bin|"
    )
    table = pd.read_parquet(Path(__file__).parents[1] / "data" / "structures.parquet")
    table = table.set_index("material_id")
    for name, material_id in CRYSTALS.items():
        row = table.loc[material_id]
        crystal = Crystal(
            material_id,
            np.array(row.lattice, dtype=np.float64).reshape(3, 3),
            np.array(row.atomic_numbers, dtype=np.int64),
            np.array(row.frac_coords, dtype=np.float64).reshape(-1, 3),
        )
        compare(name, crystal)
        symmetric = SpacegroupAnalyzer(crystal.to_structure(), 0.1)
        primitive = symmetric.get_primitive_standard_structure()
        compare("  symmetrised", Crystal.from_structure(primitive, material_id))


def compare(name: str, crystal: Crystal) -> None:
    """Time both on one crystal and print a line."""
    structure = crystal.to_structure()
    calculator = XRDCalculator(MO_K_ALPHA)
    theirs, slow = median(
        lambda: calculator.get_pattern(structure, two_theta_range=(0, 180)), PYMATGEN_REPEATS
    )
    ours, fast = median(lambda: powder_pattern(crystal), REPEATS)
    _, labelled = median(lambda: powder_pattern(crystal).families, REPEATS)
    if len(ours.two_theta) != len(theirs.x):
        raise SystemExit(f"{name}: {len(ours.two_theta)} peaks, pymatgen has {len(theirs.x)}")
    differences = (
        np.abs(ours.two_theta - theirs.x).max(),
        np.abs(ours.intensity - theirs.y).max(),
        np.abs(bin_pattern(ours) - bin_pattern((theirs.x, theirs.y))).max(),
    )
    print(
        f"{name:16} {len(crystal.atomic_numbers):5} {len(theirs.x):6} {slow * 1e3:6.0f} ms "
        f"{fast * 1e3:7.2f} ms {slow / fast:6.0f} "
        f"{labelled * 1e3:11.2f} ms {slow / labelled:6.0f}   "
        + ", ".join(f"{difference:.0e}" for difference in differences)
    )


def median(work: Callable[[], Result], repeats: int) -> tuple[Result, float]:
    """A result of some runs, and the median of their CPU seconds."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return result, statistics.median(seconds)


if __name__ == "__main__":
    main()
