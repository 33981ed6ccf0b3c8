"""Whether the true lattice comes first when simulated peaks of unseen crystals are indexed.

    python -m benchmarks.indexing [--number 40] [--systems cubic ...] [--error 0.02] [--failures]
        [--fox PYTHON]

For each of some test crystals of every system, drawn with a seed: the peaks of its pattern with
normal errors of position, those below 0.5 % of the strongest left out and those nearer than 0.05
degrees to each other merged; and exact peaks to 90 degrees. The system is not given. A lattice is
right if it is the crystal's: lengths within 1 %, angles within 0.5 degrees in some choice of axes.

Of some crystals positions do not tell the lattice: those whose peaks left are all reflections of a
smaller cell (`hidden`); the table has the others' shares by themselves too.

With `--fox` FOX (a Python that has pyobjcryst, Debian's python3-pyobjcryst say) indexes the same
peaks, rounded to 0.001 degrees as a list of peaks is (its scores of exact ones are infinite). It
knows no R lattice: its hexagonal cell counts where the primitive cell of the R lattice of the same
edges is right. Seconds are those of the processor, not of the clock.
"""

import argparse
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pymatgen.core import Lattice

from benchmarks.scoring import machine
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, primitive_lattice
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.kinds.lattice_kind import PRIMITIVE
from crystalnet.solving.pattern.measured import MeasuredPeaks
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

CU_K_ALPHA = 1.54184
WEAKEST, RESOLUTION = 0.5, 0.05
FOX = Path(__file__).parent / "fox_indexing.py"
# Standard deviation of places that FOX is told, in degrees.
FOX_SIGMA = 0.02
SYSTEMS = (
    "cubic", "trigonal", "hexagonal", "tetragonal", "orthorhombic", "monoclinic", "triclinic",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=40, help="crystals of each system")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--split", default="test")
    parser.add_argument("--error", type=float, default=0.02, help="of positions, in degrees")
    parser.add_argument("--failures", action="store_true", help="name each crystal missed")
    parser.add_argument("--fox", help="a Python that has pyobjcryst")
    given = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}; error {given.error} degrees")
    rival = None if given.fox is None else Fox(given.fox)
    results = []
    for seed, system, crystal in chosen(given.number, given.split):
        if system not in given.systems:
            continue
        for name, limits, error in (
            ("Cu 5-120", (5.0, 120.0), given.error),
            ("Cu 5-90, exact", (5.0, 90.0), 0.0),
        ):
            noise = np.random.default_rng([2024, seed])
            peaks = simulated(crystal, CU_K_ALPHA, limits, error, noise)
            seen = not hidden(crystal, CU_K_ALPHA, limits)
            if not results:
                # What is compiled is loaded from its cache.
                indexed(peaks)
            start = time.process_time()
            found = indexed(peaks)
            seconds = time.process_time() - start
            cells = [[each.primitive] for each in found]
            results.append((name, "ours", system, seen, place_of(crystal, cells), seconds))
            if given.failures and results[-1][4] > 0:
                report(crystal, name, results[-1][4], found, len(peaks.two_theta), seen)
            if rival is not None:
                cells, seconds = rival.cells(peaks)
                results.append((name, "FOX", system, seen, place_of(crystal, cells), seconds))
    columns = ["peaks", "by", "system", "seen", "place", "seconds"]
    frame = pd.DataFrame(results, columns=columns)
    for (name, by), rows in frame.groupby(["peaks", "by"], sort=False):
        print(f"\n{name}, {by}\n")
        print(
            "| system | crystals | first | among 3 | among 10 | among 20 | hidden | "
            "first of the others | median, s | most, s |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for system, each in [*rows.groupby("system", sort=False), ("all", rows)]:
            shares = " | ".join(f"{100 * (each['place'] < n).mean():.1f}" for n in (1, 3, 10, 20))
            told = each[each["seen"]]
            print(
                f"| {system} | {len(each)} | {shares} | {len(each) - len(told)} | "
                f"{100 * (told['place'] == 0).mean():.1f} | "
                f"{each['seconds'].median():.2f} | {each['seconds'].max():.1f} |"
            )


def indexed(peaks: MeasuredPeaks) -> list[IndexedLattice]:
    """What is found, if anything is."""
    try:
        return find_lattices(peaks)
    except CrystalNetError:
        return []


def chosen(number: int, split: str) -> list[tuple[int, str, Crystal]]:
    """So many crystals of each system, drawn; a number that is each one's own comes first."""
    table = embedded_crystals().query("split == @split").sort_values("material_id")
    table = table.sample(frac=1, random_state=1)
    return [
        (1000 * place + one, system, crystal)
        for place, system in enumerate(SYSTEMS)
        for one, crystal in enumerate(
            crystals_of(table[table["crystal_system"] == system].head(number))
        )
    ]


def simulated(
    crystal: Crystal,
    wavelength: float,
    limits: tuple[float, float],
    error: float,
    generator: np.random.Generator,
) -> MeasuredPeaks:
    """Peaks as a laboratory would list them."""
    pattern = powder_pattern(crystal, wavelength, limits)
    # Peaks that are not resolved are one at their centre of gravity.
    start = np.flatnonzero(np.diff(pattern.two_theta, prepend=-1.0) >= RESOLUTION)
    intensity = np.add.reduceat(pattern.intensity, start)
    two_theta = np.add.reduceat(pattern.intensity * pattern.two_theta, start) / intensity
    strong = intensity >= WEAKEST / 100 * intensity.max()
    two_theta = two_theta[strong] + generator.normal(0, error, strong.sum())
    return MeasuredPeaks(np.clip(two_theta, *limits), intensity[strong], wavelength, limits)


def hidden(crystal: Crystal, wavelength: float, limits: tuple[float, float]) -> bool:
    """Whether the indices of the peaks left generate only a part of the reciprocal lattice."""
    pattern = powder_pattern(crystal, wavelength, limits)
    strong = np.flatnonzero(pattern.intensity >= WEAKEST)
    of_peak = [
        pattern.sphere.hkl(np.arange(pattern.first[i], pattern.stop[i])) for i in strong[:40]
    ]
    hkl = np.concatenate(of_peak)
    triples = np.random.default_rng(0).integers(len(hkl), size=(1000, 3))
    determinants = np.rint(np.linalg.det(hkl[triples].astype(float))).astype(int)
    return int(np.gcd.reduce(determinants)) > 1


class Fox:
    """FOX in a process of its own, by a Python that has pyobjcryst."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-I", str(FOX)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def cells(self, peaks: MeasuredPeaks) -> tuple[list[list[np.ndarray]], float]:
        """Primitive cells of what it finds, the best first, and its seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(asked_of_fox(peaks))
        self._process.stdin.flush()
        # It tells of its progress too.
        lines = iter(self._process.stdout.readline, "")
        told = json.loads(next(line for line in lines if line.startswith("{")))
        return [choices(*cell) for cell in told["cells"]], told["seconds"]


def asked_of_fox(peaks: MeasuredPeaks) -> str:
    """A line of `benchmarks.fox_indexing`."""
    angle = np.radians(np.sort(peaks.two_theta.round(3)) / 2)
    d = peaks.wavelength / (2 * np.sin(angle))
    sigma = d / np.tan(angle) * np.radians(FOX_SIGMA / 2)
    return json.dumps({"d": d.tolist(), "sigma": sigma.tolist()}) + "\n"


def choices(system: str, centring: str, *parameters: float) -> list[np.ndarray]:
    """The primitive cell of one of FOX's, and that of R where a hexagonal one may stand for it."""
    turned = {**PRIMITIVE, "A": PRIMITIVE["C"][:, [2, 0, 1]], "B": PRIMITIVE["C"][:, [1, 2, 0]]}
    cells = [turned[centring] @ Lattice.from_parameters(*parameters).matrix]
    if system == "HEXAGONAL":
        cells.append(primitive_lattice("trigonal", "R", parameters[0], parameters[2]))
    return cells


def place_of(crystal: Crystal, found: list[list[np.ndarray]]) -> int:
    """The place of the right lattice, from 0, among cells or choices of them; 999 if none is."""
    places = (place for place, cells in enumerate(found) if any(right(c, crystal) for c in cells))
    return next(places, 999)


def right(cell: np.ndarray, crystal: Crystal) -> bool:
    """Whether the cells are of one lattice; Niggli cells of nearly symmetric ones may differ."""
    one, other = Lattice(cell), Lattice(crystal.lattice)
    if abs(one.volume / other.volume - 1) > 0.04:
        return False
    return one.find_mapping(other, ltol=0.01, atol=0.5, skip_rotation_matrix=True) is not None


def report(
    crystal: Crystal, name: str, place: int, found: list[IndexedLattice], peaks: int, seen: bool
) -> None:
    """What came instead."""
    niggli = Lattice(crystal.lattice).get_niggli_reduced_lattice(1e-3).parameters
    first = (
        f"{found[0].system} {found[0].centring} {found[0].told()} M "
        f"{found[0].m_n:.0f} F {found[0].f_n:.0f} unexplained {found[0].unexplained}"
        if found
        else "nothing"
    )
    print(
        f"  {name} {crystal.material_id} {crystal.to_structure().formula}, {peaks} peaks"
        f"{'' if seen else ', hidden'}, Niggli {np.round(niggli, 3).tolist()}: place {place}, "
        f"first {first}"
    )


if __name__ == "__main__":
    main()
