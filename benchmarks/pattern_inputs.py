"""Patterns with what goes wrong in files and on instruments: what is made of each.

    python -m benchmarks.pattern_inputs [--markdown]

Rock salt with an edge of 5.64 A and Cu K-alpha, thirteen times: `data/pattern_inputs`. Told are
the formula, and the wavelength where the file does not name it. `a` is the edge of the first
lattice, and `shift` the zero shift that was found with it; a structure is right if pymatgen's
StructureMatcher says so (ltol 0.2, stol 0.3, angle_tol 5).
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.decoding import DATA, matches
from benchmarks.flawed_patterns import ROCK_SALT
from benchmarks.machine import machine
from benchmarks.structure_tables import shown
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.cautions import cautions
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.solution import Solution
from crystalnet.solving.solve import solve

FOLDER = DATA / "pattern_inputs"
CASES = {
    "cols13.csv": "the intensity in the third of four columns, after the time of a step",
    "excel_semicolon_quotes.csv": "quoted fields, semicolons, decimal commas",
    "footer.xy": "words below the numbers",
    "neg_one.xy": "one count below zero, the last",
    "peaks_amcsd.txt": "a list below a page of words, with d, indices and multiplicities",
    "peaks_hkl_first.txt": "a list of d, indices before it",
    "peaks_no.txt": "a list whose first column counts the peaks, with percents and widths",
    "q_A.dat": "Q in 1/A, by its label",
    "step0131_2dec.xy": "steps of 0.0131 degrees, angles rounded to two decimals",
    "phys_disp010.xy": "peaks displaced by 0.10 degrees",
    "phys_disp015.xy": "peaks displaced by 0.15 degrees",
    "phys_fluor.xy": "a background of fluorescence, several times as high as the peaks",
    "phys_hump.xy": "the hump of an amorphous part",
}
"""What each file has, by its name without .gz."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--markdown", action="store_true", help="the table as the documents have it"
    )
    given = parser.parse_args()
    print(f"{machine()}\n")
    rows = [row_of(FOLDER / f"{name}.gz", what) for name, what in CASES.items()]
    print(shown(pd.DataFrame(rows), markdown=given.markdown))


def row_of(path: Path, what: str) -> dict[str, str]:
    """A line of the table.

    Args:
        what: the file has.
    """
    wavelength = None
    try:
        read_pattern(path)
    except CrystalNetError:
        wavelength = "CuKa"
    solution = solve(path, wavelength=wavelength, formula="NaCl")
    first, lattice = solution.candidates[0], solution.lattices[0]
    right = matches(ROCK_SALT, first.crystal)
    said = [line.split(":")[0] for line in cautions(solution.found)]
    return {
        "file": f"`{path.stem}`",
        "has": what,
        "read as": read_as(solution, told=wavelength is not None),
        "peaks": str(len(solution.found.peaks.two_theta)),
        "a": f"{lattice.edges[0]:.3f}",
        "shift": f"{lattice.zero_shift:+.3f}",
        "first": f"{first.space_group_symbol}, {'right' if right else 'wrong'}",
        "Rwp": f"{first.match.rwp:.3f}",
        "verdict": "; ".join([solution.verdict.word.value, *said]),
    }


def read_as(solution: Solution, *, told: bool) -> str:
    """What a file was taken for."""
    file = solution.file
    kind = f"{len(file.two_theta)} {'peaks' if file.is_peaks else 'points'}"
    sigma = ", standard deviations" if file.sigma is not None else ""
    return f"{kind}{sigma}" if told else f"{kind}{sigma}, {file.radiation.name}"


if __name__ == "__main__":
    main()
