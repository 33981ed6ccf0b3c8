"""Reading VASP's CHGCAR files: the crystal and its total charge density.

After a POSCAR header and a line of three grid sizes the file holds density times cell volume,
x running fastest. The spin density and the augmentation occupancies that may follow are not
looked at.
"""

import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Structure
from pymatgen.io.vasp import Poscar

from crystalnet.crystallography.compressed import reading
from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError

# The distance between points may differ between the axes by this factor; VASP's own differ by
# less than 2.
MOST_UNEVEN = 4.0
# Points are no nearer than this, in A: VASP's finest grids have some 0.04. With the bounds below
# it says how much of a file can be meant, so that a small file cannot unpack to fill the memory.
FINEST = 0.02
# Bytes of a header, and of a value with its white space; densities and what else may follow, as
# multiples of the first density.
LONGEST_HEADER, WIDEST_VALUE, MOST_DENSITIES = 4_000_000, 40, 12
# Electrons in a cell: at least this many an atom, and at most those of the neutral atoms and
# this many more an atom. Values that were not multiplied by the volume fall below.
FEWEST_PER_ATOM = 0.5
MOST_ADDED_PER_ATOM = 1.0

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
    with reading(path) as stream:
        text = stream.until(_GRID, LONGEST_HEADER)
        found = _GRID.search(text)
        if found is None:
            raise CrystalNetError(
                f"{path}: no line of three grid sizes after a blank line, so this is no CHGCAR, or "
                "it is cut short; copy the file again"
            )
        crystal = Crystal.from_structure(_structure(path, text[: found.start()]), path.name)
        grid = (int(found[2]), int(found[3]), int(found[4]))
        _check_grid(path, crystal, grid)
        # What a density of this grid can take; whatever follows it is only read past.
        needed = WIDEST_VALUE * math.prod(grid) + LONGEST_HEADER
        text = stream.rest(needed, MOST_DENSITIES * needed)
    found = _GRID.search(text)
    assert found is not None
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


def _structure(path: Path, header: bytes) -> Structure:
    lines = header.split(b"\n")
    counts = [int(n) for n in lines[6].split() if n.isdigit()] if len(lines) > 6 else []
    if sum(counts) > len(lines):
        raise CrystalNetError(
            f"{path}: names {sum(counts)} atoms in a header of {len(lines)} lines; the file is "
            "damaged: copy it again"
        )
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
    unknown = [site.species_string for site in poscar.structure if not 1 <= site.specie.Z <= 118]
    if unknown:
        raise CrystalNetError(
            f"{path}: {unknown[0]!r} is no element; mend the line of element symbols"
        )
    return poscar.structure


def _check_grid(path: Path, crystal: Crystal, grid: tuple[int, int, int]) -> None:
    if min(grid) < 1:
        raise CrystalNetError(f"{path}: a grid of {grid} points; want at least 1 along each axis")
    spacing = np.linalg.norm(crystal.lattice, axis=1) / grid
    if spacing.min() < FINEST:
        raise CrystalNetError(
            f"{path}: a grid of {grid} points in a cell of "
            f"{np.round(np.linalg.norm(crystal.lattice, axis=1), 2).tolist()} A; want points at "
            f"least {FINEST} A apart: the file is damaged, or its numbers are too long for a line"
        )
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
