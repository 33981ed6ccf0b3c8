"""Patterns and compositions made as people have them."""

import math

import pytest
import torch

from crystalnet.crystallography.composition import FORMS, SHARES
from crystalnet.learning.realism import Realism, partial_compositions, realistic_patterns
from crystalnet.settings import PatternSpec, RealismSettings

PERFECT = RealismSettings(
    displacement=0.0,
    intensity_error=0.0,
    faintest=0.0,
    weak=0.0,
    missing=0.0,
    moved=0.0,
    extra=0.0,
    extra_height=0.0,
    cut=0.0,
    shortest_range=1.0,
    latest_start=0.0,
)

SPEC = PatternSpec(wavelength=0.71073, two_theta_min=0.0, two_theta_max=180.0, bins=1024)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def patterns(crystals: int = 400, bins: int = 1024) -> torch.Tensor:
    there = torch.rand(crystals, bins, generator=generator(7)) < 0.05
    heights = torch.rand(crystals, bins, generator=generator(8)) * there
    heights[:, 100] = 2.0
    return heights / heights.amax(dim=1, keepdim=True)


def test_without_any_flaw_a_pattern_stays_as_it_is() -> None:
    before = patterns()
    assert torch.equal(realistic_patterns(before, Realism(PERFECT, SPEC), generator()), before)


@pytest.mark.parametrize(
    "flaw",
    [
        {"displacement": 2.0},
        {"intensity_error": 0.3},
        {"faintest": 0.2},
        {"weak": 0.5, "missing": 0.5},
        {"moved": 0.5},
        {"extra": 5.0, "extra_height": 0.2},
        {"cut": 1.0, "shortest_range": 0.2, "latest_start": 0.05},
    ],
)
def test_each_flaw_alone_changes_patterns_and_keeps_them_patterns(flaw: dict[str, float]) -> None:
    before = patterns()
    after = realistic_patterns(before, Realism(PERFECT.model_copy(update=flaw), SPEC), generator())
    assert not torch.equal(after, before)
    assert (after >= 0).all()
    assert after.isfinite().all()
    assert torch.allclose(after.amax(dim=1), torch.ones(len(after)))


def test_a_cut_leaves_nothing_outside_and_everything_inside() -> None:
    knobs = PERFECT.model_copy(update={"cut": 1.0, "shortest_range": 0.2, "latest_start": 0.05})
    before = patterns()
    after = realistic_patterns(before, Realism(knobs, SPEC), generator())
    ends = torch.where(after > 0, torch.arange(1024), 0).amax(dim=1) / 1024
    assert ends.min() < 0.3
    assert ends.max() > 0.9
    always = slice(int(0.05 * 1024) + 1, int(0.2 * 1024) - 1)
    assert torch.equal(after[:, always] > 0, before[:, always] > 0)
    for one, other in zip(before, after, strict=True):
        kept = other.nonzero().flatten()
        within = one[kept[0] : kept[-1] + 1]
        assert torch.allclose(within / within.max(), other[kept[0] : kept[-1] + 1])


def test_moving_atoms_damp_as_debye_and_waller_say() -> None:
    knobs = PERFECT.model_copy(update={"displacement": 2.0})
    before = torch.zeros(200, 1024)
    before[:, 100], before[:, 500] = 1.0, 0.5
    after = realistic_patterns(before, Realism(knobs, SPEC), generator())
    low, high = (math.sin(math.radians((b + 0.5) * 180 / 1024 / 2)) / 0.71073 for b in (100, 500))
    found = torch.log(0.5 / after[:, 500]) / (2 * (high**2 - low**2))
    assert (found > -1e-6).all()
    assert (found < 2).all()
    assert abs(float(found.mean()) - 1) < 0.1


def test_compositions_come_in_their_four_forms_as_often_as_said() -> None:
    formulas = torch.zeros(20_000, 119)
    formulas[:, 8], formulas[:, 22], formulas[:, 56] = 0.6, 0.2, 0.2
    told = partial_compositions(formulas, generator())
    count = {
        "no_formula": (told == 0).all(dim=1),
        "baseline": (told == formulas).all(dim=1),
        "no_ratios": told.sum(dim=1) == 3,
        "drop_element": (told.sum(dim=1) == 2) & (told.amax(dim=1) == 1),
    }
    for form, share in zip(FORMS, SHARES, strict=True):
        assert abs(float(count[form].float().mean()) - share) < 0.015, form
    lacking = told[count["drop_element"]]
    for number in (8, 22, 56):
        assert abs(float((lacking[:, number] == 0).float().mean()) - 1 / 3) < 0.03


def test_the_only_element_is_never_dropped() -> None:
    formulas = torch.zeros(500, 119)
    formulas[:, 14] = 1.0
    told = partial_compositions(formulas, generator())
    assert set(told.sum(dim=1).tolist()) == {0.0, 1.0}
    # Zeros come from the form without a formula alone.
    untold = float((told.sum(dim=1) == 0).float().mean())
    assert abs(untold - SHARES[FORMS.index("no_formula")] / sum(SHARES)) < 0.06


def test_displacement_follows_the_angles_and_the_wavelength_of_the_bins() -> None:
    """exp(-2 B s^2) with s = sin(theta) / wavelength at the middle of each bin, up to the scale."""
    spec = PatternSpec(wavelength=1.5406, two_theta_min=10.0, two_theta_max=90.0, bins=64)
    knobs = PERFECT.model_copy(update={"displacement": 2.0})
    flat = torch.ones(200, 64)
    after = realistic_patterns(flat, Realism(knobs, spec), generator())
    two_theta = 10 + (torch.arange(64) + 0.5) * 80 / 64
    s_squared = (torch.sin(torch.deg2rad(two_theta / 2)) / 1.5406) ** 2
    strength = -torch.log(after[:, -1]) / (2 * (s_squared[-1] - s_squared[0]))
    assert strength.max() > 1.9
    wanted = torch.exp(-2 * strength[:, None] * (s_squared - s_squared[0]))
    torch.testing.assert_close(after, wanted, rtol=1e-4, atol=1e-6)


def test_a_peak_moves_by_one_bin_to_either_side_equally() -> None:
    before = torch.zeros(4000, 64)
    before[:, 30] = 1.0
    knobs = PERFECT.model_copy(update={"moved": 1.0})
    after = realistic_patterns(before, Realism(knobs, SPEC), generator())
    place = after.argmax(dim=1)
    assert ((after > 0).sum(dim=1) == 1).all()
    share = {b: float((place == b).float().mean()) for b in place.unique().tolist()}
    # How often a pattern's peaks move is itself uniform: half of them on average.
    assert share == pytest.approx({29: 0.25, 30: 0.5, 31: 0.25}, abs=0.03)


def test_peaks_of_something_else_are_as_many_and_as_high_as_said() -> None:
    before = torch.zeros(4000, 64)
    before[:, 30] = 1.0
    knobs = PERFECT.model_copy(update={"extra": 6.0, "extra_height": 0.2})
    after = realistic_patterns(before, Realism(knobs, SPEC), generator())
    others = torch.cat([after[:, :30], after[:, 31:]], dim=1)
    assert (after[:, 30] == 1).all()
    assert others.max() < 0.2
    assert float((others > 0).sum(dim=1).float().mean()) == pytest.approx(3.0 * 63 / 64, abs=0.15)
    assert float(others[others > 0].mean()) == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize("flaw", [{"faintest": 0.5}, {"weak": 0.5, "missing": 1.0}])
def test_only_peaks_below_a_share_of_the_strongest_are_missed(flaw: dict[str, float]) -> None:
    before = torch.zeros(4000, 32)
    before[:, (4, 12, 20, 28)] = torch.tensor([1.0, 0.8, 0.6, 0.3])
    errors = PERFECT.model_copy(update={"intensity_error": 1.5})
    whole = realistic_patterns(before, Realism(errors, SPEC), generator())
    flawed = Realism(errors.model_copy(update=flaw), SPEC)
    after = realistic_patterns(before, flawed, generator())
    lost = (whole > 0) & (after == 0)
    assert torch.equal(after[~lost], whole[~lost])
    assert lost.any(dim=1).float().mean() > 0.2
    assert whole[lost].max() < 0.5
    assert whole[lost].max() > 0.45


def test_a_range_without_a_peak_is_left_whole_and_nothing_stays_nothing() -> None:
    before = torch.zeros(2, 64)
    before[0, 63] = 1.0
    knobs = PERFECT.model_copy(update={"cut": 1.0, "shortest_range": 0.2})
    assert torch.equal(realistic_patterns(before, Realism(knobs, SPEC), generator()), before)


def test_of_two_elements_one_is_left() -> None:
    formulas = torch.zeros(2000, 119)
    formulas[:, 11], formulas[:, 17] = 0.25, 0.75
    told = partial_compositions(formulas, generator())
    alone = told.sum(dim=1) == 1
    dropped = alone & (told.amax(dim=1) == 1)
    assert abs(float(dropped.float().mean()) - SHARES[FORMS.index("drop_element")]) < 0.03
    assert abs(float(told[dropped][:, 11].mean()) - 0.5) < 0.1


def test_weak_peaks_are_missed_as_often_as_said() -> None:
    before = torch.full((4000, 32), 0.1)
    before[:, 4] = 1.0
    knobs = PERFECT.model_copy(update={"weak": 0.5, "missing": 0.6})
    after = realistic_patterns(before, Realism(knobs, SPEC), generator())
    assert float((after == 0).float().mean()) == pytest.approx(0.3 * 31 / 32, abs=0.01)


def test_peaks_of_something_else_are_measured_against_the_strongest() -> None:
    before = torch.zeros(2000, 64)
    before[:, 30] = 1.0
    update = {"intensity_error": 2.0, "extra": 6.0, "extra_height": 0.2}
    after = realistic_patterns(
        before, Realism(PERFECT.model_copy(update=update), SPEC), generator()
    )
    after[:, 30] = 0
    assert 0.19 < after.max() < 0.2 + 1e-6
