"""The measured patterns: whether lattice and structure are found, and what hurts.

    python -m benchmarks.measured_patterns --output rows.jsonl          formula given, 27 patterns
    python -m benchmarks.measured_patterns --known none --output rows.jsonl

Given are the pattern and the formula (or what `--known` says); a minute of the processor each. A
lattice is right if its Niggli cell is that of the mineral, lengths within 3 % and angles within 1.5
degrees (computed edges are off by 1 or 2 %); a structure, if pymatgen's StructureMatcher (ltol 0.2,
stol 0.3, angle_tol 5) says so. `foreign` is the share of the intensity of peaks that are no lines
of the lattice that is right. `truth` is Rwp of the atoms of the mineral in that lattice, as they
are known elsewhere: what texture, impurities, solid solution and the reading of the peaks leave.
What the file of rows holds is not done again.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pymatgen.core import Element, Lattice

from benchmarks.decoding import KINDS, knowledge, matches
from benchmarks.machine import machine
from benchmarks.minerals import FOLDER, Mineral, minerals
from benchmarks.row_file import RowFile
from benchmarks.structure_tables import shown
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import Budget
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.solution import Solution
from crystalnet.solving.solve import solve
from crystalnet.solving.symmetry.symmetrise import symmetry_of

SECONDS = 60.0
# Share and degrees that edges and angles of one lattice differ by; degrees of a peak from its line.
EDGES, ANGLES, PLACE = 0.03, 1.5, 0.15
COLUMNS = [
    "name", "formula", "atoms", "free", "peaks", "cell", "rank", "of", "rwp", "right", "from",
    "truth", "foreign", "seconds",
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--known", choices=KINDS, default="formula", help="of the composition")
    parser.add_argument("--output", type=Path, help="rows, a line of JSON each")
    parser.add_argument(
        "--markdown", action="store_true", help="the table as the documents have it"
    )
    given = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}; {given.known} known\n")
    rows = RowFile(given.output, ("pattern", "known"))
    for mineral in minerals():
        if not rows.has(mineral.file, given.known):
            rows.add(
                {"pattern": mineral.file, "known": given.known, **row_of(mineral, given.known)}
            )
    table = rows.table.query("known == @given.known").reindex(columns=COLUMNS)
    print(shown(told(table), markdown=given.markdown))
    lattice, first = int((table["cell"] == 0).sum()), int((table["rank"] == 1).sum())
    print(f"\n{len(table)} patterns: lattice right {lattice}, structure first {first}")


def row_of(mineral: Mineral, kind: str) -> dict[str, object]:
    """What comes of one pattern.

    Args:
        kind: what is told of the composition, as `benchmarks.decoding` names it.
    """
    known = knowledge(mineral.truth, kind, np.random.default_rng(2024))
    told: dict[str, Any] = {"formula": mineral.formula}
    if known.amounts is None:
        symbols = [Element.from_Z(z).symbol for z in known.elements]
        told = {"elements": symbols or None, "complete": known.complete}
    budget = Budget(SECONDS, clock=time.process_time)
    row: dict[str, object] = {
        "name": mineral.name,
        "formula": mineral.formula,
        "atoms": len(mineral.truth.atomic_numbers),
        "free": symmetry_of(mineral.truth, 0.1).free_coordinates,
    }
    try:
        solution = solve(
            FOLDER / mineral.file, wavelength=mineral.wavelength, **told, time_limit=budget
        )
    except CrystalNetError as error:
        return {**row, "seconds": budget.spent, "reason": str(error)}
    return {**row, **judged(solution, mineral.truth), "seconds": budget.spent}


def judged(solution: Solution, truth: Crystal) -> dict[str, object]:
    """A solution beside the truth."""
    peaks = solution.found.peaks
    settings = [in_lattice(truth, each) for each in solution.lattices]
    cell = next((place for place, found in enumerate(settings) if found), None)
    right = [each for each in solution.candidates if same(truth, each.crystal)]
    first = solution.candidates[0]
    best = right[0] if right else None
    row: dict[str, object] = {
        "peaks": len(peaks.two_theta),
        "cell": cell,
        "rank": best.rank if best else None,
        "of": len(solution.candidates),
        "rwp": first.match.rwp,
        "right": best.match.rwp if best else None,
        "from": (best.analogue_of or "found") if best else None,
    }
    if cell is not None:
        lattice = solution.lattices[cell]
        moved = peaks.shifted(lattice.zero_shift)
        row["truth"] = min(match_pattern(each, moved).rwp for each in settings[cell])
        row["foreign"] = foreign(settings[cell][0], moved)
    return row


def same(truth: Crystal, crystal: Crystal) -> bool:
    """Whether a crystal is the true one, hydrogen left aside where the truth has none."""
    heavy = crystal.atomic_numbers > 1
    if heavy.all() or (truth.atomic_numbers == 1).any():
        return matches(truth, crystal)
    return matches(
        truth,
        Crystal(
            "heavy", crystal.lattice, crystal.atomic_numbers[heavy], crystal.frac_coords[heavy]
        ),
    )


def in_lattice(truth: Crystal, lattice: IndexedLattice) -> list[Crystal]:
    """The true atoms in a measured lattice, in every way that it is the same; none if it is not."""
    measured = Lattice(lattice.primitive)
    if abs(measured.volume / truth.volume - 1) > 3 * EDGES:
        return []
    found = measured.find_all_mappings(
        Lattice(truth.lattice), ltol=EDGES, atol=ANGLES, skip_rotation_matrix=True
    )
    return [
        Crystal("truth", aligned.matrix, truth.atomic_numbers, truth.frac_coords)
        for aligned, _, _ in found
    ]


def foreign(truth: Crystal, peaks: MeasuredPeaks) -> float:
    """Share of the intensity of peaks that are no lines of a lattice."""
    bare = Crystal("lattice", truth.lattice, np.array([1]), np.zeros((1, 3)))
    first, last = peaks.two_theta_range
    lines = powder_pattern(bare, peaks.wavelength, (max(first - 1, 0.1), last + 1)).two_theta
    off = np.abs(peaks.two_theta[:, None] - lines).min(axis=1)
    return float(peaks.intensity[off > PLACE].sum() / peaks.intensity.sum())


def told(table: pd.DataFrame) -> pd.DataFrame:
    """The rows for a person to read."""

    def number(value: float, form: str = ".3f") -> str:
        return "-" if pd.isna(value) else format(value, form)

    places = {0.0: "first", 1.0: "second", 2.0: "third"}
    return pd.DataFrame(
        {
            "mineral": table["name"] + ", " + table["formula"],
            "atoms": table["atoms"],
            "free": table["free"],
            "peaks": table["peaks"].map(lambda n: number(n, ".0f")),
            "lattice": [
                "none" if pd.isna(rwp) else places.get(cell, "another")
                for cell, rwp in zip(table["cell"], table["rwp"], strict=True)
            ],
            "rank / candidates": [
                f"{number(rank, '.0f')} / {number(of, '.0f')}"
                for rank, of in zip(table["rank"], table["of"], strict=True)
            ],
            "Rwp of first": table["rwp"].map(number),
            "of right": table["right"].map(number),
            "of truth": table["truth"].map(number),
            "foreign": table["foreign"].map(lambda share: number(share, ".0%")),
            "from": table["from"].fillna("-"),
            "seconds": table["seconds"].map(lambda s: number(s, ".0f")),
        }
    )


if __name__ == "__main__":
    main()
