"""Reading CHGCAR files, good and bad."""

import bz2
import gzip
import lzma
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from pymatgen.io.vasp import Chgcar

from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.errors import CrystalNetError

CHGCARS = sorted(Path("data/chgcars").glob("*.xz"))
GRID = (4, 3, 5)
VOLUME = 4.0 * 3.0 * 5.0
HEADER = """a small cell
   1.0
     4.0 0.0 0.0
     0.0 3.0 0.0
     0.0 0.0 5.0
   Na   Cl
     1     1
Direct
  0.0 0.0 0.0
  0.5 0.5 0.5

"""
AUGMENTATION = "augmentation occupancies   1  3\n  0.1E+00  0.2E+00  0.3E+00\n"


def density():
    """e/A^3, 8 electrons in the cell, every point with a value of its own."""
    values = np.arange(1.0, 61.0).reshape(GRID)
    return values * 8 / VOLUME / values.mean()


def block(values, grid=GRID):
    numbers = [f"{value: .11E}" for value in values.ravel(order="F")]
    lines = ["".join(f" {n}" for n in numbers[i : i + 5]) for i in range(0, len(numbers), 5)]
    return "   ".join(["", *map(str, grid)]) + "\n" + "\n".join(lines) + "\n"


def text(values=None, grid=GRID):
    return HEADER + block(density() * VOLUME if values is None else values, grid)


def write(folder, content, name="mp-1.CHGCAR"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("path", CHGCARS, ids=lambda path: path.name.split(".")[0])
def test_equals_pymatgen(path):
    charge = read_chgcar(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Chgcar.from_file(path)
    wanted = theirs.data["total"] / theirs.structure.volume
    np.testing.assert_allclose(charge.density, wanted, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(charge.crystal.lattice, theirs.structure.lattice.matrix, rtol=1e-14)
    np.testing.assert_allclose(charge.crystal.frac_coords, theirs.structure.frac_coords, atol=1e-14)
    assert charge.crystal.atomic_numbers.tolist() == list(theirs.structure.atomic_numbers)
    assert charge.electrons == pytest.approx(theirs.data["total"].mean(), rel=1e-12)


def test_there_are_nine_real_files():
    assert len(CHGCARS) == 9


@pytest.mark.parametrize(
    "after",
    [
        "",
        AUGMENTATION,
        AUGMENTATION + "  0.1 0.2\n" + block(-density()),
        "  0.1E+00 0.2E+00\n" + block(-density()) + AUGMENTATION,
        block(-density()),
    ],
    ids=["nothing", "augmentation", "spin", "spin-without-augmentation", "spin-at-once"],
)
@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, lzma.compress, bz2.compress],
    ids=["plain", "gz", "xz", "bz2"],
)
def test_reads_the_total_charge_only(tmp_path, after, compress):
    charge = read_chgcar(write(tmp_path, compress((text() + after).encode())))
    np.testing.assert_allclose(charge.density, density(), rtol=1e-11)
    assert charge.electrons == pytest.approx(8, rel=1e-11)
    assert charge.crystal.atomic_numbers.tolist() == [11, 17]


def test_windows_line_ends_and_exponents_without_their_letter(tmp_path):
    values = density() * VOLUME
    values[0, 0, 0] = 1e-101
    content = text(values).replace("E-101", "-101").replace("\n", "\r\n")
    charge = read_chgcar(write(tmp_path, content))
    np.testing.assert_allclose(charge.density, values / VOLUME, rtol=1e-11)


def with_value(value):
    values = density() * VOLUME
    values[1, 2, 3] = value
    return text(values)


BAD = {
    "cut-in-block": (text()[:-100], r"ends after 5\d of 60 values .* cut short"),
    "cut-in-last-number": (text().rstrip()[:-2], r"ends after 59 of 60 values .* cut short"),
    "cut-in-header": (HEADER[:60], r"no line of three grid sizes"),
    "empty": ("", r"no line of three grid sizes"),
    "text": ("# notes\n\nnothing here\n", r"no CHGCAR"),
    "header-of-words": ("word\n" * 9 + "\n" + block(density()), r"header is no POSCAR"),
    "binary": (bytes(range(256)) * 4, r"no CHGCAR"),
    "nan": (with_value(np.nan), r"1 of 60 values are not finite"),
    "infinite": (with_value(np.inf), r"1 of 60 values are not finite"),
    "word-in-block": (text().replace("E+00\n", "E+00 oops\n", 1), r"is no number"),
    "asterisks": (
        re.sub(r"\d\.\d{11}E\+00\n", "*" * 17 + "\n", text(), count=1),
        r"asterisks mark",
    ),
    "zero": (text(np.zeros(GRID)), r"zero everywhere"),
    "negative": (text(-density() * VOLUME), r"holds -8 electrons"),
    "not-times-volume": (text(density()), r"holds 0\.133333 electrons.* times cell volume"),
    "absurd": (text(density() * VOLUME**2), r"holds 480 electrons.* between 1 and 30"),
    "uneven": (text(grid=(30, 1, 2)), r"grid \(30, 1, 2\) does not match its cell"),
    "zero-points": (text(grid=(0, 3, 5)), r"at least 1"),
    "grid-too-small": (text(grid=(4, 3, 4)), r"60 values follow a grid of \(4, 3, 4\)"),
    "grid-too-large": (text(grid=(4, 4, 5)), r"ends after 60 of 80 values"),
    "vasp-4": (text().replace("   Na   Cl\n", ""), r"names no elements"),
    "gz-cut": (gzip.compress(text().encode())[:-20], r"compressed file is cut short or damaged"),
    "xz-cut": (lzma.compress(text().encode())[:-20], r"compressed file is cut short or damaged"),
    "bz2-cut": (bz2.compress(text().encode())[:-20], r"compressed file is cut short or damaged"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(20), r"compressed by zstd"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_one_clear_error(tmp_path, kind):
    content, message = BAD[kind]
    path = write(tmp_path, content)
    with pytest.raises(CrystalNetError, match=message) as caught:
        read_chgcar(path)
    assert str(path) in str(caught.value)


def test_damage_within_a_compressed_file(tmp_path):
    raw = bytearray(gzip.compress(text().encode()))
    raw[len(raw) // 2] ^= 0xFF
    with pytest.raises(CrystalNetError, match="cut short or damaged"):
        read_chgcar(write(tmp_path, bytes(raw)))


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(CrystalNetError, match="no such file"):
        read_chgcar(tmp_path / "none")
    with pytest.raises(CrystalNetError, match="cannot be read"):
        read_chgcar(tmp_path)
