"""Solve the cases for the verdict, and keep what speaks for and against what came out.

    python -m benchmarks.verdict_solving --each 3 --output work/verdicts/searched.jsonl
    python -m benchmarks.verdict_solving --measured --output work/verdicts/measured.jsonl

A line of JSON for each case, appended; cases that are there already are passed over. `--each`
counts crystals of each system; `--measured` takes the patterns of the repository instead. 8 s of
the processor a search at most. Monoclinic and triclinic lattices are given, others are found.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.decoding import DATA, matches
from benchmarks.row_file import RowFile
from benchmarks.verdict_cases import TOLD, Pattern, measured, scaled, simulated, told
from benchmarks.verdict_rows import KEYS
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.solving.arguments import composition
from crystalnet.solving.budget import Budget
from crystalnet.solving.fitting import fit_candidates
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattices_to_try import likely_lattices
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.search.cell_contents import check_room
from crystalnet.solving.settings import USUAL
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.verdict.evidence import Evidence, evidence_of

SECONDS = 8.0
# The evidence is of the first candidate: no other is fitted.
FIRST = replace(USUAL.fit, candidates=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=3, help="crystals of each system")
    parser.add_argument("--skip", type=int, default=0, help="of each, crystals to leave out first")
    parser.add_argument("--kinds", nargs="+", choices=TOLD, default=TOLD)
    parser.add_argument("--measured", action="store_true", help="the measured patterns alone")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    made = simulated(arguments.each, arguments.skip)
    patterns = list(measured() if arguments.measured else made)
    others = [pattern.truth for pattern in patterns]
    solver, rows = Solver(), RowFile(arguments.output, KEYS)
    for pattern in patterns:
        for kind in arguments.kinds:
            question = told(pattern, kind, others)
            if question is not None and not rows.has(pattern.name, kind):
                row = solver.case(pattern, question)
                about = {"pattern": pattern.name, "kind": kind, "question": question}
                rows.add(about | {"measured": arguments.measured, "searched": True, **row})


class Solver:
    """Solves cases; peaks and lattices of a pattern are found once."""

    def __init__(self) -> None:
        self.gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
        self._found: dict[tuple[str, str], tuple[PatternFile, FoundPeaks]] = {}
        self._edges: dict[tuple[str, str], tuple[str, tuple[float, ...]]] = {}

    def case(self, pattern: Pattern, question: dict[str, Any]) -> dict[str, Any]:
        """What comes of one case, as JSON can hold it."""
        started = time.process_time()
        try:
            label, first, evidence = self._solved(pattern, question)
        except CrystalNetError as error:
            return {"refused": str(error), "seconds": round(time.process_time() - started, 1)}
        return {
            "label": label,
            "right": is_right(pattern.truth, first),
            "seconds": round(time.process_time() - started, 1),
            "evidence": evidence.figures(),
        }

    def _solved(self, pattern: Pattern, question: dict[str, Any]) -> tuple[str, Crystal, Evidence]:
        known = composition(question.get("formula"), question.get("elements"), True)
        file, found = self._peaks(pattern, question["wavelength"])
        systems, edges = self._lattice(pattern, question)
        lattices = likely_lattices(found, systems, edges, known)
        if "scaled" not in question:
            key = pattern.name, question["wavelength"]
            self._edges.setdefault(key, (lattices[0].system, lattices[0].edges))
        tried = lattices[:3]
        check_room(known, [each.volume for each in lattices])
        candidates = solve_peaks(
            found.peaks, known, tried, self.gaussians, effort=0.5,
            budget=Budget(SECONDS, clock=time.process_time),
        )  # fmt: skip
        candidates = fit_candidates(candidates, file, found, settings=FIRST)
        evidence = evidence_of(candidates, found, known)
        return candidates[0].label, candidates[0].crystal, evidence

    def _peaks(self, pattern: Pattern, anode: str) -> tuple[PatternFile, FoundPeaks]:
        if (pattern.name, anode) not in self._found:
            file = file_of(pattern, anode)
            self._found[pattern.name, anode] = file, find_peaks(file)
        return self._found[pattern.name, anode]

    def _lattice(
        self, pattern: Pattern, question: dict[str, Any]
    ) -> tuple[list[str], tuple[float, ...] | None]:
        """Systems, and edges if they are told."""
        key = pattern.name, question["wavelength"]
        if "scaled" in question:
            if pattern.lattice is None and key not in self._edges:
                known = composition(None, None, True)
                found = self._peaks(pattern, pattern.anode)[1]
                first: IndexedLattice = likely_lattices(found, list(KINDS), None, known)[0]
                self._edges[key] = first.system, first.edges
            system, edges = pattern.lattice or self._edges[key]
            return [system], scaled(edges, KINDS[system].edges, question["scaled"])
        if pattern.lattice is not None:
            # The angles of the peaks are what they are: all lengths go with the wavelength.
            system, edges = pattern.lattice
            by = radiation(question["wavelength"]).wavelength / radiation(pattern.anode).wavelength
            return [system], scaled(edges, KINDS[system].edges, by)
        if key in self._edges:
            return [self._edges[key][0]], self._edges[key][1]
        return list(KINDS), None


def file_of(pattern: Pattern, anode: str) -> PatternFile:
    """A pattern as it is read where an anode is told."""
    x, y = pattern.profile.T
    return PatternFile(Path(pattern.name), x, y, None, radiation(anode), False)


def is_right(truth: Crystal, found: Crystal) -> bool:
    """Whether formula, volume an atom to 15 %, and atoms are the true ones."""
    one, other = (each.to_structure().composition.reduced_formula for each in (truth, found))
    larger = _atomic(found) / _atomic(truth)
    return one == other and 0.85 < larger < 1.15 and matches(truth, found)


def _atomic(crystal: Crystal) -> float:
    return float(crystal.volume) / len(crystal.atomic_numbers)


if __name__ == "__main__":
    main()
