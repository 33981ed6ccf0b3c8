import numpy as np
import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.scoring.windows import WINDOW, window_sums, wrapped


@pytest.mark.parametrize("shape", [(7, 7, 7), (9, 8, 11), (2, 3, 10, 9, 8)])
def test_equal_to_the_sum_of_every_window(shape):
    fields = torch.rand(shape, dtype=torch.float64)
    axes = tuple(range(len(shape) - 3, len(shape)))
    windows = np.lib.stride_tricks.sliding_window_view(fields.numpy(), (WINDOW,) * 3, axis=axes)
    np.testing.assert_allclose(window_sums(fields).numpy(), windows.sum(axis=(-3, -2, -1)))


def test_a_distant_peak_leaves_no_rounding_behind():
    fields = torch.full((30, 30, 30), 1e-4)
    flat = window_sums(fields)
    fields[4, 4, 4] = 1e6
    torch.testing.assert_close(
        window_sums(fields)[12:, 12:, 12:], flat[12:, 12:, 12:], rtol=0, atol=0
    )


def test_wrapped_adds_half_a_window_of_periodic_images():
    fields = torch.rand(2, 8, 9, 7)
    expected = np.pad(fields.numpy(), [(0, 0), (3, 3), (3, 3), (3, 3)], mode="wrap")
    np.testing.assert_array_equal(wrapped(fields).numpy(), expected)
    assert window_sums(wrapped(fields)).shape == fields.shape


def test_a_grid_smaller_than_the_window_is_refused():
    with pytest.raises(CrystalNetError, match=r"\(7, 6, 7\) points"):
        window_sums(torch.zeros(7, 6, 7))


@pytest.mark.parametrize("shape", [(8, 9, 7), (2, 3, 7, 8, 9)])
def test_wrapped_takes_any_number_of_fields(shape):
    fields = torch.rand(shape)
    widths = [(0, 0)] * (len(shape) - 3) + [(3, 3)] * 3
    np.testing.assert_array_equal(wrapped(fields).numpy(), np.pad(fields, widths, mode="wrap"))
