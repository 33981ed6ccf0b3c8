"""Every crystal that is not in the data set is listed once, with the step that lost it."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import store
from pipeline.steps.left_out import account
from pipeline.steps.structures import LEFT_OUT_KEY
from pipeline.tables import write_table


def test_each_step_accounts_for_its_own(tmp_path: Path) -> None:
    def ids(name: str, values: list[str], **columns: list[str]) -> Path:
        about = {LEFT_OUT_KEY: '{"mp-10": "no density"}'} if name == "structures" else {}
        write_table(tmp_path / name, pd.DataFrame({"material_id": values, **columns}), about)
        return tmp_path / name

    structures = ids("structures", ["mp-1", "mp-2", "mp-3", "mp-4", "mp-9"])
    duplicates = ids("duplicates", ["mp-9"], kept_id=["mp-2"])
    split = ids("split", ["mp-4", "mp-1", "mp-2"])
    store.write_arrays(
        tmp_path / "densities.zarr",
        [{"densities": np.zeros((3, 2, 2, 2), np.float32), "electrons": np.ones(3)}],
        crystals=3,
        crystals_per_file=3,
        attributes={"provenance": [{}, {store.LEFT_OUT_BECAUSE: "cut short"}, {"volume": 1.0}]},
    )
    table = account(structures, duplicates, split, tmp_path / "densities.zarr")
    assert table.to_numpy().tolist() == [
        ["mp-1", "densities", "cut short"],
        ["mp-3", "split", "in no split of this kind"],
        ["mp-9", "deduplicate", "mp-2 stands for it"],
        ["mp-10", "structures", "no density"],
    ]
