"""A time that is over ends every step, and what was found is ranked."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import TELL, Budget
from crystalnet.solving.candidate import TEMPLATES
from crystalnet.solving.density.decoding import decode
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.symmetric_search import search
from crystalnet.solving.settings import USUAL
from crystalnet.solving.strategy import solve_peaks

SPINEL = Structure.from_spacegroup(
    "Fd-3m:2", Lattice.cubic(8.08), ["Mg", "Al", "O"], [[1 / 8] * 3, [0.5] * 3, [0.2624] * 3]
)


class Clock:
    """Every look at it takes a second."""

    def __init__(self) -> None:
        self.now = -1.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def looks(seconds: float) -> Budget:
    """A budget of so many looks at the clock, the same on any machine."""
    return Budget(seconds, clock=Clock())


@pytest.fixture(scope="module")
def gaussians() -> ValenceGaussians:
    return ValenceGaussians.load(TEMPLATES)


@pytest.fixture(scope="module")
def crystal() -> Crystal:
    return Crystal.from_structure(SPINEL.get_primitive_structure())


@pytest.fixture(scope="module")
def peaks(crystal: Crystal) -> MeasuredPeaks:
    pattern = powder_pattern(crystal, 0.71073, (5.0, 60.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, 0.71073, (5.0, 60.0))


def test_a_budget_ends_and_says_so() -> None:
    now = iter([0.0, 1.0, 3.0, 3.5, 4.0])
    budget = Budget(2.0, clock=lambda: next(now))
    assert not budget.over()
    assert budget.cut_short is None
    assert budget.over()
    assert not budget.over(grace=2.0)
    assert budget.cut_short == "the time of 2 s was over"
    endless = Budget()
    assert not endless.over()
    endless.stop()
    assert endless.over()
    assert endless.cut_short == "it was interrupted"


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_time_is_above_nothing(seconds: float) -> None:
    with pytest.raises(CrystalNetError, match="want more than 0"):
        Budget(seconds)


def test_long_work_is_told_every_ten_seconds() -> None:
    told: list[str] = []
    budget = Budget(None, told.append, Clock())
    budget.doing = "cubic F: NaCl"
    for _ in range(3 * int(TELL)):
        assert not budget.over()
    assert len(told) == 3
    assert all(line.endswith(" s: cubic F: NaCl") for line in told)


def test_the_search_returns_what_it_has(crystal: Crystal, peaks: MeasuredPeaks) -> None:
    lattice = next(x for x in conventional_lattices("cubic", 8.08) if x.centring == "F")
    contents = [{8: 8, 12: 2, 13: 4}]
    whole = Budget(None, clock=(clock := Clock()))
    found = search(peaks, contents, lattice, work=10**7, budget=whole)
    assert whole.cut_short is None
    assert found
    taken = clock.now
    seen = [
        len(search(peaks, contents, lattice, work=10**7, budget=looks(part * taken)))
        for part in (0.01, 0.9)
    ]
    assert seen == sorted(seen)
    assert seen[-1] > 0
    np.testing.assert_array_equal(
        search(peaks, contents, lattice, work=10**7)[0].frac_coords, found[0].frac_coords
    )


def parts(known: str) -> KnownComposition:
    match known:
        case "formula":
            return KnownComposition.from_formula("MgAl2O4")
        case "elements":
            return KnownComposition.from_elements(["Mg", "Al", "O"])
    return KnownComposition((), complete=False)


@pytest.mark.parametrize("known", ["formula", "elements", "nothing"])
@pytest.mark.parametrize("seconds", [0.5, 5.0, 20.0])
def test_decoding_ends_within_a_few_looks(
    known: str, seconds: float, crystal: Crystal, gaussians: ValenceGaussians
) -> None:
    density = iam_density([crystal], 20, gaussians)[0].double().numpy()
    budget = Budget(seconds, clock=(clock := Clock()))
    sharp = replace(USUAL.decoding, blurs=(0.0,))
    if known == "formula" and seconds < 20:
        with pytest.raises(CrystalNetError, match="of 14 atoms had a place"):
            decode(density, crystal.lattice, parts(known), gaussians, budget=budget, settings=sharp)
    else:
        found = decode(
            density, crystal.lattice, parts(known), gaussians, budget=budget, settings=sharp
        )
        assert set(parts(known).elements) <= set(found.crystal.atomic_numbers.tolist())
        assert len(found.crystal.atomic_numbers)
    assert budget.cut_short
    # Between looks nothing takes long; there are few of them once it is over.
    assert clock.now < seconds + 60


def test_solving_ranks_what_there_is_or_says_that_there_was_no_time(
    peaks: MeasuredPeaks, gaussians: ValenceGaussians
) -> None:
    lattice = next(x for x in conventional_lattices("cubic", 8.08) if x.centring == "F")
    known = parts("formula")
    with pytest.raises(CrystalNetError, match="nothing was found when the time of"):
        solve_peaks(peaks, known, [lattice], gaussians, budget=looks(0.5))
    budget = Budget(clock=(clock := Clock()))
    whole = solve_peaks(peaks, known, [lattice], gaussians, effort=0.05, budget=budget)
    cut = looks(0.9 * clock.now)
    some = solve_peaks(peaks, known, [lattice], gaussians, effort=0.05, budget=cut)
    assert cut.cut_short
    assert 0 < len(some) <= len(whole)
    assert [each.rank for each in some] == list(range(1, len(some) + 1))


def test_what_is_spent_is_counted_from_the_start() -> None:
    times = iter([100.0, 103.5, 110.0, 110.5])
    budget = Budget(clock=lambda: next(times))
    assert budget.spent == 3.5
    budget.start()
    assert budget.spent == 0.5
