"""The word for a solution, and the reasons for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crystalnet.solving.settings import USUAL, VerdictSettings
from crystalnet.solving.verdict.evidence import Evidence
from crystalnet.solving.verdict.replacements import Replacement


class Word(StrEnum):
    """How far a solution can be trusted.

    Attributes:
        SOLVED: the pattern proves structure and elements, as far as patterns do.
        LIKELY: nothing speaks against it, but the proof is weak.
        AMBIGUOUS: something else explains the pattern as well.
        NOT_SOLVED: this does not explain the pattern, or cannot be.
    """

    SOLVED = "solved"
    LIKELY = "likely"
    AMBIGUOUS = "ambiguous"
    NOT_SOLVED = "not solved"


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
    """The verdict that evidence gives.

    What cannot be comes first, then what else there may be, then what is weak.
    """
    for word, reasons in (
        (Word.NOT_SOLVED, _against(evidence, settings)),
        (Word.AMBIGUOUS, _doubts(evidence, settings)),
        (Word.LIKELY, _weaknesses(evidence, settings)),
    ):
        if reasons:
            return Verdict(word, (*reasons, _fit(evidence)), evidence)
    return Verdict(Word.SOLVED, (_fit(evidence), _proof(evidence)), evidence)


def _against(evidence: Evidence, settings: VerdictSettings) -> list[str]:
    found = []
    if evidence.textured > settings.bad_rwp and not _fits(evidence, settings):
        found.append(
            f"the computed pattern is far from the measured one: Rwp {evidence.textured:.2f}, "
            f"more than {settings.bad_rwp:g}"
        )
    elif evidence.correlation < settings.bad_correlation:
        found.append(
            "the computed pattern is far from the measured one: their correlation is "
            f"{evidence.correlation:.2f}, less than {settings.bad_correlation:g}"
        )
    if evidence.unexplained > settings.bad_unexplained:
        found.append(
            f"a peak of {100 * evidence.unexplained:.0f} % of the strongest is at no line of the "
            "lattice: another lattice, or a second phase"
        )
    if evidence.missing > settings.bad_missing:
        found.append(
            f"a line of {100 * evidence.missing:.0f} % of the strongest is computed where nothing "
            "is measured"
        )
    if evidence.distance > settings.bad_distance:
        found.append(evidence.distance_words)
    if not 1 / settings.bad_volume < evidence.volume < settings.bad_volume:
        found.append(
            f"the cell has {evidence.volume:.2f} times the volume that its atoms usually take: "
            "check wavelength and composition"
        )
    return found


def _doubts(evidence: Evidence, settings: VerdictSettings) -> list[str]:
    found = []
    spare = evidence.peaks - evidence.parameters
    if spare < settings.fewest_spare:
        found.append(
            f"{evidence.peaks} peaks are too few to prove {evidence.parameters} parameters: "
            "measure to higher angles"
        )
    if evidence.distance > settings.good_distance:
        found.append(evidence.distance_words)
    if not 1 / settings.good_volume < evidence.volume < settings.good_volume:
        found.append(
            f"the cell has {evidence.volume:.2f} times the volume that its atoms usually take: "
            "another wavelength or composition may be the right one"
        )
    unseen = _unseen(evidence, settings)
    if unseen:
        found.append(
            f"the pattern hardly sees {', '.join(unseen)}: without it, it is explained as well"
        )
    others = as_well(evidence, settings)
    if evidence.told in ("nothing", "some"):
        found.append(
            f"not all elements were given: this is a framework of {_framework(evidence)}, and "
            "elements of nearly as many would do" + (f" ({others})" if others else "")
        )
    elif others:
        found.append(f"other elements would fit as well: {others}")
    if evidence.next_rwp is not None and (
        evidence.next_rwp < settings.margin * evidence.rwp + settings.same_rwp
    ):
        found.append(
            f"candidate {evidence.next_label} explains the pattern nearly as well: Rwp "
            f"{evidence.next_rwp:.3f} beside {evidence.rwp:.3f}"
        )
    return found


def _weaknesses(evidence: Evidence, settings: VerdictSettings) -> list[str]:
    found = []
    if evidence.textured > settings.good_rwp:
        found.append(
            f"the computed pattern leaves Rwp {evidence.textured:.2f}, more than "
            f"{settings.good_rwp:g}: refine it before it is relied on"
        )
    if evidence.unexplained > settings.good_unexplained:
        found.append(
            f"a peak of {100 * evidence.unexplained:.0f} % of the strongest is at no line of the "
            "lattice: perhaps of a second phase"
        )
    if evidence.missing > settings.good_missing:
        found.append(
            f"a line of {100 * evidence.missing:.0f} % of the strongest is computed where nothing "
            "is measured"
        )
    if evidence.balanced is False:
        found.append("the usual charges of these elements do not add up to none")
    return found


def _fits(evidence: Evidence, settings: VerdictSettings) -> bool:
    """Whether the fitted structure leaves hardly more of the profile than its lattice does."""
    if evidence.fitted is None or evidence.lattice_fitted is None:
        return False
    return evidence.fitted <= settings.fitted * evidence.lattice_fitted


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
    return told


def _proof(evidence: Evidence) -> str:
    return (
        f"{evidence.peaks} peaks for {evidence.parameters} parameters, and no other element fits "
        "as well"
    )


def as_well(evidence: Evidence, settings: VerdictSettings) -> str:
    """What else would stand on the sites of each element, in words; empty for nothing."""
    by_element: dict[str, list[str]] = {}
    for each in evidence.replacements:
        if _plausible(each, evidence, settings):
            by_element.setdefault(each.element, []).append(each.by)
    return "; ".join(
        f"{' or '.join(others)} for {element}" for element, others in by_element.items()
    )


def _framework(evidence: Evidence) -> str:
    kinds = [f"{atoms} atoms of {electrons} electrons" for electrons, atoms in evidence.framework]
    return f"{', '.join(kinds)} in a cell"


def _plausible(each: Replacement, evidence: Evidence, settings: VerdictSettings) -> bool:
    """Whether a replacement agrees within the error of the data, and can be."""
    return (
        each.by != "nothing"
        and each.rwp <= settings.error * _left(evidence, settings)
        and each.distance <= max(evidence.distance, settings.good_distance)
        and not (each.balanced is False and evidence.balanced)
    )


def _left(evidence: Evidence, settings: VerdictSettings) -> float:
    """What the candidate leaves, no less than what errors of the data do."""
    return max(evidence.textured, settings.floor)


def _unseen(evidence: Evidence, settings: VerdictSettings) -> list[str]:
    """Elements without which the pattern is explained as well."""
    return [
        each.element
        for each in evidence.replacements
        if each.by == "nothing" and each.rwp <= settings.unseen * _left(evidence, settings)
    ]
