"""The embedded tables hold what they held before they were written in fewer bytes."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

DATA = Path(__file__).parents[2] / "data"

# Of the values alone, as they first came: nothing of how a file is encoded is in them.
CONTENT = {
    "structures": "04ee5d899359745150944dcafdc0449213a65db31bbda2674b5637d5cee1d09d",
    "structures_five_systems": "66875314d8693cdd96bd914dccb241f00aa57f4f83c819551b5f1a497d604e49",
    "dft_densities": "a712fd4a5a1e34bdbf670317f62809bcceca4cdb8b2a2933c7e72e67380c7280",
}


def content(table: pa.Table) -> str:
    """SHA-256 of all values of a table, column by column in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(table.column_names):
        column = table[name].combine_chunks()
        digest.update(f"{name} {len(column)} {column.null_count}\n".encode())
        if pa.types.is_list(column.type):
            digest.update(np.asarray(column.value_lengths(), dtype="<i8").tobytes())
            digest.update(np.ascontiguousarray(column.flatten().to_numpy()).tobytes())
        else:
            digest.update("\n".join(map(repr, column.to_pylist())).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("name", CONTENT)
def test_tables_hold_what_they_held(name: str) -> None:
    assert content(pq.read_table(DATA / f"{name}.parquet")) == CONTENT[name]


def test_the_five_systems_share_no_formula_and_space_group_between_splits() -> None:
    table = pq.read_table(DATA / "structures_five_systems.parquet").to_pandas()
    keys = table["formula_pretty"] + " " + table["spacegroup_number"].astype(str)
    assert keys.is_unique
    assert table["crystal_system"].value_counts().to_dict() == {
        "orthorhombic": 6000,
        "tetragonal": 5000,
        "monoclinic": 5000,
        "hexagonal": 4500,
        "triclinic": 2500,
    }
    assert set(table["split"]) == {"train", "val", "test"}
