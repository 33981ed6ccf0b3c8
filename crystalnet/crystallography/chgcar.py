"""Reading VASP's CHGCAR files: the crystal and its total charge density.

After a POSCAR header and a line of three grid sizes the file holds density times cell volume,
x running fastest. The spin density and the augmentation occupancies that may follow are not
looked at.
"""

import bz2
import gzip
import lzma
import re
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Structure
from pymatgen.io.vasp import Poscar

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError

# The distance between points may differ between the axes by this factor; VASP's own differ by
# less than 2.
MOST_UNEVEN = 4.0
# Electrons in a cell: at least this many an atom, and at most those of the neutral atoms and
# this many more an atom. Values that were not multiplied by the volume fall below.
FEWEST_PER_ATOM = 0.5
MOST_ADDED_PER_ATOM = 1.0

_DECOMPRESS = {
    b"\x1f\x8b": gzip.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
    b"BZh": bz2.decompress,
}
_GRID = re.compile(rb"\n[ \t\r]*\n([ \t]*(\d+)[ \t]+(\d+)[ \t]+(\d+)[ \t]*\r?\n)")
_AUGMENTATION = b"\naugmentation"
# Fortran drops the E where an exponent has three digits: 0.123-100.
_NO_EXPONENT_LETTER = re.compile(rb"(\d)([+-]\d{3})(?=\s)")


@dataclass(frozen=True, eq=False)
class ChargeDensity:
    """A crystal and its density.

    Attributes:
        crystal: the cell, as the file has it; its material id is the file's name.
        density: total charge (never the magnetisation) in e/A^3, at the fractional coordinates
            i/n of each axis.
        electrons: the density's integral over the cell.
    """

    crystal: Crystal
    density: Float[ndarray, "nx ny nz"]
    electrons: float


def read_chgcar(path: Path | str) -> ChargeDensity:
    """Read a CHGCAR file, plain or compressed by gzip, bzip2 or xz (told by its first bytes).

    Raises:
        CrystalNetError: for a file that is missing, cut short, damaged or no CHGCAR; for values
            that are not finite or all zero; for a grid that does not fit the cell, or an
            electron count that no such crystal has.
    """
    path = Path(path)
    text = _read(path)
    found = _GRID.search(text)
    if found is None:
        raise CrystalNetError(
            f"{path}: no line of three grid sizes after a blank line, so this is no CHGCAR, or it "
            "is cut short; copy the file again"
        )
    crystal = Crystal.from_structure(_structure(path, text[: found.start()]), path.name)
    grid = (int(found[2]), int(found[3]), int(found[4]))
    _check_grid(path, crystal, grid)
    values = _values(path, text, found, grid, len(crystal.atomic_numbers))
    if not np.isfinite(values).all():
        raise CrystalNetError(
            f"{path}: {int((~np.isfinite(values)).sum())} of {values.size} values are not finite; "
            "run the calculation again"
        )
    if not values.any():
        raise CrystalNetError(f"{path}: the density is zero everywhere; run the calculation again")
    electrons = float(values.mean())
    _check_electrons(path, crystal, electrons)
    # Fortran order: the first axis runs fastest.
    density = np.ascontiguousarray(values.reshape(grid, order="F")) / crystal.volume
    return ChargeDensity(crystal, density, electrons)


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise CrystalNetError(f"{path}: no such file") from None
    except OSError as error:
        raise CrystalNetError(f"{path}: cannot be read ({error})") from None
    if raw.startswith(b"\x28\xb5\x2f\xfd"):
        raise CrystalNetError(
            f"{path}: compressed by zstd, which is not read; compress it with gzip, bzip2 or xz"
        )
    for magic, decompress in _DECOMPRESS.items():
        if raw.startswith(magic):
            try:
                return decompress(raw)
            except (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error) as error:
                raise CrystalNetError(
                    f"{path}: the compressed file is cut short or damaged ({error}); copy it again"
                ) from None
    return raw


def _structure(path: Path, header: bytes) -> Structure:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            poscar = Poscar.from_str(header.decode("utf-8", errors="replace"))
    # The reader of headers fails in as many ways as there are broken headers.
    except Exception as error:
        raise CrystalNetError(
            f"{path}: the header is no POSCAR ({type(error).__name__}: {error}), so this is no "
            "CHGCAR, or it is damaged"
        ) from None
    if not poscar.true_names:
        raise CrystalNetError(
            f"{path}: names no elements (the format of VASP 4); add the line of element symbols "
            "above the line of atom counts"
        )
    return poscar.structure


def _check_grid(path: Path, crystal: Crystal, grid: tuple[int, int, int]) -> None:
    if min(grid) < 1:
        raise CrystalNetError(f"{path}: a grid of {grid} points; want at least 1 along each axis")
    spacing = np.linalg.norm(crystal.lattice, axis=1) / grid
    if spacing.max() > MOST_UNEVEN * spacing.min():
        raise CrystalNetError(
            f"{path}: the grid {grid} does not match its cell: points lie "
            f"{np.round(spacing, 3).tolist()} A apart along the axes, more than a factor of "
            f"{MOST_UNEVEN:g} between two of them; check that header and density belong together"
        )


def _values(
    path: Path, text: bytes, found: re.Match[bytes], grid: tuple[int, int, int], atoms: int
) -> Float[ndarray, " points"]:
    """The numbers of the first block, whose end is where the next block begins."""
    start = found.end()
    # A second density begins with the same line of grid sizes.
    ends = [text.find(mark, start) for mark in (_AUGMENTATION, b"\n" + found[1])]
    block = text[start : min((end + 1 for end in ends if end >= 0), default=len(text))]
    # Without white space after it, the last number itself may be cut short.
    block = block[: max(block.rfind(b"\n"), block.rfind(b" ")) + 1]
    values = _numbers(block)
    if values is None:
        values = _numbers(_NO_EXPONENT_LETTER.sub(rb"\1E\2", block))
    wanted = grid[0] * grid[1] * grid[2]
    if values is None:
        overflow = "; asterisks mark values too large for their format" if b"*" in block else ""
        raise CrystalNetError(
            f"{path}: something among the values of the density is no number{overflow}; the file "
            "is damaged or no CHGCAR: copy it again or run the calculation again"
        )
    if values.size < wanted:
        raise CrystalNetError(
            f"{path}: ends after {values.size} of {wanted} values of its {grid} grid; the file is "
            "cut short: copy it again"
        )
    # One moment an atom may stand between two densities.
    if values.size > wanted + atoms:
        raise CrystalNetError(
            f"{path}: {values.size} values follow a grid of {grid}, which has {wanted} points; "
            "check that header and density belong together"
        )
    return values[:wanted]


def _numbers(block: bytes) -> Float[ndarray, " values"] | None:
    """All numbers of a text, or None where it holds anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(block, dtype=np.float64, sep=" ")
        except (DeprecationWarning, ValueError):
            return None


def electron_bounds(crystal: Crystal) -> tuple[float, float]:
    """The fewest and the most electrons that a cell of valence densities can hold."""
    atoms = len(crystal.atomic_numbers)
    most = float(crystal.atomic_numbers.sum()) + MOST_ADDED_PER_ATOM * atoms
    return FEWEST_PER_ATOM * atoms, most


def _check_electrons(path: Path, crystal: Crystal, electrons: float) -> None:
    atoms = len(crystal.atomic_numbers)
    least, most = electron_bounds(crystal)
    if not least <= electrons <= most:
        raise CrystalNetError(
            f"{path}: the density holds {electrons:.6g} electrons, where {atoms} atoms "
            f"({crystal.to_structure().formula}) have between {least:g} and {most:g}; the values "
            "must be density times cell volume, as VASP writes them"
        )
