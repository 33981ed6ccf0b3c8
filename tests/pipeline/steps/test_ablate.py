"""Differences between inputs are taken crystal by crystal, from the right reference."""

import numpy as np
import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline.params import Model, load_params
from pipeline.steps.ablate import compare

MODELS = {
    "cubic-main": Model(system="cubic", input="baseline", protocol="main"),
    "cubic-baseline": Model(system="cubic", input="baseline", protocol="ablation"),
    "cubic-no_ratios": Model(system="cubic", input="no_ratios", protocol="ablation"),
    "trigonal-no_formula": Model(system="trigonal", input="no_formula", protocol="ablation"),
}


def scores(offset: float, order: int = 1) -> pd.DataFrame:
    ssim = np.linspace(0.2, 0.9, 40)
    frame = pd.DataFrame(
        {
            "material_id": [f"mp-{i}" for i in range(40)],
            "density_source": "iam",
            "ssim_cube": ssim + offset,
            "psnr_cube": 30 + 100 * offset + 0 * ssim,
        }
    )
    return frame.iloc[::order]


def table(**changes: pd.DataFrame) -> pd.DataFrame:
    given = {
        "cubic-main": scores(0.05),
        "cubic-baseline": scores(0.0),
        "cubic-no_ratios": scores(-0.02, order=-1),
        "trigonal-no_formula": scores(0.0),
        **changes,
    }
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    return compare(given, MODELS, settings, seed=0).set_index("model")


def test_pairs_are_matched_by_id_whatever_the_order() -> None:
    row = table().loc["cubic-no_ratios"]
    assert row["reference"] == "cubic-baseline"
    assert row["ssim_difference"] == pytest.approx(-0.02)
    # Every pair differs by the same, so the paired interval has no width.
    assert row["ssim_difference_low"] == pytest.approx(-0.02)
    assert row["ssim_difference_high"] == pytest.approx(-0.02)
    assert row["psnr_difference"] == pytest.approx(-2.0)


def test_a_reference_and_a_model_without_one_have_no_difference() -> None:
    found = table()
    for name in ("cubic-main", "cubic-baseline", "trigonal-no_formula"):
        assert pd.isna(found.loc[name, "reference"])
        assert pd.isna(found.loc[name, "ssim_difference"])
    assert found.loc["cubic-main", "ssim"] == pytest.approx(0.6)
    assert set(found["density_source"]) == {"iam"}


def test_different_crystals_are_refused() -> None:
    with pytest.raises(CrystalNetError, match="cubic-no_ratios and cubic-baseline"):
        table(**{"cubic-no_ratios": scores(0.0).head(30)})
