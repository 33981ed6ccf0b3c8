"""Cases for the verdict, as benchmarks that made them kept them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.row_file import rows_of
from crystalnet.solving.verdict.evidence import Evidence
from crystalnet.solving.verdict.replacements import Replacement

# What tells rows of cases apart.
KEYS = ("pattern", "kind")


@dataclass(frozen=True)
class Case:
    """One case and what its first candidate's evidence is; None where it was refused.

    Attributes:
        pattern: its name.
        kind: what was told of it.
        measured: whether it is a measured pattern.
        searched: whether the candidate is what a search found, or was made of the true one.
        held_back: whether thresholds were chosen without it: every second crystal.
        right: whether the first candidate is the structure that was measured.
        label: the candidate, or why it was refused.
    """

    pattern: str
    kind: str
    measured: bool
    searched: bool
    held_back: bool
    right: bool
    label: str
    evidence: Evidence | None


def cases(paths: Sequence[Path]) -> Iterator[Case]:
    """Of every line of some files."""
    for row in (row for path in paths for row in rows_of(path)):
        held_back = sum(map(ord, row["pattern"])) % 2 == 1
        figures = row.get("evidence")
        yield Case(
            row["pattern"], row["kind"], row["measured"], row["searched"], held_back,
            row.get("right", False), row.get("label", row.get("refused")),
            None if figures is None else _evidence(figures),
        )  # fmt: skip


def _evidence(figures: dict[str, Any]) -> Evidence:
    return Evidence(
        **figures
        | {
            "framework": tuple((z, count) for z, count in figures["framework"]),
            "replacements": tuple(Replacement(**each) for each in figures["replacements"]),
        }
    )
