"""Cases for the verdict without a search: the true atoms, right or with one thing wrong.

    python -m benchmarks.verdict_making --each 16 --output work/verdicts/made.jsonl
    python -m benchmarks.verdict_making --solved work/verdicts/measured.jsonl --output ...

What a search finds where another element or wavelength is told is nearly always the true structure
with that in it. It is made here in a second, of simulated crystals or of right answers that
`benchmarks.verdict_solving` kept, in lines as it keeps them: many more cases than can be solved.
There is no next candidate in them.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pymatgen.core import Composition

from benchmarks.verdict_cases import Pattern, simulated, told
from benchmarks.verdict_solving import kept
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.symmetry.conventional import space_group_of

WRONG = ("neighbour", "distant", "wavelength")
# Degrees by which a sample may be displaced.
FARTHEST = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=16, help="crystals of each system")
    parser.add_argument("--skip", type=int, default=12, help="of each, crystals to leave out first")
    parser.add_argument("--solved", type=Path, help="right answers instead of simulated crystals")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    if arguments.solved:
        bases = solved(arguments.solved)
    else:
        bases = true(simulated(arguments.each, arguments.skip))
    for crystal, row in bases:
        rows = [] if arguments.solved else [row]
        pattern = Pattern(row["pattern"], crystal, row["anode"], np.zeros((0, 2)))
        for kind in WRONG:
            question = told(pattern, kind, [])
            if question is not None:
                rows.append(changed(pattern, kind, question, row))
        with arguments.output.open("ab") as lines:
            for each in rows:
                lines.write(orjson.dumps(each, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def solved(path: Path) -> Iterator[tuple[Crystal, dict[str, Any]]]:
    """The right answers of a file, with their lines."""
    with path.open("rb") as lines:
        for row in map(json.loads, lines):
            if row["kind"] == "right" and row.get("right"):
                first = row["candidates"][0]
                crystal = Crystal(
                    row["pattern"], *(np.array(first[name]) for name in ("lattice", "numbers")),
                    np.array(first["coordinates"]),
                )  # fmt: skip
                yield crystal, row | {"anode": row["question"]["wavelength"]}


def true(patterns: Iterator[Pattern]) -> Iterator[tuple[Crystal, dict[str, Any]]]:
    """The true atoms of patterns that have peaks."""
    for pattern in patterns:
        x, y = pattern.profile.T
        beam = radiation(pattern.anode)
        question = told(pattern, "right", [])
        try:
            peaks = find_peaks(PatternFile(Path(pattern.name), x, y, None, beam, False)).peaks
            shift = _displaced(pattern.truth, peaks)
        except CrystalNetError:
            continue
        row = {
            "pattern": pattern.name, "anode": pattern.anode, "kind": "right", "measured": False,
            "question": question, "right": True, "two_theta": peaks.two_theta,
            "intensity": peaks.intensity, "wavelength": peaks.wavelength,
            "range": list(peaks.two_theta_range),
            "candidates": [_kept(pattern.truth, peaks, shift)],
        }  # fmt: skip
        yield pattern.truth, row


def changed(
    pattern: Pattern, kind: str, question: dict[str, Any], row: dict[str, Any]
) -> dict[str, Any]:
    """The line of a right answer with what a question has wrong."""
    scale = radiation(question["wavelength"]).wavelength / radiation(pattern.anode).wavelength
    wavelength = row["wavelength"] * scale
    peaks = MeasuredPeaks(
        np.array(row["two_theta"]), np.array(row["intensity"]), wavelength,
        (row["range"][0], row["range"][1]),
    )  # fmt: skip
    crystal = Crystal(
        pattern.name,
        pattern.truth.lattice * scale,
        _numbers(pattern.truth, question["formula"]),
        pattern.truth.frac_coords,
    )
    candidate = _kept(crystal, peaks, row["candidates"][0]["zero_shift"])
    changes = {"kind": kind, "question": question, "right": False, "candidates": [candidate]}
    return row | {"wavelength": wavelength, **changes}


def _kept(crystal: Crystal, peaks: MeasuredPeaks, shift: float) -> dict[str, Any]:
    number, symbol = space_group_of(crystal)
    match = match_pattern(crystal, peaks.shifted(shift))
    density = np.ones((1, 1, 1))
    return kept(
        Candidate(1, crystal, number, symbol, density, match, "cubic", "P", zero_shift=shift)
    )


def _numbers(truth: Crystal, formula: str) -> np.ndarray:
    """The atomic numbers with the element that a formula of the same ratios has in place of one."""
    there = set(truth.atomic_numbers.tolist())
    named = {element.Z for element in Composition(formula).elements}
    numbers = truth.atomic_numbers.copy()
    for old, new in zip(there - named, named - there, strict=True):
        numbers[numbers == old] = new
    return numbers


def _displaced(crystal: Crystal, peaks: MeasuredPeaks) -> float:
    """By how much the strongest peaks are beside their lines, in degrees."""
    lines = powder_pattern(crystal, peaks.wavelength, peaks.two_theta_range)
    strong = lines.two_theta[lines.intensity > 0.02 * lines.intensity.max()]
    own = peaks.two_theta[peaks.intensity > 0.1 * peaks.intensity.max()]
    beside = own[:, None] - strong
    nearest = beside[np.arange(len(own)), np.abs(beside).argmin(axis=1)]
    near = nearest[np.abs(nearest) < FARTHEST]
    return float(np.median(near)) if len(near) else 0.0


if __name__ == "__main__":
    main()
