"""FOX's indexing of lists of peaks, for `benchmarks.indexing`: run by a Python that has pyobjcryst.

Reads lines of JSON with `d` and `sigma` (A, of each peak) and writes, for each, a line with the
`cells` found, the best first (system, letter of the centring, a, b, c in A, angles in degrees), and
the `seconds` of the processor.

What `pyobjcryst.indexing.quick_index` does with the first twenty peaks, but for what costs it right
answers in version 2.2.5: there it tries P cells alone unless it is told not to try centred ones, no
edge below 3 A, and goes on to less symmetric systems when one has explained the peaks. Triclinic
cells it does not try either way: they take minutes. It is stopped after so many seconds of the
processor, with what it has found until then.
"""

import json
import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator

from pyobjcryst import indexing  # type: ignore[import-not-found]
from pyobjcryst.indexing import (  # type: ignore[import-not-found]
    CrystalCentering,
    CrystalSystem,
)

# Lattices in the order in which they are tried.
TRIED = (
    ("CUBIC", "FIP"), ("TETRAGONAL", "IP"), ("RHOMBOEDRAL", "P"), ("HEXAGONAL", "P"),
    ("ORTHOROMBIC", "FIABCP"), ("MONOCLINIC", "CIAP"),
)  # fmt: skip
PEAKS, MOST = 20, 20
# Score and depth from which a solution is told, and from which nothing less symmetric is tried.
REPORT, STOP = (10, 4), (50, 6)
# Lines seen of those there are, at least and at most; edges in A, angles in degrees.
SEEN, EDGES, ANGLES = (0.3, 1.5), (2.0, 25.0), (90.0, 140.0)
SECONDS = 30


def main() -> None:
    for line in sys.stdin:
        reader, writer = os.pipe()
        if os.fork() == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            for each in answers(line):
                os.write(writer, each.encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as stream:
            told = stream.read().splitlines()
        _, status = os.wait()
        last = json.loads(told[-1]) if told else {"cells": []}
        seconds = SECONDS if os.WIFSIGNALED(status) else last["seconds"]
        print(json.dumps({**last, "seconds": seconds}), flush=True)


def answers(line: str) -> Iterator[str]:
    """What is known of a line after each kind of lattice; the last is the answer."""
    start = time.process_time()
    given = json.loads(line)
    peaks = indexing.PeakList()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for d, sigma in sorted(zip(given["d"], given["sigma"], strict=True), reverse=True):
            file.write(f"{d:.7f} {sigma:.7f} 1.0\n")
        file.flush()
        peaks.ImportDhklDSigmaIntensity(file.name)
    cells: list[list[object]] = []
    try:
        for every in solutions(peaks):
            found = sorted(every, key=lambda each: -each[1])[:MOST]
            cells = [cell_of(cell) for cell, _ in found]
            yield json.dumps({"cells": cells, "seconds": time.process_time() - start}) + "\n"
    except Exception:
        # Too few peaks, most of all: there is no more to be found.
        yield json.dumps({"cells": cells, "seconds": time.process_time() - start}) + "\n"


def solutions(peaks: indexing.PeakList) -> Iterator[list[tuple[indexing.RecUnitCell, float]]]:
    """All there are after each kind of lattice."""
    if len(peaks) > PEAKS:
        peaks.resize(PEAKS)
    number, listed = len(peaks), peaks.GetPeakList()
    # As in quick_index: 1 / d of the last peak, and a tenth of that of the first.
    highest, lowest = listed[number - 1].dobs, listed[0].dobs / 10
    explorer = indexing.CellExplorer(peaks, CrystalSystem.CUBIC, 0)
    explorer.SetAngleMinMax(*map(math.radians, ANGLES))
    explorer.SetD2Error(0)
    explorer.SetNbSpurious(0)
    for name, letters in TRIED:
        system = getattr(CrystalSystem, name)
        for letter in letters:
            centring = getattr(CrystalCentering, f"LATTICE_{letter}")
            least, most = (
                indexing.EstimateCellVolume(highest, lowest, number, system, centring, share)
                for share in reversed(SEEN)
            )
            explorer.SetVolumeMinMax(least, most)
            explorer.SetLengthMinMax(EDGES[0], max(EDGES[1], 3 * most ** (1 / 3)))
            explorer.SetCrystalSystem(system)
            explorer.SetCrystalCentering(centring)
            explorer.DicVol(*REPORT, *STOP, verbose=False)
            yield list(explorer.GetSolutions())
        if explorer.GetBestScore() > STOP[0]:
            break


def cell_of(cell: indexing.RecUnitCell) -> list[object]:
    """System, centring, edges and angles of a solution."""
    direct = list(cell.DirectUnitCell())
    angles = [math.degrees(each) for each in direct[3:6]]
    return [cell.lattice.name, cell.centering.name[-1], *direct[:3], *angles]


if __name__ == "__main__":
    main()
