"""Figures by space group, number of atoms and prototype."""

import numpy as np
import pandas as pd
import pytest

from crystalnet.settings import EvaluationSettings
from pipeline.scores import by_group

SETTINGS = EvaluationSettings(grid=25, guesses=2, rotations="cube", precision="float32")


def test_groups_hold_the_crystals_of_their_label() -> None:
    table = pd.DataFrame(
        {
            "formula_pretty": ["NaCl", "MgO", "Cu2MnAl", "Ni2TiSn"],
            "spacegroup_number": [225, 225, 225, 216],
            "nsites": [2, 2, 4, 4],
            "density_source": "dft",
        }
    )
    ssim = np.array([0.2, 0.4, 0.9, 0.7])
    columns = {"ssim_cube": ssim, "psnr_cube": 10 * ssim, "ssim_first_none": ssim / 2}
    found = by_group(table, columns, SETTINGS, seed=1)
    assert list(found) == [
        "density_source",
        "space_group",
        "atoms",
        "prototype",
        "distribution",
    ]
    assert found["density_source"] == "dft"
    assert found["space_group"]["225"]["crystals"] == 3
    assert found["space_group"]["216"]["ssim"]["mean"] == pytest.approx(0.7)
    assert found["atoms"]["2"]["ssim"]["share_below_half"] == 1
    assert found["atoms"]["4"]["psnr"]["mean"] == pytest.approx(8)
    assert list(found["prototype"]) == ["AB 225, 2 atoms", "ABC2 216, 4 atoms", "ABC2 225, 4 atoms"]
