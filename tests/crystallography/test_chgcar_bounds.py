"""CHGCAR files that would fill the memory, or name what does not exist, are one clear error."""

import bz2
import gzip
import lzma
import tracemalloc
from pathlib import Path

import pytest

from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.errors import CrystalNetError
from pipeline.sources.chgcar_folder import chgcar_files

PACK = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


def text(symbols: str = "Na Cl", counts: str = "1 1", grid: str = "4 4 4", after: str = "") -> str:
    values = " ".join(["16.0"] * 64)
    return (
        f"made up\n1.0\n3 0 0\n0 3 0\n0 0 3\n{symbols}\n{counts}\nDirect\n0 0 0\n0.5 0.5 0.5\n"
        f"\n {grid}\n{values}\n{after}"
    )


# bzip2 takes long over what repeats itself.
SIZES = {"gz": 60_000_000, "xz": 60_000_000, "bz2": 5_000_000}


@pytest.mark.parametrize(
    ("packed", "where"),
    [(p, w) for p in PACK for w in ("header", "values", "after") if (p, w) != ("bz2", "after")],
)
def test_a_small_file_does_not_unpack_to_fill_the_memory(
    tmp_path: Path, packed: str, where: str
) -> None:
    much = "0 " * SIZES[packed]
    whole = {
        "header": text()[:40] + much,
        "values": text(grid="4 4 4 ").replace("\n16.0", "\n" + much + "16.0"),
        "after": text(after="augmentation occupancies 1 1\n" + much),
    }[where]
    path = tmp_path / f"x.CHGCAR.{packed}"
    path.write_bytes(PACK[packed](whole.encode()))
    del much, whole
    tracemalloc.start()
    try:
        with pytest.raises(CrystalNetError, match=r"x\.CHGCAR"):
            read_chgcar(path)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (text(counts="1000000000 1"), "names 1000000001 atoms in a header of"),
        (text(symbols="Na Xx"), "'Xx.*' is no element"),
        (text(grid="400 400 400"), "want points at least 0.02 A apart"),
        (text(grid="100000000 100000000 100000000"), "want points at least 0.02 A apart"),
    ],
)
def test_what_no_crystal_has(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "x.CHGCAR"
    path.write_text(content)
    with pytest.raises(CrystalNetError, match=said):
        read_chgcar(path)


@pytest.mark.parametrize("name", ["{x}.CHGCAR", "<x>.CHGCAR", "a b.CHGCAR", "\udcff.CHGCAR"])
def test_names_that_cannot_stand_for_a_crystal(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(text())
    with pytest.raises(CrystalNetError, match="rename it with letters, digits") as caught:
        chgcar_files(tmp_path)
    assert str(caught.value).isascii()


def test_copies_of_editors_are_passed_over_and_dead_links_said(tmp_path: Path) -> None:
    (tmp_path / "a.CHGCAR").write_text(text())
    (tmp_path / "a.CHGCAR~").write_text("an older version")
    assert list(chgcar_files(tmp_path)) == ["a"]
    (tmp_path / "b.CHGCAR").symlink_to(tmp_path / "gone")
    with pytest.raises(CrystalNetError, match=r"b\.CHGCAR: a link that leads nowhere"):
        chgcar_files(tmp_path)
