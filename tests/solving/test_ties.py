"""Orders that do not hang on the last bits of a number."""

import numpy as np
import pytest

from crystalnet.solving.ties import in_order, tied


def test_what_differs_in_the_last_bits_is_tied_wherever_it_lies() -> None:
    for value in np.linspace(0, 5e-3, 101):
        assert tied(value + np.array([0, 1e-16, -1e-16, 1e-12]), 1e-3).tolist() == [0] * 4


def test_places_begin_at_the_least_value() -> None:
    assert tied(np.array([0.7, 0.0, 0.4, 1.5, 1.1]), 0.5).tolist() == [1, 0, 0, 2, 1]
    assert tied(np.array([]), 0.5).tolist() == []
    assert tied(np.array([np.inf, 1.0, np.inf]), 0.5).tolist() == [1, 0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_noise_changes_no_order(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.choice(np.arange(9) / 2000 + 5e-4, 60)
    noise = 1e-12 * generator.standard_normal(60)
    assert in_order(values + noise, 1e-5).tolist() == in_order(values, 1e-5).tolist()
    assert in_order(values, 1e-5).tolist() == np.argsort(values, kind="stable").tolist()
    assert in_order(values, 1e-5, 7).tolist() == in_order(values, 1e-5)[:7].tolist()


def test_of_tied_values_the_first_comes_first() -> None:
    assert in_order(np.array([3.0, 1.0 + 1e-9, 1.0, 2.0]), 1e-6).tolist() == [1, 2, 3, 0]
    assert in_order(np.array([3.0, 1.1, 1.0, 2.0]), 1e-6).tolist() == [2, 1, 3, 0]
