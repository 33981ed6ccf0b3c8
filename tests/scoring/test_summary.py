import json

import numpy as np
import pytest

from crystalnet.errors import CrystalNetError
from crystalnet.scoring.summary import summarise, summarise_groups

SSIM = np.array([0.2, 0.4, 0.8, 0.9, 1.0])
COLUMNS = {"ssim_cube": SSIM, "psnr_cube": 40 * SSIM}


def test_figures_against_numpy():
    figures = summarise(COLUMNS, seed=1)["ssim_cube"]
    assert figures["mean"] == pytest.approx(0.66)
    assert figures["std"] == pytest.approx(SSIM.std())
    assert figures["median"] == 0.8
    assert (figures["lower_quartile"], figures["upper_quartile"]) == (0.4, 0.9)
    assert figures["share_below_half"] == pytest.approx(0.4)
    assert "share_below_half" not in summarise(COLUMNS, seed=1)["psnr_cube"]


def test_the_interval_is_that_of_the_mean():
    values = np.random.default_rng(3).normal(0.9, 0.1, size=400)
    figures = summarise({"ssim_cube": values}, seed=1)["ssim_cube"]
    error = values.std() / 20
    assert figures["mean_low"] == pytest.approx(figures["mean"] - 1.96 * error, abs=0.2 * error)
    assert figures["mean_high"] == pytest.approx(figures["mean"] + 1.96 * error, abs=0.2 * error)


def test_the_seed_decides_the_interval_and_columns_share_its_draw():
    first = summarise(COLUMNS, seed=1)
    assert first == summarise(COLUMNS, seed=1)
    assert first["ssim_cube"]["mean_low"] != summarise(COLUMNS, seed=2)["ssim_cube"]["mean_low"]
    assert first["psnr_cube"]["mean_low"] == pytest.approx(40 * first["ssim_cube"]["mean_low"])


def test_figures_without_a_number_are_null_in_json():
    columns = {"psnr_cube": np.array([30.0, np.inf, np.inf, 40.0, 50.0])}
    figures = summarise(columns, seed=1)
    assert figures["psnr_cube"]["mean"] is None
    assert figures["psnr_cube"]["std"] is None
    assert figures["psnr_cube"]["median"] == 50
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_groups_are_summarised_on_their_own_largest_first():
    groups = summarise_groups(COLUMNS, [225, 221, 225, 225, 221], seed=5)
    assert list(groups) == ["225", "221"]
    assert groups["225"]["crystals"] == 3
    assert groups["221"]["ssim_cube"]["mean"] == pytest.approx(0.7)
    expected = summarise({name: values[[0, 2, 3]] for name, values in COLUMNS.items()}, seed=5)
    assert {k: v for k, v in groups["225"].items() if k != "crystals"} == expected


def test_unequal_columns_are_refused():
    with pytest.raises(CrystalNetError, match=r"lengths \{'a': 2, 'b': 3\}"):
        summarise({"a": np.zeros(2), "b": np.zeros(3)}, seed=1)
    with pytest.raises(CrystalNetError, match="at least one crystal"):
        summarise({"a": np.zeros(0)}, seed=1)
    with pytest.raises(CrystalNetError, match="4 labels for 5 crystals"):
        summarise_groups(COLUMNS, ["a"] * 4, seed=1)


def test_a_score_of_just_a_half_is_not_below_it():
    figures = summarise({"ssim_cube": np.array([0.5, 0.4999, 0.6, 1.0])}, seed=1)["ssim_cube"]
    assert figures["share_below_half"] == 0.25


def test_groups_of_one_size_are_in_the_order_of_their_labels():
    groups = summarise_groups(COLUMNS, ["c", "b", "a", "b", "c"], seed=5)
    assert list(groups) == ["b", "c", "a"]


def test_the_interval_is_that_of_a_thousand_resamples():
    draws = np.random.default_rng(7).integers(5, size=(1000, 5))
    low, high = np.percentile(SSIM[draws].mean(axis=1), [2.5, 97.5])
    figures = summarise(COLUMNS, seed=7)["ssim_cube"]
    assert (figures["mean_low"], figures["mean_high"]) == pytest.approx((low, high), rel=1e-12)
