"""What `benchmarks.verdict_solving` kept, as evidence and truth."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.agreement.profile import PatternMatch
from crystalnet.solving.arguments import composition
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.verdict.evidence import Evidence, evidence_of


@dataclass(frozen=True)
class Case:
    """One case and what its candidates' evidence is; None where it was refused.

    Attributes:
        held_back: whether thresholds were fitted without it: every second crystal.
        right: whether the first candidate is the structure that was measured.
    """

    pattern: str
    kind: str
    measured: bool
    held_back: bool
    right: bool
    label: str
    evidence: Evidence | None


def cases(paths: Sequence[Path]) -> Iterator[Case]:
    """Of every line of some files."""
    for path in paths:
        with path.open("rb") as lines:
            for row in map(json.loads, lines):
                yield _case(row)


def _case(row: dict[str, Any]) -> Case:
    held_back = sum(map(ord, row["pattern"])) % 2 == 1
    about = row["pattern"], row["kind"], row["measured"], held_back
    if "refused" in row:
        return Case(*about, False, row["refused"], None)
    question = row["question"]
    known = composition(question.get("formula"), question.get("elements"), True)
    peaks = MeasuredPeaks(
        np.array(row["two_theta"]), np.array(row["intensity"]), row["wavelength"],
        (row["range"][0], row["range"][1]),
    )  # fmt: skip
    candidates = [_candidate(rank, each) for rank, each in enumerate(row["candidates"], start=1)]
    return Case(*about, row["right"], candidates[0].label, evidence_of(candidates, peaks, known))


def _candidate(rank: int, kept: dict[str, Any]) -> Candidate:
    crystal = Crystal(
        f"candidate {rank}",
        np.array(kept["lattice"]),
        np.array(kept["numbers"]),
        np.array(kept["coordinates"]),
    )
    return Candidate(
        rank, crystal, kept["space_group"], kept["symbol"], np.ones((1, 1, 1)),
        PatternMatch(*kept["match"]), kept["system"], kept["centring"], kept["analogue_of"],
        kept["zero_shift"],
    )  # fmt: skip
