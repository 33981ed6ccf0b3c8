"""FOX's indexing of lists of peaks, for `benchmarks.indexing`: run by a Python that has pyobjcryst.

Reads lines of JSON with `d` and `sigma` (A, of each peak) and writes, for each, a line with the
`cells` found, the best first (a, b, c in A, angles in degrees, and the letter of the centring), and
`seconds`.
"""

import json
import math
import sys
import tempfile
import time

from pyobjcryst import indexing  # type: ignore[import-not-found]

MOST = 20


def main() -> None:
    for line in sys.stdin:
        start = time.perf_counter()
        given = json.loads(line)
        peaks = indexing.PeakList()
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            for d, sigma in sorted(zip(given["d"], given["sigma"], strict=True), reverse=True):
                file.write(f"{d:.7f} {sigma:.7f} 1.0\n")
            file.flush()
            peaks.ImportDhklDSigmaIntensity(file.name)
        try:
            explorer = indexing.quick_index(peaks, verbose=False)
            found = sorted(explorer.GetSolutions(), key=lambda each: -each[1])[:MOST]
            cells = [told(cell) for cell, _ in found]
        except Exception:
            # Too few peaks, most of all: it has found nothing.
            cells = []
        print(json.dumps({"cells": cells, "seconds": time.perf_counter() - start}), flush=True)


def told(cell: indexing.RecUnitCell) -> list[object]:
    """Edges, angles and centring of a solution."""
    direct = list(cell.DirectUnitCell())
    edges, angles = direct[:3], [math.degrees(each) for each in direct[3:6]]
    return [*edges, *angles, cell.centering.name[-1]]


if __name__ == "__main__":
    main()
