"""Arrays come back as they were written, and a damaged store says so."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from crystalnet.errors import CrystalNetError
from pipeline.store import ARRAYS, Arrays, Shard, check_densities, write_arrays

PER_FILE = 4


def write(path: Path, crystals: int = 10, grid: int = 6) -> np.ndarray:
    densities = np.random.default_rng(0).random((crystals, grid, grid, grid), dtype=np.float32)
    blocks = (
        {"densities": part, "electrons": np.arange(len(part), dtype=np.float64)}
        for part in np.split(densities, range(PER_FILE, crystals, PER_FILE))
    )
    write_arrays(
        path, blocks, crystals=crystals, crystals_per_file=PER_FILE, attributes={"licence": "mine"}
    )
    return densities


def test_round_trip_one_crystal_a_chunk_and_several_a_file(tmp_path: Path) -> None:
    densities = write(tmp_path / "a.zarr")
    arrays = Arrays(tmp_path / "a.zarr", ARRAYS["densities"])
    assert np.array_equal(arrays.read("densities"), densities)
    assert np.array_equal(arrays.read("densities", 7), densities[7])
    assert np.array_equal(
        np.concatenate([block["densities"] for block in arrays.blocks(3)]), densities
    )
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    array = group["densities"]
    assert isinstance(array, zarr.Array)
    assert array.metadata.zarr_format == 3
    assert array.chunks == (1, 6, 6, 6)
    assert array.shards == (PER_FILE, 6, 6, 6)
    assert "e/A^3" in str(array.attrs["units"])
    assert arrays.attributes == {"licence": "mine"}


def test_the_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zarr", "b.zarr"):
        write(tmp_path / name)
    files = sorted(p.relative_to(tmp_path / "a.zarr") for p in (tmp_path / "a.zarr").rglob("*"))
    for file in files:
        if (tmp_path / "a.zarr" / file).is_file():
            one, other = (tmp_path / name / file for name in ("a.zarr", "b.zarr"))
            assert one.read_bytes() == other.read_bytes()


def shard_file(store: Path) -> Path:
    return store / "densities/c/0/0/0/0"


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr")
    file = shard_file(tmp_path / "a.zarr")
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 3] ^= 1
    file.write_bytes(damaged)
    with pytest.raises(CrystalNetError, match=r"a\.zarr: densities .* delete the store"):
        Arrays(tmp_path / "a.zarr", ARRAYS["densities"]).read("densities")


def test_a_flipped_byte_anywhere_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "a.zarr"
    densities = write(store)
    draw = np.random.default_rng(1)
    noticed = 0
    for file in sorted(path for path in store.rglob("*") if path.is_file()):
        whole = file.read_bytes()
        for place in draw.choice(len(whole), min(len(whole), 40), replace=False):
            damaged = bytearray(whole)
            damaged[place] ^= int(draw.integers(1, 256))
            file.write_bytes(damaged)
            try:
                arrays = Arrays(store, ARRAYS["densities"])
                assert np.array_equal(arrays.read("densities"), densities), (file, place)
                assert arrays.read("electrons").tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
                assert arrays.attributes == {"licence": "mine"}
            except CrystalNetError:
                noticed += 1
        file.write_bytes(whole)
    assert noticed > 200


def test_a_truncated_file_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr")
    file = shard_file(tmp_path / "a.zarr")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CrystalNetError, match="densities of crystals 1 cannot be read"):
        Arrays(tmp_path / "a.zarr", ARRAYS["densities"]).read("densities", 1)


def test_a_lost_file_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr")
    shard_file(tmp_path / "a.zarr").unlink()
    with pytest.raises(CrystalNetError, match="lost"):
        Arrays(tmp_path / "a.zarr", ARRAYS["densities"]).read("densities", 1)


def test_a_missing_store_and_one_without_the_array(tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="no such store"):
        Arrays(tmp_path / "none.zarr", ARRAYS["densities"])
    write(tmp_path / "a.zarr")
    with pytest.raises(CrystalNetError, match="patterns"):
        Arrays(tmp_path / "a.zarr", ARRAYS["patterns"])


def test_a_damaged_header_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr")
    header = tmp_path / "a.zarr" / "densities/zarr.json"
    header.write_text(header.read_text()[:40])
    with pytest.raises(CrystalNetError, match="not a readable Zarr group"):
        Arrays(tmp_path / "a.zarr", ARRAYS["densities"])


def test_too_few_crystals_leave_nothing_behind(tmp_path: Path) -> None:
    block = {"electrons": np.ones(3)}
    with pytest.raises(CrystalNetError, match="3 crystals came for a store of 5"):
        write_arrays(
            tmp_path / "a.zarr", [block], crystals=5, crystals_per_file=PER_FILE, attributes={}
        )
    assert list(tmp_path.iterdir()) == []


@given(
    shards=st.integers(1, 40), crystals=st.integers(0, 500), crystals_per_file=st.integers(1, 64)
)
def test_shards_cover_every_crystal_once_in_whole_files(
    shards: int, crystals: int, crystals_per_file: int
) -> None:
    parts = [Shard.of(i, shards, crystals, crystals_per_file) for i in range(shards)]
    covered = [row for part in parts for row in range(part.first, part.last)]
    assert covered == list(range(crystals))
    assert all(part.first % crystals_per_file == 0 for part in parts if len(part))


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "not finite"), (np.inf, "not finite"), (0.0, "zero everywhere")]
)
def test_a_bad_density_is_named(value: float, words: str) -> None:
    densities = np.ones((2, 3, 3, 3), dtype=np.float32)
    densities[1] = value
    with pytest.raises(CrystalNetError, match=f"source: the density of mp-2 .*{words}"):
        check_densities(densities, ["mp-1", "mp-2"], "source")
