"""Shift, noise and ReLU."""

import torch

from crystalnet.learning.augmentation import augment, shift_patterns


def test_each_pattern_is_shifted_by_its_own_whole_number_and_zero_filled() -> None:
    patterns = torch.rand(400, 20) + 0.5
    shifted = shift_patterns(patterns, 3, torch.Generator().manual_seed(0))
    seen = set()
    for before, after in zip(patterns, shifted, strict=True):
        candidates = {}
        for shift in range(-3, 4):
            moved = torch.zeros(20)
            source = before[max(0, -shift) : 20 - max(0, shift)]
            moved[max(0, shift) : 20 + min(0, shift)] = source
            candidates[shift] = moved
        matches = [shift for shift, moved in candidates.items() if torch.equal(moved, after)]
        assert len(matches) == 1
        seen.add(matches[0])
    assert seen == set(range(-3, 4))


def test_no_shift_and_no_noise_change_nothing() -> None:
    patterns, formulas = torch.rand(4, 10), torch.rand(4, 5)
    same = augment(
        patterns, formulas, shift_bins=0, noise=0.0, generator=torch.Generator().manual_seed(0)
    )
    torch.testing.assert_close(same, (patterns, formulas), rtol=0, atol=0)


def test_noise_has_its_size_and_nothing_is_negative() -> None:
    patterns, formulas = torch.full((50, 400), 0.5), torch.zeros(50, 119)
    noisy, formula = augment(
        patterns, formulas, shift_bins=0, noise=0.01, generator=torch.Generator().manual_seed(1)
    )
    assert abs((noisy - patterns).std().item() - 0.01) < 5e-4
    assert formula is not None
    assert formula.min() == 0
    # Half of the noise on zeros is cut off.
    assert abs((formula == 0).double().mean().item() - 0.5) < 0.03


def test_shift_comes_before_the_noise() -> None:
    noisy, _ = augment(
        torch.ones(200, 10),
        None,
        shift_bins=3,
        noise=0.01,
        generator=torch.Generator().manual_seed(2),
    )
    # Bins that the shift left empty carry noise as well.
    empty = noisy < 0.5
    assert empty.any()
    assert (noisy[empty] > 0).any()


def test_inputs_are_left_alone_and_none_stays_none() -> None:
    patterns = torch.rand(4, 10)
    before = patterns.clone()
    _, formulas = augment(
        patterns, None, shift_bins=2, noise=0.1, generator=torch.Generator().manual_seed(3)
    )
    assert formulas is None
    assert torch.equal(patterns, before)


def test_patterns_are_cut_at_zero_and_compositions_get_normal_noise() -> None:
    patterns, formulas = torch.zeros(200, 100), torch.full((200, 119), 0.5)
    noisy, formula = augment(
        patterns, formulas, shift_bins=0, noise=0.01, generator=torch.Generator().manual_seed(4)
    )
    assert noisy.min() == 0
    assert abs((noisy == 0).double().mean().item() - 0.5) < 0.03
    assert formula is not None
    away = (formula - formulas).double() / 0.01
    assert abs(away.mean().item()) < 0.03
    assert abs(away.std().item() - 1) < 0.03
    # The fourth moment of a normal distribution.
    assert abs((away**4).mean().item() - 3) < 0.2
