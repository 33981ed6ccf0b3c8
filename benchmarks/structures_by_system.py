"""How often structures are found in each crystal system, by what finds them.

    python -m benchmarks.structures_by_system --output rows.jsonl       40 of each system and size
    python -m benchmarks.structures_by_system --each 8 --by "charge flipping" --output rows.jsonl
    python -m benchmarks.structures_by_system --each 10 --lattice found --output rows.jsonl
    python -m benchmarks.structures_by_system --each 0 --output rows.jsonl         the tables alone

Test crystals of the embedded tables, which nothing was trained on, and no setting was tried on:
the first ten of each system and size in an older order are left out for that. Given are the
formula, the lattice with its centring (unless it is to be found), and a simulated Cu K-alpha
pattern of 5 to 120 degrees without the peaks below 0.5 %; neither the space group nor what is in
the cell. The edges of an orthorhombic lattice are in a random order. A structure is right if
pymatgen's StructureMatcher (ltol 0.2, stol 0.3, angle_tol 5) says so. Seconds are of the processor,
which other programs disturb least; 60 each. What the file of rows holds is not done again.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch

from benchmarks.decoding import DATA, matches
from benchmarks.flawed_patterns import CU_K_ALPHA, simulated
from benchmarks.indexing_cases import right as right_cell
from benchmarks.machine import machine
from benchmarks.row_file import RowFile
from benchmarks.solving import SOURCES
from benchmarks.structure_tables import SIZES, told
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import Budget
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattice.kinds.lattice_kind import CELL, Centring
from crystalnet.solving.lattices_to_try import densest
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.symmetry.contacts import too_near
from crystalnet.solving.symmetry.conventional import conventional_cell, space_group_of
from crystalnet.solving.symmetry.symmetrise import symmetrised, symmetry_of
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

SECONDS = 60.0
# Crystals of each system and size that settings were tried on, in the order of one seed; and the
# seed of the order of the others.
TRIED, ORDER = 10, 16
# Within how many A crystals are symmetric, as in the tables of structures.
SYMMETRIC = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=40, help="crystals of each system and size")
    parser.add_argument("--by", choices=list(SOURCES), nargs="+", default=["all"])
    parser.add_argument("--lattice", choices=["given", "found"], default="given")
    parser.add_argument("--systems", nargs="+", default=list(KINDS))
    parser.add_argument("--smallest", type=int, default=1, help="atoms of a primitive cell")
    parser.add_argument("--largest", type=int, default=40, help="and at most")
    parser.add_argument("--output", type=Path, help="rows, a line of JSON each")
    parser.add_argument("--markdown", action="store_true", help="tables as the documents have them")
    given = parser.parse_args()
    print(machine(torch.device("cpu")), end="\n\n")
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    rows = RowFile(given.output, ("material_id", "by", "lattice"))
    for system, crystal in unseen(given.systems, given.each, given.smallest, given.largest):
        for by in given.by:
            if not rows.has(crystal.material_id, by, given.lattice):
                row = solved(crystal, gaussians, by, given.lattice == "given")
                rows.add({"system": system, "by": by, "lattice": given.lattice, **row})
    print(told(rows.table, markdown=given.markdown))


def unseen(
    systems: list[str], each: int, smallest: int, largest: int
) -> Iterator[tuple[str, Crystal]]:
    """Test crystals of each system, small cells and then larger ones, the systems in turn."""
    test = embedded_crystals().query("split == 'test'")
    test = test.sort_values("material_id").sample(frac=1, random_state=1)
    for low, high in itertools.pairwise(SIZES):
        sized = test[test["nsites"].between(low + 1, high)]
        own = {
            system: sized[sized["crystal_system"] == system][TRIED:].sample(
                frac=1, random_state=ORDER
            )
            for system in systems
        }
        for number in range(each):
            for system in systems:
                row = own[system].iloc[number : number + 1]
                if row["nsites"].between(smallest, largest).any():
                    yield system, next(iter(crystals_of(row)))


def known_lattice(crystal: Crystal, generator: np.random.Generator) -> tuple[IndexedLattice, str]:
    """The lattice of a crystal as it is found when all goes well, and its space group's symbol."""
    even = symmetrised(crystal, SYMMETRIC) or crystal
    number, symbol = space_group_of(even)
    cell = conventional_cell(even, number)
    lengths, angles = np.array(cell.parameters[:3]), cell.parameters[3:]
    centring = cast(Centring, symbol[0])
    kind = next(each for each in KINDS.values() if number in each.groups)
    if kind.system == "orthorhombic":
        if centring == "A":
            lengths, centring = lengths[[1, 2, 0]], "C"
        order = generator.permutation(2 if centring == "C" else 3)
        lengths[: len(order)] = lengths[order]
    named = dict(zip(CELL, (*lengths.tolist(), *angles), strict=True))
    edges = kind.standard(centring, tuple(named[name] for name in kind.edges))
    every = conventional_lattices(kind.system, *edges)
    return next(each for each in every if each.centring == centring), symbol


def found_lattices(peaks: MeasuredPeaks, known: KnownComposition) -> list[IndexedLattice]:
    """What `crystalnet solve` tries where no lattice is given."""
    return densest(find_lattices(peaks, list(KINDS)), known)[: USUAL.lattices.tried]


def solved(
    crystal: Crystal, gaussians: ValenceGaussians, by: str, given: bool
) -> dict[str, object]:
    """What comes of one crystal."""
    lattice, symbol = known_lattice(crystal, np.random.default_rng(5))
    peaks = simulated(CU_K_ALPHA)(crystal, np.random.default_rng(2024))
    formula = crystal.to_structure().composition.reduced_formula
    known = KnownComposition.from_formula(formula)
    budget = Budget(SECONDS, clock=time.process_time)
    rank, rwp, reason, cell = None, np.nan, "", given
    try:
        lattices = [lattice] if given else found_lattices(peaks, known)
        cell = any(right_cell(each.primitive, crystal) for each in lattices)
        candidates = solve_peaks(peaks, known, lattices, gaussians, budget=budget, **SOURCES[by])
        right = [each.rank for each in candidates if matches(crystal, each.crystal)]
        rank, rwp = min(right, default=None), candidates[0].match.rwp
    except CrystalNetError as error:
        reason = str(error)
    return {
        "material_id": crystal.material_id,
        "formula": formula,
        "group": symbol,
        "atoms": len(crystal.atomic_numbers),
        "free": symmetry_of(crystal, SYMMETRIC).free_coordinates,
        "peaks": len(peaks.two_theta),
        "cell": cell,
        "rank": rank,
        "rwp": rwp,
        "truth": match_pattern(crystal, peaks).rwp,
        "near": too_near(crystal) or "",
        "volume": crystal.volume / len(crystal.atomic_numbers),
        "seconds": budget.spent,
        "reason": reason,
    }


if __name__ == "__main__":
    main()
