"""What the figures about a solution say of it, in sentences, and how much each counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pymatgen.core import Element

from crystalnet.solving.settings import VerdictSettings
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
class Finding:
    """Something that speaks against a solution.

    Attributes:
        word: the best that can be said of a solution of which this is true.
        reason: a sentence for a person to read.
        alone: what is said in place of it where nothing else speaks against the solution; empty
            where that is no different.
    """

    word: Word
    reason: str
    alone: str = ""


def findings(evidence: Evidence, settings: VerdictSettings) -> Iterator[Finding]:
    """All that speaks against a solution, in the order in which it is told."""
    yield from _of_profile(evidence, settings)
    if evidence.peaks - evidence.parameters < settings.fewest_spare:
        yield Finding(
            Word.AMBIGUOUS,
            f"{evidence.peaks} peaks are too few to prove {evidence.parameters} parameters: "
            "measure to higher angles",
        )
    yield from _by_degrees(evidence, settings)
    yield from _of_others(evidence, settings)
    if evidence.balanced is False:
        yield Finding(Word.LIKELY, "the usual charges of these elements do not add up to none")


def _of_profile(evidence: Evidence, settings: VerdictSettings) -> Iterator[Finding]:
    """How far the computed pattern is from the measured one."""
    far = "the computed pattern is far from the measured one: "
    fits = _fits(evidence, settings)
    if evidence.textured > settings.bad_rwp and not fits:
        yield Finding(
            Word.NOT_SOLVED, f"{far}Rwp {evidence.textured:.2f}, more than {settings.bad_rwp:g}"
        )
    elif evidence.correlation < settings.bad_correlation and not fits:
        yield Finding(
            Word.NOT_SOLVED,
            f"{far}their correlation is {evidence.correlation:.2f}, less than "
            f"{settings.bad_correlation:g}",
        )
    elif evidence.textured > settings.good_rwp:
        yield Finding(
            Word.LIKELY,
            f"the computed pattern leaves Rwp {evidence.textured:.2f}, more than "
            f"{settings.good_rwp:g}: refine it before it is relied on",
        )


def _by_degrees(evidence: Evidence, settings: VerdictSettings) -> Iterator[Finding]:
    """What cannot be beyond one threshold, and is a doubt or a weakness beyond another."""
    yield from _graded(
        evidence.unexplained,
        (settings.bad_unexplained, settings.good_unexplained),
        Word.LIKELY,
        f"a peak of {100 * evidence.unexplained:.0f} % of the strongest is at no line of the "
        "lattice: ",
        ("another lattice, or a second phase", "perhaps of a second phase"),
    )
    yield from _graded(
        evidence.missing,
        (settings.bad_missing, settings.good_missing),
        Word.LIKELY,
        f"a line of {100 * evidence.missing:.0f} % of the strongest is computed where nothing "
        "is measured",
    )
    yield from _graded(
        evidence.distance,
        (settings.bad_distance, settings.good_distance),
        Word.AMBIGUOUS,
        evidence.distance_words,
    )
    yield from _graded(
        max(evidence.volume, 1 / evidence.volume),
        (settings.bad_volume, settings.good_volume),
        Word.AMBIGUOUS,
        f"the cell has {evidence.volume:.2f} times the volume that its atoms usually take: ",
        (
            "check wavelength and composition",
            "another wavelength or composition may be the right one",
        ),
    )


def _graded(
    value: float,
    thresholds: tuple[float, float],
    weaker: Word,
    reason: str,
    endings: tuple[str, str] = ("", ""),
) -> Iterator[Finding]:
    """A finding about a figure that is too large, if it is.

    Args:
        thresholds: beyond the first nothing is solved, beyond the second it is the weaker word.
        endings: of the reason, for each.
    """
    for threshold, word, ending in zip(thresholds, (Word.NOT_SOLVED, weaker), endings, strict=True):
        if value > threshold:
            yield Finding(word, reason + ending)
            return


def _of_others(evidence: Evidence, settings: VerdictSettings) -> Iterator[Finding]:
    """What else would explain the pattern: fewer atoms, other elements, the next candidate."""
    unseen = _unseen(evidence, settings)
    if unseen:
        yield Finding(
            Word.AMBIGUOUS,
            f"the pattern hardly sees {', '.join(unseen)}: without it, it is explained as well",
        )
    by_element = _by_element(evidence, settings)
    others = _as_well(by_element)
    if evidence.told in ("nothing", "some"):
        yield Finding(
            Word.AMBIGUOUS,
            f"not all elements were given: this is a framework of {_framework(evidence)}, and "
            "elements of nearly as many would do" + (f" ({others})" if others else ""),
        )
    elif others:
        alone = _settled(by_element, settings) if evidence.told == "formula" else ""
        yield Finding(Word.AMBIGUOUS, f"other elements would fit as well: {others}", alone)
    if evidence.next_rwp is not None and (
        evidence.next_rwp < settings.margin * evidence.rwp + settings.same_rwp
    ):
        yield Finding(
            Word.AMBIGUOUS,
            f"candidate {evidence.next_label} explains the pattern nearly as well: Rwp "
            f"{evidence.next_rwp:.3f} beside {evidence.rwp:.3f}",
        )


def _fits(evidence: Evidence, settings: VerdictSettings) -> bool:
    """Whether the fitted structure leaves hardly more of the profile than its lattice does."""
    if evidence.fitted is None or evidence.lattice_fitted is None:
        return False
    return evidence.fitted <= settings.fitted * evidence.lattice_fitted


def _by_element(evidence: Evidence, settings: VerdictSettings) -> dict[str, list[str]]:
    """What else would stand on the sites of each element; those of which nothing would are out."""
    by_element: dict[str, list[str]] = {}
    for each in evidence.replacements:
        if _plausible(each, evidence, settings):
            by_element.setdefault(each.element, []).append(each.by)
    return by_element


def _as_well(by_element: Mapping[str, list[str]]) -> str:
    """The same in words; empty for nothing."""
    return "; ".join(
        f"{' or '.join(others)} for {element}" for element, others in by_element.items()
    )


def _settled(by_element: Mapping[str, list[str]], settings: VerdictSettings) -> str:
    """That the places of the atoms are not in doubt; empty where an element is far from another.

    The scale and the displacement parameters take up a few electrons, and no place changes.
    """
    for element, others in by_element.items():
        own = Element(element).Z
        least = max(1.0, settings.as_many * own)
        if any(abs(Element(other).Z - own) > least for other in others):
            return ""
    pairs = [f"{element} from {' or '.join(others)}" for element, others in by_element.items()]
    return (
        "the arrangement of the atoms is settled, but elements of nearly as many electrons would "
        f"fit as well: only a chemical analysis can tell {', and '.join(pairs)}"
    )


def _framework(evidence: Evidence) -> str:
    kinds = [f"{atoms} atoms of {electrons} electrons" for electrons, atoms in evidence.framework]
    return f"{', '.join(kinds)} in a cell"


def _plausible(each: Replacement, evidence: Evidence, settings: VerdictSettings) -> bool:
    """Whether a replacement agrees within the error of the data, and can be."""
    return (
        each.by != "nothing"
        and _agrees(each, evidence, settings, settings.error)
        and each.distance <= max(evidence.distance, settings.good_distance)
        and not (each.balanced is False and evidence.balanced)
    )


def _agrees(each: Replacement, evidence: Evidence, settings: VerdictSettings, error: float) -> bool:
    """Whether a replacement agrees with the peaks, and with the profile where that was fitted."""
    fits = each.growth is None or each.growth <= settings.growth
    return fits and each.rwp <= error * _left(evidence, settings)


def _left(evidence: Evidence, settings: VerdictSettings) -> float:
    """What the candidate leaves, no less than what errors of the data do."""
    return max(evidence.textured, settings.floor)


def _unseen(evidence: Evidence, settings: VerdictSettings) -> list[str]:
    """Elements without which the pattern is explained as well."""
    return [
        each.element
        for each in evidence.replacements
        if each.by == "nothing" and _agrees(each, evidence, settings, settings.unseen)
    ]
