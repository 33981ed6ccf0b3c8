"""Parquet tables, whole and broken."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from crystalnet.errors import CrystalNetError
from pipeline.tables import read_table, refuse_repeats, table_metadata, write_table

COLUMNS = ["material_id", "nsites", "lattice", "split", "is_stable"]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "material_id": ["mp-3", "mp-1", "mp-2"],
            "nsites": np.array([2, 1, 5], dtype=np.int16),
            "lattice": [np.arange(9.0) + i for i in range(3)],
            "split": ["train", None, "test"],
            "is_stable": [True, None, False],
        }
    )


@pytest.fixture
def path(frame, tmp_path):
    write_table(tmp_path / "table.parquet", frame, {"units": "A"})
    return tmp_path / "table.parquet"


def test_values_come_back(frame, path):
    back = read_table(path, COLUMNS)
    pd.testing.assert_frame_equal(back, frame)
    assert pq.read_schema(path).metadata[b"units"] == b"A"


def test_only_the_columns_asked_for(path):
    assert list(read_table(path, ["split", "material_id"]).columns) == ["split", "material_id"]


def test_only_the_crystals_asked_for(path):
    assert read_table(path, ["nsites"], {"mp-2", "mp-3", "mp-9"})["nsites"].tolist() == [2, 5]
    assert read_table(path, COLUMNS, []).empty


def test_bytes_depend_on_values_alone(frame, path, tmp_path):
    other = tmp_path / "other.parquet"
    write_table(other, frame.set_axis([7, 8, 9]), {"units": "A"})
    assert other.read_bytes() == path.read_bytes()
    write_table(tmp_path / "a.parquet", frame, {"a": "1", "b": "2"})
    write_table(tmp_path / "b.parquet", frame, {"b": "2", "a": "1"})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_failure_leaves_the_old_table(frame, path, monkeypatch):
    before = path.read_bytes()

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.tables.pq.write_table", full)
    with pytest.raises(OSError, match="No space left"):
        write_table(path, frame, {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file(tmp_path):
    with pytest.raises(CrystalNetError, match=r"none\.parquet: no such file"):
        read_table(tmp_path / "none.parquet", COLUMNS)


def test_a_missing_column(path):
    with pytest.raises(CrystalNetError, match=r"table\.parquet: lacks the columns \['density'\]"):
        read_table(path, ["material_id", "density"])


@pytest.mark.parametrize("length", [0, 3, 50, -1, -100])
def test_a_table_cut_short(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CrystalNetError, match=r"table\.parquet: not a readable Parquet file"):
        read_table(path, COLUMNS)


def test_other_content(path):
    path.write_text("material_id,nsites\nmp-1,2\n")
    with pytest.raises(CrystalNetError, match="not a readable Parquet file"):
        read_table(path, COLUMNS)


def test_a_flipped_bit_in_any_page_is_noticed_or_harmless(frame, path):
    raw = path.read_bytes()
    footer = int.from_bytes(raw[-8:-4], "little") + 8
    noticed = 0
    for position in range(4, len(raw) - footer, 7):
        damaged = bytearray(raw)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            back = read_table(path, COLUMNS)
        except CrystalNetError:
            noticed += 1
        else:
            pd.testing.assert_frame_equal(back, frame)
    assert noticed > 20


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(CrystalNetError, match="not a readable Parquet file"):
        read_table(tmp_path, COLUMNS)


def test_repeats(frame):
    refuse_repeats(frame, "x.parquet")
    with pytest.raises(CrystalNetError, match=r"x\.parquet: mp-1 stands in 2 rows"):
        refuse_repeats(pd.concat([frame, frame.iloc[1:2]]), "x.parquet")


def test_an_optional_column_is_read_where_the_file_has_it(path):
    found = read_table(path, ["material_id"], optional=["object_bytes", "nsites"])
    assert list(found.columns) == ["material_id", "nsites"]


def test_the_metadata_are_what_was_written(path, frame, tmp_path):
    assert table_metadata(path) == {"units": "A"}
    frame.to_parquet(tmp_path / "pandas.parquet")
    assert "ARROW:schema" not in table_metadata(tmp_path / "pandas.parquet")
    write_table(tmp_path / "bare.parquet", frame, {})
    assert table_metadata(tmp_path / "bare.parquet") == {}
