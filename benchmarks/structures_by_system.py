"""How often structures are found in each crystal system, by what finds them.

    python -m benchmarks.structures_by_system                 40 crystals of each system
    python -m benchmarks.structures_by_system --each 8 --only "charge flipping"

Test crystals of the embedded tables, which nothing was trained on. Given are the formula, the
lattice with its centring, and a simulated Cu K-alpha pattern of 5 to 120 degrees without the peaks
below 0.5 %; neither the space group nor what is in the cell. The edges of an orthorhombic lattice
are in a random order. A structure is right if pymatgen's StructureMatcher (ltol 0.2, stol 0.3,
angle_tol 5) says so. Seconds are of the processor, which other programs disturb least; 60 each.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmarks.decoding import DATA, matches
from benchmarks.flawed_patterns import CU_K_ALPHA, simulated
from benchmarks.machine import machine
from benchmarks.solving import SOURCES
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import Budget
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattice.kinds.lattice_kind import CELL
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.symmetry.conventional import conventional_cell, space_group_of
from crystalnet.solving.symmetry.symmetrise import symmetrised, symmetry_of
from pipeline.crystal_tables import crystals_of

SECONDS = 60.0
# Atoms of the primitive cell, and free coordinates beyond the origin.
SIZES, FREE = (0, 20, 40), (-1, 2, 5, 10, 20, 40, 120)
# Within how many A crystals are symmetric, as in the tables of structures.
SYMMETRIC = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=40, help="crystals of each system and size")
    parser.add_argument("--skip", type=int, default=0, help="of each, crystals to leave out first")
    parser.add_argument("--only", choices=list(SOURCES), help="one source alone")
    parser.add_argument("--systems", nargs="+", default=list(KINDS))
    parser.add_argument("--smallest", type=int, default=1, help="atoms of a primitive cell")
    parser.add_argument("--largest", type=int, default=40, help="and at most")
    parser.add_argument("--output", type=Path, help="table of results, CSV")
    parser.add_argument("--markdown", action="store_true", help="tables as the documents have them")
    arguments = parser.parse_args()
    print(machine(torch.device("cpu")), end="\n\n")
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    rows = []
    for system, crystal in unseen(
        arguments.systems, arguments.each, arguments.skip, arguments.smallest, arguments.largest
    ):
        rows.append({"system": system, **solved(crystal, gaussians, arguments.only or "all")})
        if arguments.output:
            pd.DataFrame(rows).to_csv(arguments.output, index=False)
    table = pd.DataFrame(rows)
    table["size"] = pd.cut(table["atoms"], SIZES).astype(str)
    table["free coordinates"] = pd.cut(table["free"], FREE).astype(str)
    for by in (["size", "system"], ["size", "free coordinates"], ["size"]):
        found = shares(table, by)
        print(
            found.to_markdown(index=False) if arguments.markdown else found.to_string(index=False),
            end="\n\n",
        )


def unseen(
    systems: list[str], each: int, skip: int, smallest: int, largest: int
) -> Iterator[tuple[str, Crystal]]:
    """Test crystals of each system, small cells and then larger ones, system by system."""
    tables = [
        pd.read_parquet(DATA / name)
        for name in ("structures.parquet", "structures_five_systems.parquet")
    ]
    test = pd.concat(table[table["split"] == "test"] for table in tables)
    test = test.sort_values("material_id").sample(frac=1, random_state=1)
    for low, high in itertools.pairwise(SIZES):
        sized = test[test["nsites"].between(max(low + 1, smallest), min(high, largest))]
        for number in range(skip, skip + each):
            for system in systems:
                own = sized[sized["crystal_system"] == system]
                if number < len(own):
                    yield system, next(iter(crystals_of(own.iloc[number : number + 1])))


def known_lattice(crystal: Crystal, generator: np.random.Generator) -> tuple[IndexedLattice, str]:
    """The lattice of a crystal as it is found when all goes well, and its space group's symbol."""
    even = symmetrised(crystal, SYMMETRIC) or crystal
    number, symbol = space_group_of(even)
    cell = conventional_cell(even, number)
    lengths, angles = np.array(cell.parameters[:3]), cell.parameters[3:]
    centring = symbol[0]
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


def solved(crystal: Crystal, gaussians: ValenceGaussians, by: str) -> dict[str, object]:
    """What comes of one crystal."""
    lattice, symbol = known_lattice(crystal, np.random.default_rng(5))
    peaks = simulated(CU_K_ALPHA)(crystal, np.random.default_rng(2024))
    formula = crystal.to_structure().composition.reduced_formula
    started = time.process_time()
    rank, rwp, reason = None, np.nan, ""
    try:
        candidates = solve_peaks(
            peaks,
            KnownComposition.from_formula(formula),
            [lattice],
            gaussians,
            budget=Budget(SECONDS, clock=time.process_time),
            **SOURCES[by],
        )
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
        "rank": rank,
        "rwp": rwp,
        "seconds": time.process_time() - started,
        "reason": reason,
    }


def shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Share of crystals that are right first and among five, in percent, and seconds."""
    rows = []
    for names, found in table.groupby(by, sort=False):
        rank = found["rank"].astype(float).fillna(np.inf)
        rows.append(
            dict(zip(by, names, strict=True))
            | {
                "crystals": len(found),
                "first": f"{100 * float((rank <= 1).mean()):.0f} %",
                "among five": f"{100 * float((rank <= 5).mean()):.0f} %",
                "seconds, median (slowest)": (
                    f"{found['seconds'].median():.1f} ({found['seconds'].max():.0f})"
                ),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
