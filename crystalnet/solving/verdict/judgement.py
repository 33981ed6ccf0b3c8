"""The word for a solution, and the reasons for it."""

from dataclasses import dataclass, replace
from typing import Any

from crystalnet.solving.settings import USUAL, VerdictSettings
from crystalnet.solving.verdict.evidence import Evidence
from crystalnet.solving.verdict.findings import Word, findings


@dataclass(frozen=True)
class Verdict:
    """A word for the first candidate of a solution, and what it stands on.

    Attributes:
        word: of four.
        reasons: sentences for a person to read: what decided comes first.
        evidence: all figures.
    """

    word: Word
    reasons: tuple[str, ...]
    evidence: Evidence

    def told(self) -> dict[str, Any]:
        """The same in words and numbers that JSON can hold."""
        return {
            "word": str(self.word),
            "reasons": list(self.reasons),
            "figures": self.evidence.figures(),
        }


def judged(evidence: Evidence, settings: VerdictSettings = USUAL.verdict) -> Verdict:
    """The verdict that evidence gives: the worst word of all findings, and those that say so."""
    against = list(findings(evidence, settings))
    if len(against) == 1 and against[0].alone:
        against = [replace(against[0], reason=against[0].alone)]
    for word in (Word.NOT_SOLVED, Word.AMBIGUOUS, Word.LIKELY):
        reasons = [each.reason for each in against if each.word is word]
        if reasons:
            return Verdict(word, (*reasons, _fit(evidence)), evidence)
    return Verdict(Word.SOLVED, (_fit(evidence), _proof(evidence)), evidence)


def _fit(evidence: Evidence) -> str:
    told = (
        f"Rwp {evidence.textured:.3f} of the peaks; the best areas that the lattice allows leave "
        f"{evidence.reachable:.3f}"
    )
    if evidence.fitted is not None and evidence.lattice_fitted is not None:
        told += (
            f"; fitted to the profile {evidence.fitted:.3f}, the lattice alone "
            f"{evidence.lattice_fitted:.3f}"
        )
    if evidence.not_fitted:
        told += f"; not fitted to the profile: {evidence.not_fitted}"
    return told


def _proof(evidence: Evidence) -> str:
    return (
        f"{evidence.peaks} peaks for {evidence.parameters} parameters, and no other element fits "
        "as well"
    )
