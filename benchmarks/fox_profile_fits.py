"""FOX's Le Bail fits of four measured patterns, beside `benchmarks.profile_fits`.

    python benchmarks/fox_profile_fits.py

Run by a Python that has pyobjcryst (Debian: python3-pyobjcryst). The cells to begin with are those
that `benchmarks.profile_fits` ends with.
"""

import math
import time
from pathlib import Path

import numpy as np
from pyobjcryst.crystal import Crystal  # type: ignore[import-not-found]
from pyobjcryst.powderpattern import PowderPattern  # type: ignore[import-not-found]

FOLDER = Path(__file__).parents[1] / "data" / "measured_patterns"
# a, b, c in A, gamma in degrees, space group.
PATTERNS = {
    "rockjock_corundum.xy": ((4.7594, 4.7594, 12.9927, 120), "R -3 c:H"),
    "rockjock_rutile.xy": ((4.594, 4.594, 2.958, 90), "P 42/m n m"),
    "rockjock_zincite.xy": ((3.249, 3.249, 5.205, 120), "P 63 m c"),
    "pbso4_round_robin_x.xy": ((8.483, 5.4005, 6.9624, 90), "P n m a"),
}


def main() -> None:
    for name, ((a, b, c, gamma), group) in PATTERNS.items():
        points = np.loadtxt(FOLDER / name)
        first, second = np.radians(points[:2, 0])
        pattern = PowderPattern()
        pattern.SetPowderPatternPar(first, second - first, len(points))
        pattern.SetPowderPatternObs(points[:, 1])
        pattern.SetWavelength("Cu")
        right = math.pi / 2
        crystal = Crystal(a, b, c, right, right, math.radians(gamma), group)
        phase = pattern.AddPowderPatternDiffraction(crystal)
        start = time.perf_counter()
        pattern.quick_fit_profile(
            phase, plot=False, verbose=False, asym=True, displ_transl=True, constant_width=False
        )
        cell = phase.GetCrystal()
        print(
            f"{name}: Rwp {pattern.rw:.4f}, {cell.a:.5f}, {cell.b:.5f}, {cell.c:.5f} A, "
            f"{time.perf_counter() - start:.1f} s"
        )


if __name__ == "__main__":
    main()
