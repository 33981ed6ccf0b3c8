"""The scale-free input."""

import numpy as np
import pytest
import torch

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.scale_free import merge_peaks
from crystalnet.errors import CrystalNetError
from crystalnet.network.modes.features import (
    BINS,
    SLOTS,
    composition_features,
    scale_free_pattern,
)


def test_a_larger_cell_changes_the_scale_alone() -> None:
    cell = Crystal("CsCl", 4.12 * np.eye(3), np.array([55, 17]), np.array([[0.0] * 3, [0.5] * 3]))
    pattern = powder_pattern(cell)
    small = scale_free_pattern(1 / pattern.d_spacing, pattern.intensity)
    large = scale_free_pattern(1 / (1.3 * pattern.d_spacing), pattern.intensity)
    np.testing.assert_allclose(small[:BINS], large[:BINS], atol=1e-5)
    assert small[BINS] - large[BINS] == pytest.approx(np.log(1.3), abs=1e-6)


def test_the_squares_of_the_bins_hold_all_the_intensity() -> None:
    q, intensity = np.array([0.2, 0.31, 0.5, 1.7]), np.array([50.0, 100, 20, 1])
    features = scale_free_pattern(q, intensity)
    assert (features[:BINS] ** 2).sum() == pytest.approx(1.71, rel=1e-5)
    assert features[0] == pytest.approx(np.sqrt(0.5))


def test_near_peaks_become_one_at_their_centre() -> None:
    q, intensity = merge_peaks(np.array([1.0, 1.001, 2.0]), np.array([1.0, 3.0, 5.0]), 2e-3)
    np.testing.assert_allclose(q, [1.00075, 2.0])
    np.testing.assert_allclose(intensity, [4.0, 5.0])


@pytest.mark.parametrize(
    ("q", "intensity", "message"),
    [
        ([], [], "0 places"),
        ([0.3, 0.2], [1, 1], "ascending"),
        ([0.0, 0.2], [1, 1], "positive"),
        ([0.1, 0.2], [0, 0], "one of them positive"),
        ([0.1, 0.2], [np.nan, 1], "finite"),
    ],
)
def test_bad_peaks_are_refused(q: list[float], intensity: list[float], message: str) -> None:
    with pytest.raises(CrystalNetError, match=message):
        scale_free_pattern(np.array(q), np.array(intensity, dtype=float))


def test_elements_stand_in_the_order_of_their_share() -> None:
    formulas = torch.zeros(2, 119)
    formulas[0, 8], formulas[0, 22], formulas[0, 38] = 0.6, 0.2, 0.2
    features = composition_features(formulas)
    slots = features[:, 119 + SLOTS :].view(2, SLOTS, 119)
    assert slots[0].argmax(dim=1)[:3].tolist() == [8, 22, 38]
    assert slots[0].sum(dim=1).tolist() == [1, 1, 1, 0]
    torch.testing.assert_close(features[0, 119 : 119 + SLOTS], torch.tensor([0.6, 0.2, 0.2, 0]))
    assert not features[1].any()
