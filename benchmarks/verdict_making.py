"""Cases for the verdict without a search: the true atoms, right or with one thing wrong.

    python -m benchmarks.verdict_making --each 16 --output work/verdicts/made.jsonl

What a search finds where another element or wavelength is told is nearly always the true structure
with that in it. It is made here in a second or two, of simulated crystals, and fitted to the
profile, in lines as `benchmarks.verdict_solving` keeps them: many more cases than can be solved.
There is no next candidate in them.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Composition

from benchmarks.row_file import RowFile
from benchmarks.structures_by_system import SYMMETRIC, known_lattice
from benchmarks.verdict_cases import Pattern, simulated, told
from benchmarks.verdict_rows import KEYS
from benchmarks.verdict_solving import file_of
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.arguments import composition
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.profile_fit.le_bail import fit_lattice
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.results import ProfileFit
from crystalnet.solving.profile_fit.rietveld import fit_structure
from crystalnet.solving.symmetry.conventional import space_group_of
from crystalnet.solving.symmetry.symmetrise import symmetrised
from crystalnet.solving.verdict.evidence import evidence_of

MADE = ("right", "neighbour", "distant", "wavelength")
# Degrees by which a sample may be displaced.
FARTHEST = 0.3

_Fitted = tuple[FoundPeaks, ProfilePoints, IndexedLattice, ProfileFit]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=16, help="crystals of each system")
    parser.add_argument("--skip", type=int, default=12, help="of each, crystals to leave out first")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    rows = RowFile(arguments.output, KEYS)
    for pattern in simulated(arguments.each, arguments.skip):
        maker = _Maker(pattern)
        for kind in MADE:
            question = told(pattern, kind, [])
            if question is not None and not rows.has(pattern.name, kind):
                about: dict[str, Any] = {
                    "pattern": pattern.name,
                    "kind": kind,
                    "question": question,
                    "measured": False,
                    "searched": False,
                    "right": kind == "right",
                }
                try:
                    row = maker.case(question)
                except CrystalNetError as error:
                    row = {"refused": str(error)}
                rows.add(about | row)


class _Maker:
    """Makes the cases of a pattern; peaks and the lattice are fitted once for each anode."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.truth = symmetrised(pattern.truth, SYMMETRIC) or pattern.truth
        self._lattices: dict[str, _Fitted] = {}

    def case(self, question: dict[str, Any]) -> dict[str, Any]:
        """Label and evidence of the true atoms with what a question has wrong."""
        anode = question["wavelength"]
        crystal = self._crystal(anode)
        if anode not in self._lattices:
            self._lattices[anode] = self._lattice(anode, crystal)
        found, points, lattice, alone = self._lattices[anode]
        crystal = replace(crystal, atomic_numbers=_numbers(self.truth, question["formula"]))
        number, symbol = space_group_of(crystal)
        candidate = Candidate(
            1, crystal, number, symbol, np.ones((1, 1, 1)),
            match_pattern(crystal, found.peaks.shifted(lattice.zero_shift)), "cubic", lattice,
            lattice_fit=alone, fit=fit_structure(points, crystal, number, alone),
        )  # fmt: skip
        known = composition(question["formula"], None, True)
        evidence = evidence_of([candidate], found, known)
        return {"label": candidate.label, "evidence": evidence.figures()}

    def _crystal(self, anode: str) -> Crystal:
        """The true one, which another wavelength makes larger or smaller."""
        by = radiation(anode).wavelength / radiation(self.pattern.anode).wavelength
        return replace(self.truth, lattice=self.truth.lattice * by)

    def _lattice(self, anode: str, crystal: Crystal) -> _Fitted:
        file = file_of(self.pattern, anode)
        found = find_peaks(file)
        points = ProfilePoints.of(file, found)
        shift = _displaced(crystal, found.peaks)
        lattice = replace(known_lattice(crystal, np.random.default_rng(5))[0], zero_shift=shift)
        alone = fit_lattice(points, lattice, float(np.median(found.width)))
        return found, points, lattice, alone


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
