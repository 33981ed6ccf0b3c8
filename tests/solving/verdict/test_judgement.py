"""The word, from evidence as it is and as it might be."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.verdict.evidence import Evidence, evidence_of
from crystalnet.solving.verdict.findings import Word
from crystalnet.solving.verdict.judgement import Verdict, judged
from crystalnet.solving.verdict.replacements import Replacement
from tests.solving.verdict.conftest import CRYSTALS, CU, listed

Peaks = Callable[[Crystal], MeasuredPeaks]
NOTHING = KnownComposition((), complete=False)


def formula_of(crystal: Crystal) -> KnownComposition:
    return KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)


@pytest.fixture
def verdict_on(peaks_of: Peaks, candidate_of: Callable[..., Candidate]) -> Callable[..., Verdict]:
    """What is said of some candidates for the pattern of a crystal."""

    def verdict(
        truth: Crystal, *crystals: Crystal, known: KnownComposition | None = None
    ) -> Verdict:
        peaks = peaks_of(truth)
        candidates = [candidate_of(each, peaks, rank) for rank, each in enumerate(crystals, 1)]
        return judged(evidence_of(candidates, listed(peaks), known or formula_of(crystals[0])))

    return verdict


def with_elements(crystal: Crystal, elements: dict[int, int]) -> Crystal:
    numbers = [elements.get(z, z) for z in crystal.atomic_numbers.tolist()]
    return replace(crystal, atomic_numbers=np.array(numbers))


@pytest.mark.parametrize("name", ["halite", "fluorite"])
def test_the_right_atoms_are_solved(name: str, verdict_on: Callable[..., Verdict]) -> None:
    verdict = verdict_on(CRYSTALS[name], CRYSTALS[name])
    assert verdict.word is Word.SOLVED, verdict.reasons
    assert "peaks for" in verdict.reasons[-1]


@pytest.mark.parametrize(
    ("name", "elements", "truth"),
    [("hematite", {26: 25}, "Fe"), ("halite", {17: 16}, None), ("HoB2", {67: 66}, "Ho")],
)
def test_neighbours_in_the_periodic_table_are_named(
    name: str, elements: dict[int, int], truth: str | None, verdict_on: Callable[..., Verdict]
) -> None:
    verdict = verdict_on(CRYSTALS[name], with_elements(CRYSTALS[name], elements))
    assert verdict.word in (Word.AMBIGUOUS, Word.NOT_SOLVED), verdict.reasons
    if truth is not None:
        (named,) = (each for each in verdict.reasons if "fit as well" in each)
        assert f"{truth} " in named


@pytest.mark.parametrize(
    ("name", "elements"), [("HoB2", {67: 13}), ("halite", {11: 26}), ("quartz", {14: 32})]
)
def test_distant_elements_are_no_solution(
    name: str, elements: dict[int, int], verdict_on: Callable[..., Verdict]
) -> None:
    verdict = verdict_on(CRYSTALS[name], with_elements(CRYSTALS[name], elements))
    assert verdict.word in (Word.AMBIGUOUS, Word.NOT_SOLVED), verdict.reasons


@pytest.mark.parametrize("name", ["halite", "fluorite", "hematite", "quartz", "LaB6"])
@pytest.mark.parametrize("anode", [1.7903, 0.71073], ids=["Co", "Mo"])
def test_the_wrong_anode_is_never_solved(
    name: str, anode: float, peaks_of: Peaks, candidate_of: Callable[..., Candidate]
) -> None:
    crystal = CRYSTALS[name]
    peaks = replace(peaks_of(crystal), wavelength=anode)
    scaled = replace(crystal, lattice=crystal.lattice * anode / CU)
    verdict = judged(evidence_of([candidate_of(scaled, peaks)], listed(peaks), formula_of(crystal)))
    assert verdict.word in (Word.AMBIGUOUS, Word.NOT_SOLVED), verdict.reasons


@pytest.mark.parametrize("known", [NOTHING, KnownComposition((17,), complete=False)])
def test_without_all_elements_the_answer_is_a_framework(
    known: KnownComposition, verdict_on: Callable[..., Verdict]
) -> None:
    halite = CRYSTALS["halite"]
    verdict = verdict_on(halite, halite, known=known)
    assert verdict.word is Word.AMBIGUOUS
    assert "a framework of 4 atoms of 11 electrons, 4 atoms of 17 electrons" in verdict.reasons[0]


@pytest.fixture
def solved(verdict_on: Callable[..., Verdict]) -> Evidence:
    return verdict_on(CRYSTALS["halite"], CRYSTALS["halite"]).evidence


def test_a_light_atom_that_the_pattern_does_not_see_is_named(solved: Evidence) -> None:
    unseen = Replacement("H", "nothing", solved.textured, 0.0, None)
    verdict = judged(replace(solved, replacements=(unseen,)))
    assert verdict.word is Word.AMBIGUOUS
    assert "hardly sees H" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("others", "changes", "settled"),
    [
        (["S", "P"], {}, True),
        # Not the only doubt, not a neighbour, not told that it is chlorine.
        (["S", "P"], {"textured": 0.5, "rwp": 0.5}, False),
        (["S", "P"], {"peaks": 1}, False),
        (["S", "Br"], {}, False),
        (["S", "P"], {"told": "elements"}, False),
    ],
)
def test_where_elements_alone_are_in_doubt_the_arrangement_is_settled(
    others: list[str], changes: dict[str, object], settled: bool, solved: Evidence
) -> None:
    swaps = tuple(Replacement("Cl", by, 0.0, 0.0, None) for by in others)
    verdict = judged(replace(solved, replacements=swaps, **changes))
    assert verdict.word is Word.AMBIGUOUS
    told = " ".join(verdict.reasons)
    assert " or ".join(others) in told
    assert ("arrangement of the atoms is settled" in told) is settled
    assert ("only a chemical analysis can tell Cl from S or P" in told) is settled


@pytest.mark.parametrize(
    ("changes", "word", "reason"),
    [
        ({"textured": 0.9}, Word.NOT_SOLVED, "far from the measured one"),
        ({"textured": 0.9, "fitted": 0.3, "lattice_fitted": 0.2}, Word.NOT_SOLVED, "far from"),
        ({"unexplained": 0.8}, Word.NOT_SOLVED, "at no line of the lattice"),
        ({"missing": 0.8}, Word.NOT_SOLVED, "where nothing is measured"),
        ({"correlation": 0.7}, Word.NOT_SOLVED, "correlation is 0.70"),
        (
            {"correlation": 0.7, "fitted": 0.3, "lattice_fitted": 0.2},
            Word.NOT_SOLVED,
            "correlation is 0.70",
        ),
        (
            {
                "correlation": 0.7,
                "textured": 0.5,
                "fitted": 0.21,
                "lattice_fitted": 0.2,
                "replacements": (),
            },
            Word.LIKELY,
            "leaves Rwp 0.50",
        ),
        ({"volume": 2.4}, Word.NOT_SOLVED, "2.40 times the volume"),
        ({"volume": 1.6}, Word.AMBIGUOUS, "another wavelength"),
        ({"distance": 0.05, "distance_words": "Si and O are 3 A apart"}, Word.AMBIGUOUS, "apart"),
        ({"volume": 0.4}, Word.NOT_SOLVED, "check wavelength"),
        ({"distance": 0.5, "distance_words": "Si and O are 3 A apart"}, Word.NOT_SOLVED, "apart"),
        ({"peaks": 1}, Word.AMBIGUOUS, "1 peaks are too few"),
        ({"next_rwp": 0.0, "next_label": "2 Si P1"}, Word.AMBIGUOUS, "candidate 2 Si P1"),
        ({"balanced": False, "replacements": ()}, Word.LIKELY, "charges"),
        (
            {"textured": 0.9, "fitted": 0.21, "lattice_fitted": 0.2, "replacements": ()},
            Word.LIKELY,
            "leaves Rwp 0.90",
        ),
        ({"textured": 0.5, "replacements": ()}, Word.LIKELY, "leaves Rwp 0.50"),
        ({"unexplained": 0.2}, Word.LIKELY, "perhaps of a second phase"),
        ({"missing": 0.15}, Word.LIKELY, "where nothing is measured"),
    ],
)
def test_each_thing_that_speaks_against_it(
    changes: dict[str, object], word: Word, reason: str, solved: Evidence
) -> None:
    verdict = judged(replace(solved, **changes))
    assert verdict.word is word
    assert reason in verdict.reasons[0]
    assert verdict.told()["figures"]["peaks"] == changes.get("peaks", solved.peaks)


def test_a_fit_that_is_missing_is_told(solved: Evidence) -> None:
    told = judged(replace(solved, not_fitted="a list of peaks has no profile")).reasons
    assert "not fitted to the profile: a list of peaks has no profile" in " ".join(told)
