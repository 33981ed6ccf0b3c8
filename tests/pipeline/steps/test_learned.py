"""Figures of the networks that come with the project."""

import pandas as pd

from pipeline.steps.learned import figures


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": "dft",
            "system": "cubic",
            "material_id": ["mp-1", "mp-2", "mp-3", "mp-4"],
            "atoms": [2, 4, 5, 30],
            "origin": ["network", "retrieved", "retrieved", "network"],
            "seen_type": [True, True, True, False],
            "seen_formula": [False, True, False, False],
            "one_guess": [0.9, 0.8, 0.7, 0.4],
            "nmae_percent": [10.0, 20.0, 30.0, 40.0],
        }
    )


def test_means_shares_and_groups_are_those_of_the_table() -> None:
    found = figures(table(), seed=1)
    assert found["crystals"] == 4
    assert abs(found["one_guess"] - 0.7) < 1e-12
    assert found["nmae_percent"] == 25.0
    low, high = found["intervals"]["one_guess"]
    assert low < 0.7 < high
    assert found["share_below_half"] == {"one_guess": 0.25}
    assert found["by_atoms"]["to 4"]["crystals"] == 2
    assert found["by_structure_type"]["not seen"] == {"crystals": 1, "one_guess": 0.4}
    assert found["by_origin"]["retrieved"] == {"crystals": 2, "one_guess": 0.75}
