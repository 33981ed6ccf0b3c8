"""Elements on the sites where the pattern wants them."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.agreement.arrangements import PatternScorer
from crystalnet.solving.agreement.exchange import exchange_elements
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL


def spacegroup(group: str, a: float, species: list[str], sites: list[list[float]]) -> Crystal:
    structure = Structure.from_spacegroup(group, Lattice.cubic(a), species, sites)
    return Crystal.from_structure(structure.get_primitive_structure())


HEUSLER = spacegroup(
    "Fm-3m", 5.95, ["Cu", "Mn", "Al"], [[0.25, 0.25, 0.25], [0.5, 0.5, 0.5], [0, 0, 0]]
)
INVERSE = spacegroup(
    "F-43m", 5.95, ["Cu", "Cu", "Mn", "Al"],
    [[0, 0, 0], [0.25, 0.25, 0.25], [0.5, 0.5, 0.5], [0.75, 0.75, 0.75]],
)  # fmt: skip
PEROVSKITE = spacegroup(
    "Pm-3m", 4.0, ["Ba", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
)


def measured(crystal: Crystal) -> MeasuredPeaks:
    pattern = powder_pattern(crystal, 1.54184, (10.0, 120.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, 1.54184, (10.0, 120.0))


def same(one: Crystal, other: Crystal) -> bool:
    return bool(StructureMatcher().fit(one.to_structure(), other.to_structure()))


@pytest.mark.parametrize("truth", [HEUSLER, INVERSE, PEROVSKITE])
def test_any_order_of_the_elements_is_put_right(truth: Crystal) -> None:
    generator = np.random.default_rng(3)
    peaks = measured(truth)
    for _ in range(5):
        wrong = replace(truth, atomic_numbers=generator.permutation(truth.atomic_numbers))
        assert same(exchange_elements(wrong, peaks)[0], truth)


def test_exchanges_of_two_lead_there_too_where_all_are_too_many() -> None:
    few = replace(USUAL.exchange, all_up_to=1)
    wrong = replace(PEROVSKITE, atomic_numbers=np.roll(PEROVSKITE.atomic_numbers, 1))
    assert same(exchange_elements(wrong, measured(PEROVSKITE), few)[0], PEROVSKITE)


def test_its_rwp_is_that_of_the_ranking() -> None:
    peaks = measured(INVERSE)
    scorer = PatternScorer(HEUSLER, peaks)
    factors = scorer.factor(HEUSLER.atomic_numbers)
    amplitude = (factors * scorer.phases(HEUSLER.frac_coords)).sum(axis=0)
    found = scorer.rwp(amplitude[None])[0]
    assert found == pytest.approx(match_pattern(HEUSLER, peaks).rwp, rel=1e-3)


def test_what_is_right_stays_and_rivals_come_after_it() -> None:
    found = exchange_elements(HEUSLER, measured(HEUSLER))
    assert found[0].atomic_numbers.tolist() == HEUSLER.atomic_numbers.tolist()
    rwp = [match_pattern(each, measured(HEUSLER)).rwp for each in found]
    assert rwp == sorted(rwp)
    assert len({tuple(each.atomic_numbers.tolist()) for each in found}) == len(found) <= 4


def test_of_assignments_that_the_pattern_cannot_tell_apart_its_own_is_kept() -> None:
    # Moved by a quarter of the diagonal, an inverse Heusler crystal is the same crystal.
    for shift in range(4):
        own = replace(INVERSE, frac_coords=(INVERSE.frac_coords + shift / 4) % 1)
        best = exchange_elements(own, measured(INVERSE))[0]
        assert best.atomic_numbers.tolist() == own.atomic_numbers.tolist()


def test_the_crystal_comes_back_however_badly_it_agrees() -> None:
    wrong = replace(PEROVSKITE, atomic_numbers=np.roll(PEROVSKITE.atomic_numbers, 1))
    peaks = measured(PEROVSKITE)
    for most in (1, 3):
        found = exchange_elements(wrong, peaks, replace(USUAL.exchange, most=most))
        assert len(found) <= most + 1
        assert found[-1].atomic_numbers.tolist() == wrong.atomic_numbers.tolist()
        assert match_pattern(wrong, peaks).rwp > match_pattern(found[0], peaks).rwp + 0.2


def test_one_element_is_left_alone() -> None:
    copper = spacegroup("Fm-3m", 3.6, ["Cu"], [[0, 0, 0]])
    assert exchange_elements(copper, measured(copper)) == [copper]
