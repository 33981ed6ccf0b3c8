"""Whether the true lattice comes first when simulated peaks of the test crystals are indexed.

    python -m benchmarks.indexing [--every 1] [--error 0.02] [--failures]

For each embedded test crystal: the peaks of its pattern with normal errors of position, those below
0.5 % of the strongest left out and those nearer than 0.05 degrees to each other merged. A lattice
is right if its Niggli cell is that of the crystal: lengths within 1 %, angles within 0.5 degrees.

Two kinds of crystals are counted apart: `distorted` ones, whose stored lattice is not cubic or
trigonal within 0.001 A (their lines split), and those whose lines are `hidden`: all peaks left are
reflections of a smaller cell, so that positions cannot tell the lattice.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from pymatgen.core import Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from benchmarks.decoding import DATA
from benchmarks.scoring import machine
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.index import index
from crystalnet.solving.pattern.measured import MeasuredPeaks

CU_K_ALPHA = 1.54184
RANGES = {
    "Mo 0-120": (MO_K_ALPHA, (0.0, 120.0)),
    "Cu 5-120": (CU_K_ALPHA, (5.0, 120.0)),
    "Cu 5-65": (CU_K_ALPHA, (5.0, 65.0)),
}
WEAKEST, RESOLUTION = 0.5, 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th crystal")
    parser.add_argument("--error", type=float, default=0.02, help="of positions, in degrees")
    parser.add_argument("--split", default="test", help="of the embedded densities")
    parser.add_argument("--failures", action="store_true", help="name each crystal missed")
    arguments = parser.parse_args()
    print(f"{machine(torch.device('cpu'))}; error {arguments.error} degrees")
    table = pd.read_parquet(
        DATA / "dft_densities.parquet",
        columns=[
            "material_id",
            "crystal_system",
            "split",
            "lattice",
            "atomic_numbers",
            "frac_coords",
        ],
    )
    table = table[table["split"] == arguments.split].iloc[:: arguments.every]
    generator = np.random.default_rng(2024)
    results = []
    for row in table.itertuples():
        crystal = Crystal(
            row.material_id,
            np.asarray(row.lattice, dtype=np.float64).reshape(3, 3),
            np.asarray(row.atomic_numbers, dtype=np.int64),
            np.asarray(row.frac_coords, dtype=np.float64).reshape(-1, 3),
        )
        for name, (wavelength, limits) in RANGES.items():
            peaks = simulated(crystal, wavelength, limits, arguments.error, generator)
            for systems in ((row.crystal_system,), ("cubic", "trigonal")):
                start = time.perf_counter()
                try:
                    found = index(peaks, systems)
                except CrystalNetError:
                    found = []
                seconds = time.perf_counter() - start
                place = next((i for i, x in enumerate(found) if right(x, crystal)), len(found) + 99)
                given = "given" if len(systems) == 1 else "both"
                kind = "distorted" if distorted(crystal, row.crystal_system) else "hidden"
                if kind == "hidden" and not hidden(crystal, wavelength, limits):
                    kind = "told"
                results.append((name, given, row.crystal_system, kind, place, seconds))
                if arguments.failures and place > 0:
                    report(crystal, name, given, place, found, len(peaks.two_theta))
    frame = pd.DataFrame(
        results, columns=["range", "systems", "system", "kind", "place", "seconds"]
    )
    for (name, given), rows in frame.groupby(["range", "systems"], sort=False):
        shares = "; ".join(
            f"{system} ({len(each)}): "
            + ", ".join(f"top {n} {100 * (each['place'] < n).mean():.1f} %" for n in (1, 3, 10))
            for system, each in [("all", rows), *rows.groupby("system"), *rows.groupby("kind")]
        )
        seconds = rows["seconds"]
        print(
            f"{name}, systems {given}: {shares}; {seconds.median():.2f} s (at most "
            f"{seconds.max():.2f})"
        )


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


def distorted(crystal: Crystal, system: str) -> bool:
    """Whether the lattice is less symmetric than the crystal is said to be."""
    bare = Structure(crystal.lattice, ["Na"], [[0.0, 0.0, 0.0]])
    of_lattice = SpacegroupAnalyzer(bare, symprec=0.001).get_crystal_system()
    return of_lattice not in {"cubic": ("cubic",)}.get(system, ("trigonal", "hexagonal", "cubic"))


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


def right(found: IndexedLattice, crystal: Crystal) -> bool:
    """Whether the Niggli cells agree."""
    reduced = [
        np.array(Lattice(cell).get_niggli_reduced_lattice(1e-3).parameters)
        for cell in (found.primitive, crystal.lattice)
    ]
    difference = np.abs(reduced[0] - reduced[1])
    lengths = (difference[:3] <= 0.01 * reduced[1][:3]).all()
    return bool(lengths and (difference[3:] <= 0.5).all())


def report(
    crystal: Crystal, name: str, given: str, place: int, found: list[IndexedLattice], peaks: int
) -> None:
    """What came instead."""
    niggli = Lattice(crystal.lattice).get_niggli_reduced_lattice(1e-3).parameters
    first = (
        f"{found[0].system} {found[0].centring} a {found[0].a:.3f} c {found[0].c} "
        f"M {found[0].figure_of_merit:.0f} unexplained {found[0].unexplained}"
        if found
        else "nothing"
    )
    print(
        f"  {name} {given} {crystal.material_id} {crystal.to_structure().formula}, {peaks} peaks, "
        f"Niggli {np.round(niggli, 3).tolist()}: place {place}, first {first}"
    )


if __name__ == "__main__":
    main()
