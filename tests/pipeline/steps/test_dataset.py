"""What the data set counts, checks and refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.steps.dataset import counts, electron_errors, refuse_small_splits


def test_electrons_are_counted_in_the_cell_that_the_density_came_with(tmp_path: Path) -> None:
    lattices = [np.diag([2.0, 2.0, 2.0 + i]).ravel() for i in range(5)]
    # A left-handed cell has a volume too.
    lattices[3] = lattices[3][[3, 4, 5, 0, 1, 2, 6, 7, 8]]
    electrons = np.array([8.0, 12.0, 16.0, 20.0, 24.0])
    volumes = np.array([8.0, 10.0, 16.0, 20.0, 24.0])
    means = np.array([1.0, 1.5, 1.0, 1.0, 1.01])
    densities = np.ones((5, 2, 2, 2), np.float32) * means[:, None, None, None].astype(np.float32)
    densities[0, 0, 0, 0], densities[0, 1, 1, 1] = 0.5, 1.5
    # The second has a cell of its own; the third has no density.
    provenance: list[dict[str, object]] = [{}, {"volume": 10.0}, {}, {}, {}]
    densities[2] = 0
    store.write_arrays(
        tmp_path / "densities.zarr",
        [{"densities": densities, "electrons": electrons}],
        crystals=5,
        crystals_per_file=2,
        attributes={"provenance": provenance},
    )
    arrays = store.Arrays(tmp_path / "densities.zarr", store.ARRAYS["densities"])
    table = pd.DataFrame({"material_id": [f"mp-{i}" for i in range(5)], "lattice": lattices})
    present = np.array([True, True, False, True, True])
    wanted = (means * volumes / electrons - 1)[present]
    # In blocks that a missing density stands inside of, and in one.
    for block in (1, 2, 5):
        found = electron_errors(table, arrays, present, block)
        np.testing.assert_allclose(found, wanted, atol=1e-7)
    for block in (1, 2, 5):
        with pytest.raises(CrystalNetError, match="density of mp-2 is zero everywhere"):
            electron_errors(table, arrays, np.ones(5, dtype=bool), block)


def crystals() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "crystal_system": ["trigonal"] * 2 + ["cubic"] * 5,
            "split": ["test", "test", "train", "train", "val", "val", "val"],
            "is_stable": [True, None, False, True, True, True, True],
        }
    )


def test_counts_are_by_system_split_and_stability() -> None:
    assert counts(crystals()) == {
        "cubic": {"train": {"stable": 1, "all": 2}, "val": {"stable": 3, "all": 3}},
        "trigonal": {"test": {"stable": 1, "all": 2}},
    }


def test_two_crystals_are_enough_and_one_is_not() -> None:
    refuse_small_splits(crystals())
    with pytest.raises(CrystalNetError, match="1 cubic crystals with a density in split 'train'"):
        refuse_small_splits(crystals().drop(index=3))
