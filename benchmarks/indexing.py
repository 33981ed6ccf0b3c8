"""Whether the true lattice comes first when simulated peaks of unseen crystals are indexed.

    python -m benchmarks.indexing [--number 40] [--systems cubic ...] [--error 0.02] [--failures]
        [--fox PYTHON] [--output rows.jsonl]

For each of some test crystals of every system, drawn with a seed: the peaks of its pattern with
normal errors of position, those below 0.5 % of the strongest left out and those nearer than 0.05
degrees to each other merged; and exact peaks to 90 degrees. The system is not given. A lattice is
right if it is the crystal's: lengths within 1 %, angles within 0.5 degrees in some choice of axes.

Of some crystals positions do not tell the lattice: those whose peaks left are all reflections of a
smaller cell (`hidden`); the table has the others' shares by themselves too. `with formula` is the
share that comes first when the formula is given too: of the lattices found those stay whose cell
has room for it, as `crystalnet solve` has it.

With `--fox` FOX (a Python that has pyobjcryst, Debian's python3-pyobjcryst say) indexes the same
peaks, rounded to 0.001 degrees as a list of peaks is (its scores of exact ones are infinite). It
knows no R lattice: its hexagonal cell counts where the primitive cell of the R lattice of the same
edges is right, and its rhombohedral one, which is primitive, as it is. Seconds are those of the
processor, not of the clock. What the file of rows holds is not done again.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from pymatgen.core import Lattice

from benchmarks.fox import Fox
from benchmarks.indexing_cases import (
    CU_K_ALPHA,
    EACH,
    SYSTEMS,
    chosen,
    hidden,
    place_of,
    simulated,
)
from benchmarks.machine import machine
from benchmarks.row_file import RowFile
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattices_to_try import densest
from crystalnet.solving.pattern.measured import MeasuredPeaks

OURS, RIVAL = "ours", "FOX"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=40, help="crystals of each system")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--split", default="test")
    parser.add_argument("--error", type=float, default=0.02, help="of positions, in degrees")
    parser.add_argument("--failures", action="store_true", help="name each crystal missed")
    parser.add_argument("--fox", help="a Python that has pyobjcryst")
    parser.add_argument("--output", type=Path, help="rows, a line of JSON each")
    given = parser.parse_args()
    print(machine())
    rival = None if given.fox is None else Fox(given.fox)
    rows = RowFile(given.output, ("peaks", "by", "material_id"))
    loaded = False
    # The systems take turns: a run that ends early has as many of each.
    for seed, system, crystal in sorted(chosen(given.number, given.split), key=_turn):
        if system not in given.systems:
            continue
        for name, limits, error in (
            (f"Cu 5-120, error {given.error}", (5.0, 120.0), given.error),
            ("Cu 5-90, exact", (5.0, 90.0), 0.0),
        ):
            noise = np.random.default_rng([2024, seed])
            peaks = simulated(crystal, CU_K_ALPHA, limits, error, noise)
            same = {
                "peaks": name,
                "system": system,
                "material_id": crystal.material_id,
                "seen": not hidden(crystal, CU_K_ALPHA, limits),
            }
            if not rows.has(name, OURS, crystal.material_id):
                if not loaded:
                    # What is compiled is loaded from its cache.
                    indexed(peaks)
                    loaded = True
                rows.add({**same, "by": OURS, **ours(crystal, peaks)})
            if rival is not None and not rows.has(name, RIVAL, crystal.material_id):
                cells, seconds = rival.cells(peaks)
                place = place_of(crystal, cells)
                rows.add({**same, "by": RIVAL, "place": place, "seconds": seconds})
    every = rows.table
    for (name, by), some in every.groupby(["peaks", "by"], sort=False):
        print(f"\n{name}, {by}\n\n{told(some)}")
    if given.failures:
        missed = every[(every["by"] == OURS) & (every["place"] > 0)]
        print("", *missed["peaks"] + " " + missed["instead"], sep="\n")


def _turn(each: tuple[int, str, Crystal]) -> int:
    return each[0] % EACH


def ours(crystal: Crystal, peaks: MeasuredPeaks) -> dict[str, object]:
    """Places of the right lattice, and seconds."""
    start = time.process_time()
    found = indexed(peaks)
    seconds = time.process_time() - start
    known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
    place = place_of(crystal, [[each.primitive] for each in found])
    roomy = [[each.primitive] for each in densest(found, known)]
    return {
        "place": place,
        "with_formula": place_of(crystal, roomy),
        "seconds": seconds,
        "instead": instead(crystal, place, found, len(peaks.two_theta)),
    }


def indexed(peaks: MeasuredPeaks) -> list[IndexedLattice]:
    """What is found, if anything is."""
    try:
        return find_lattices(peaks)
    except CrystalNetError:
        return []


def told(rows: pd.DataFrame) -> str:
    """The table of one kind of peaks, for a document."""
    lines = [
        "| system | crystals | first | among 3 | among 10 | among 20 | hidden | "
        "first of the others | with formula | median, s | most, s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for system, each in [*rows.groupby("system", sort=False), ("all", rows)]:
        shares = " | ".join(f"{100 * (each['place'] < n).mean():.1f}" for n in (1, 3, 10, 20))
        tells = each[each["seen"]]
        formula = each["with_formula"]
        known = "-" if formula.isna().all() else f"{100 * (formula == 0).mean():.1f}"
        lines.append(
            f"| {system} | {len(each)} | {shares} | {len(each) - len(tells)} | "
            f"{100 * (tells['place'] == 0).mean():.1f} | {known} | "
            f"{each['seconds'].median():.2f} | {each['seconds'].max():.1f} |"
        )
    return "\n".join(lines)


def instead(crystal: Crystal, place: int, found: list[IndexedLattice], peaks: int) -> str:
    """What came first."""
    niggli = Lattice(crystal.lattice).get_niggli_reduced_lattice(1e-3).parameters
    first = (
        f"{found[0].system} {found[0].centring} {found[0].told()} M "
        f"{found[0].m_n:.0f} F {found[0].f_n:.0f} unexplained {found[0].unexplained}"
        if found
        else "nothing"
    )
    return (
        f"{crystal.material_id} {crystal.to_structure().formula}, {peaks} peaks, "
        f"Niggli {np.round(niggli, 3).tolist()}: place {place}, first {first}"
    )


if __name__ == "__main__":
    main()
