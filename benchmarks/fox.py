"""FOX's indexing in a process of its own, by a Python that has pyobjcryst (Debian's, say)."""

import json
import subprocess
from pathlib import Path

import numpy as np
from pymatgen.core import Lattice

from crystalnet.solving.lattice.cells import primitive_lattice
from crystalnet.solving.lattice.kinds.lattice_kind import PRIMITIVE
from crystalnet.solving.pattern.measured import MeasuredPeaks

FOX = Path(__file__).parent / "fox_indexing.py"
# Standard deviation of places that FOX is told, in degrees.
FOX_SIGMA = 0.02


class Fox:
    """The process."""

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
    turned: dict[str, np.ndarray] = {name: cell for name, cell in PRIMITIVE.items()}
    turned |= {"A": PRIMITIVE["C"][:, [2, 0, 1]], "B": PRIMITIVE["C"][:, [1, 2, 0]]}
    cells = [turned[centring] @ Lattice.from_parameters(*parameters).matrix]
    if system == "HEXAGONAL":
        cells.append(primitive_lattice("trigonal", "R", parameters[0], parameters[2]))
    return cells
