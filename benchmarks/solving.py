"""How often the right structure comes out of `crystalnet solve`, and what each flaw costs.

    python -m benchmarks.solving               the match table, with the lattice given or not
    python -m benchmarks.solving --curves      what each step away from a perfect pattern costs
    python -m benchmarks.solving --ssim        the densities that are handed out
    python -m benchmarks.solving --sizes       the paper's test crystals, cells of any size
    python -m benchmarks.solving --known elements    without the formula (half, none: with less)

The crystals are the embedded test crystals that have a DFT density (125 cubic, 26 trigonal; at most
5 atoms), with `--sizes` all of the paper's test crystals that are embedded (498 and 236). Given are
the pattern, the formula (or what `--known` says) and, where the table says so, the conventional
lattice constants, but neither the centring nor the atoms in the cell. A structure is right if
pymatgen's StructureMatcher (ltol 0.2, stol 0.3, angle_tol 5) says so: it allows for origin,
inversion and rotations. `all` is the command as it is; `symmetry` goes through the Wyckoff
positions alone; `known structures` tries those alone, of which none is a test crystal.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.decoding import DATA, KINDS, knowledge, matches
from benchmarks.flawed_patterns import Flaw, curves, plot_curves, simulated
from benchmarks.machine import machine
from benchmarks.solved_densities import ssim_table
from benchmarks.unseen_crystals import lattice_of, unseen_crystals
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattices_to_try import densest
from crystalnet.solving.settings import USUAL
from crystalnet.solving.strategy import solve_peaks

RANKS = (1, 5, 20)
# Atoms of a primitive cell.
SIZES = (0, 5, 10, 20, 40, 200)
# What finds the atoms: the arguments of `solve_peaks` that leave the rest out.
SOURCES: dict[str, dict[str, Any]] = {
    "all": {},
    "symmetry": {"flipping": False, "analogy": False},
    "charge flipping": {"symmetry": False, "analogy": False},
    "known structures": {"symmetry": False, "flipping": False},
}
# Whether the lattice is given, and what finds the atoms.
WAYS = [*(("given", source) for source in SOURCES), ("found", "all")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th crystal")
    parser.add_argument("--known", choices=KINDS, default="formula", help="of the composition")
    parser.add_argument("--only", choices=list(SOURCES), help="one source alone")
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--ssim", action="store_true")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--figure", type=Path, help="picture of the curves")
    parser.add_argument("--output", type=Path, help="table of results, CSV")
    parser.add_argument("--markdown", action="store_true", help="tables as the documents have them")
    arguments = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}; {arguments.known} known\n")

    def tell(table: pd.DataFrame) -> None:
        print(
            table.to_markdown(index=False, disable_numparse=True)
            if arguments.markdown
            else table.to_string(index=False),
            end="\n\n",
        )

    test = unseen_crystals(dft=not arguments.sizes)[:: arguments.every]
    if arguments.ssim:
        tell(ssim_table(test))
        return
    ways = WAYS
    if arguments.only or arguments.curves:
        ways = [("given", arguments.only or "all")]
    elif arguments.sizes:
        ways = [("given", source) for source in SOURCES]
    rows = [
        row
        for title, flaw in (curves() if arguments.curves else {"perfect": simulated()}).items()
        for row in solve_all(test, title, flaw, ways, arguments.known)
    ]
    table = pd.DataFrame(rows)
    if arguments.output:
        table.to_csv(arguments.output, index=False)
    found = shares(table, ["title", "system", "lattice", "atoms by"])
    tell(found)
    if arguments.figure:
        plot_curves(found, arguments.figure)
    if arguments.sizes:
        size = pd.cut(table["atoms"], SIZES, labels=[f"up to {last}" for last in SIZES[1:]])
        sized = table.assign(size=size).sort_values(["system", "atoms by", "size"])
        tell(shares(sized.astype({"size": str}), ["system", "atoms by", "size"]))
    elif not (arguments.curves or arguments.only):
        chosen = table[(table["lattice"] == "given") & (table["atoms by"] == "all")]
        tell(shares(chosen, ["system", "atoms"]))
        tell(shares(chosen, ["system", "type_in_training"]))


def solve_all(
    test: Iterable[tuple[Crystal, str, bool]],
    title: str,
    flaw: Flaw,
    ways: list[tuple[str, str]],
    kind: str,
) -> Iterable[dict[str, object]]:
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    generator = np.random.default_rng(2024)
    started_all = time.monotonic()
    crystals = list(test)
    for done, (crystal, system, trained) in enumerate(crystals):
        if done % 10 == 0:
            seconds = time.monotonic() - started_all
            print(f"  {title}: {done} of {len(crystals)}, {seconds:.0f} s", file=sys.stderr)
        peaks = flaw(crystal, generator)
        known = knowledge(crystal, kind, generator)
        for lattice, by in ways:
            started = time.perf_counter()
            rank, rwp, reason = None, np.nan, ""
            try:
                lattices = (
                    lattice_of(crystal, system, peaks)
                    if lattice == "given"
                    else densest(find_lattices(peaks, ("cubic", "trigonal")), known)[
                        : USUAL.lattices.tried
                    ]
                )
                candidates = solve_peaks(peaks, known, lattices, gaussians, **SOURCES[by])
                right = [c for c in candidates if matches(crystal, c.crystal)]
                rank = right[0].rank if right else None
                rwp = candidates[0].match.rwp
            except CrystalNetError as error:
                reason = str(error)
            yield {
                "title": title,
                "system": system,
                "lattice": lattice,
                "atoms by": by,
                "material_id": crystal.material_id,
                "formula": crystal.to_structure().composition.reduced_formula,
                "atoms": len(crystal.atomic_numbers),
                "type_in_training": trained,
                "rank": rank,
                "rwp": rwp,
                "seconds": time.perf_counter() - started,
                "reason": reason,
            }


def shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Share of crystals matched at each rank, in percent."""
    rows = []
    for names, found in table.groupby(by, sort=False, dropna=False):
        ranks = found["rank"].astype(float).fillna(np.inf)
        rows.append(
            dict(zip(by, names, strict=True))
            | {"crystals": len(found)}
            | {f"rank {n} %": round(100 * float((ranks <= n).mean()), 1) for n in RANKS}
            | {
                "Rwp of first": round(float(found["rwp"].median()), 3),
                "seconds": round(float(found["seconds"].median()), 2),
                "slowest": round(float(found["seconds"].max()), 1),
                "no result": int((found["reason"] != "").sum()),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
