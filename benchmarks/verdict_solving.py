"""Solve the cases for the verdict, once: what came out is kept, so that evidence can be taken anew.

    python -m benchmarks.verdict_solving --each 6 --output work/verdicts.jsonl

A line of JSON for each case, appended; cases that are there already are passed over. `--each`
counts crystals of each system; `--measured` takes the patterns of the repository instead. 8 s a
case at most. Monoclinic and triclinic lattices are given, others are found.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.decoding import DATA, matches
from benchmarks.verdict_cases import TOLD, Pattern, measured, scaled, simulated, told
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.solving.arguments import composition
from crystalnet.solving.budget import Budget
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattices_to_try import likely_lattices
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.search.cell_contents import check_room
from crystalnet.solving.strategy import solve_peaks

SECONDS, KEPT = 8.0, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=6, help="crystals of each system")
    parser.add_argument("--skip", type=int, default=0, help="of each, crystals to leave out first")
    parser.add_argument("--kinds", nargs="+", choices=TOLD, default=TOLD)
    parser.add_argument("--measured", action="store_true", help="the measured patterns alone")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    done = set()
    if arguments.output.is_file():
        with arguments.output.open("rb") as lines:
            done = {(row["pattern"], row["kind"]) for row in map(json.loads, lines)}
    made = simulated(arguments.each, arguments.skip)
    patterns = list(measured() if arguments.measured else made)
    others = [pattern.truth for pattern in patterns]
    solver = Solver()
    for pattern in patterns:
        for kind in arguments.kinds:
            if (pattern.name, kind) not in done:
                question = told(pattern, kind, others)
                if question is not None:
                    row = solver.case(pattern, kind, question)
                    row["measured"] = arguments.measured
                    with arguments.output.open("ab") as lines:
                        lines.write(orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")


class Solver:
    """Solves cases; peaks and lattices of a pattern are found once."""

    def __init__(self) -> None:
        self.gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
        self._found: dict[tuple[str, str], FoundPeaks] = {}
        self._edges: dict[tuple[str, str], tuple[str, tuple[float, ...]]] = {}

    def case(self, pattern: Pattern, kind: str, question: dict[str, Any]) -> dict[str, Any]:
        """What comes of one case, as JSON can hold it."""
        started = time.process_time()
        row: dict[str, Any] = {"pattern": pattern.name, "kind": kind, "question": question}
        try:
            found, candidates = self._solved(pattern, question)
        except CrystalNetError as error:
            return {**row, "refused": str(error)}
        first = candidates[0].crystal
        same = first.to_structure().composition.reduced_formula
        right = (
            matches(pattern.truth, first)
            and same == pattern.truth.to_structure().composition.reduced_formula
            and 0.85 < _atomic(first) / _atomic(pattern.truth) < 1.15
        )
        peaks = found.peaks
        return row | {
            "right": right,
            "seconds": round(time.process_time() - started, 1),
            "two_theta": peaks.two_theta,
            "intensity": peaks.intensity,
            "wavelength": peaks.wavelength,
            "range": list(peaks.two_theta_range),
            "candidates": [kept(each) for each in candidates[:KEPT]],
        }

    def _solved(
        self, pattern: Pattern, question: dict[str, Any]
    ) -> tuple[FoundPeaks, list[Candidate]]:
        known = composition(question.get("formula"), question.get("elements"), True)
        key = pattern.name, question["wavelength"]
        for anode in {pattern.anode, question["wavelength"]}:
            if (pattern.name, anode) not in self._found:
                x, y = pattern.profile.T
                file = PatternFile(Path(pattern.name), x, y, None, radiation(anode), False)
                self._found[pattern.name, anode] = find_peaks(file)
        found = self._found[key]
        systems, edges = list(KINDS), None
        if "scaled" in question:
            usual = self._lattice(pattern, found)
            systems = [usual[0]]
            edges = scaled(usual[1], KINDS[usual[0]].edges, question["scaled"])
        elif pattern.lattice is not None:
            # The angles of the peaks are what they are: all lengths go with the wavelength.
            by = found.peaks.wavelength / self._found[pattern.name, pattern.anode].peaks.wavelength
            systems = [pattern.lattice[0]]
            edges = scaled(pattern.lattice[1], KINDS[systems[0]].edges, by)
        elif key in self._edges:
            systems, edges = [self._edges[key][0]], self._edges[key][1]
        lattices = likely_lattices(found, systems, edges, known)
        if "scaled" not in question:
            self._edges.setdefault(key, (lattices[0].system, lattices[0].edges))
        check_room(known, [each.volume for each in lattices])
        return found, solve_peaks(
            found.peaks, known, lattices[:3], self.gaussians, effort=0.5,
            budget=Budget(SECONDS, clock=time.process_time),
        )  # fmt: skip

    def _lattice(self, pattern: Pattern, found: FoundPeaks) -> tuple[str, tuple[float, ...]]:
        if pattern.lattice is not None:
            return pattern.lattice
        key = pattern.name, pattern.anode
        if key not in self._edges:
            known = composition(None, None, True)
            first = likely_lattices(found, list(KINDS), None, known)[0]
            self._edges[key] = first.system, first.edges
        return self._edges[key]


def kept(candidate: Candidate) -> dict[str, Any]:
    crystal, match = candidate.crystal, candidate.match
    return {
        "lattice": crystal.lattice,
        "numbers": crystal.atomic_numbers,
        "coordinates": np.round(crystal.frac_coords, 6),
        "space_group": candidate.space_group,
        "symbol": candidate.space_group_symbol,
        "system": candidate.system,
        "centring": candidate.centring,
        "zero_shift": candidate.zero_shift,
        "match": [match.rwp, match.correlation, match.displacement],
        "analogue_of": candidate.analogue_of,
    }


def _atomic(crystal: Any) -> float:
    return float(crystal.volume) / len(crystal.atomic_numbers)


if __name__ == "__main__":
    main()
