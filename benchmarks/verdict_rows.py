"""Rows that cases for the verdict are kept in: one line of JSON each, appended as they are made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from crystalnet.solving.verdict.evidence import Evidence
from crystalnet.solving.verdict.replacements import Replacement


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


class Rows:
    """A file of rows that a run which ended early goes on with."""

    def __init__(self, path: Path) -> None:
        """Read which cases there are."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._done = (
            {(row["pattern"], row["kind"]) for row in _rows(path)} if path.exists() else set()
        )

    def has(self, pattern: str, kind: str) -> bool:
        """Whether a case is there."""
        return (pattern, kind) in self._done

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep one more."""
        with self._path.open("ab") as lines:
            lines.write(orjson.dumps(dict(row), option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def cases(paths: Sequence[Path]) -> Iterator[Case]:
    """Of every line of some files."""
    for row in (row for path in paths for row in _rows(path)):
        held_back = sum(map(ord, row["pattern"])) % 2 == 1
        figures = row.get("evidence")
        yield Case(
            row["pattern"], row["kind"], row["measured"], row["searched"], held_back,
            row.get("right", False), row.get("label", row.get("refused")),
            None if figures is None else _evidence(figures),
        )  # fmt: skip


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from map(json.loads, lines)


def _evidence(figures: dict[str, Any]) -> Evidence:
    return Evidence(
        **figures
        | {
            "framework": tuple((z, count) for z, count in figures["framework"]),
            "replacements": tuple(Replacement(**each) for each in figures["replacements"]),
        }
    )
