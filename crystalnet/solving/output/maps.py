"""Densities for other programs: VASP's CHGCAR, Gaussian's cube, CCP4 maps.

All three are in the cell that was used for solving, whatever its angles.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Element, Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.files import atomic_write

BOHR = 0.529177210544
"""In A (CODATA 2022)."""


@dataclass(frozen=True, eq=False)
class DensityMap:
    """A density in its cell.

    Attributes:
        label: what it goes by, in one line.
        lattice: rows are a, b, c in A.
        density: valence electrons in e/A^3 at the fractional coordinates i/n.
        crystal: its atoms, in the same cell; None where they are not known.
    """

    label: str
    lattice: Float[ndarray, "3 3"]
    density: Float[ndarray, "n n n"]
    crystal: Crystal | None


def write_chgcar(path: Path | str, mapped: DensityMap) -> None:
    """Write the density as VASP does: times the cell volume, x running fastest, no spin density.

    Atoms stand in the order of their elements' first appearance, those of an element together.

    Raises:
        ValueError: for a density without atoms, which a CHGCAR cannot be of.
    """
    crystal, n = mapped.crystal, len(mapped.density)
    if crystal is None:
        raise ValueError(f"{path}: a CHGCAR names atoms, and those of {mapped.label} are not known")
    numbers, order = _grouped(crystal.atomic_numbers)
    counts = [int((crystal.atomic_numbers == z).sum()) for z in numbers]
    lines = [
        f"{mapped.label}: valence density by CrystalNet",
        "1.0",
        *(" ".join(f"{value:21.15f}" for value in row) for row in crystal.lattice),
        " ".join(Element.from_Z(z).symbol for z in numbers),
        " ".join(map(str, counts)),
        "Direct",
        *(" ".join(f"{x:19.16f}" for x in row) for row in crystal.frac_coords[order] % 1.0),
        "",
        f"{n:5d}{n:5d}{n:5d}",
    ]
    values = np.asarray(mapped.density, dtype=np.float64).ravel(order="F") * crystal.volume
    with atomic_write(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n" + _numbers(values, "%18.11E", 5))


def write_cube(path: Path | str, mapped: DensityMap) -> None:
    """Write the density as a Gaussian cube, lengths in Bohr and densities in e/Bohr^3."""
    crystal, n = mapped.crystal, len(mapped.density)
    numbers = [] if crystal is None else crystal.atomic_numbers.tolist()
    places = np.empty((0, 3)) if crystal is None else crystal.frac_coords % 1.0 @ mapped.lattice
    places = places / BOHR
    lines = [
        f"{mapped.label}: valence density by CrystalNet in electrons/Bohr^3",
        "lengths in Bohr; z runs fastest; the cell is periodic, its last points are left out",
        f"{len(places):5d}{0:14.8f}{0:14.8f}{0:14.8f}",
        *(f"{n:5d}" + "".join(f"{v:14.8f}" for v in row / n / BOHR) for row in mapped.lattice),
        *(
            f"{z:5d}{float(z):14.8f}" + "".join(f"{v:14.8f}" for v in place)
            for z, place in zip(numbers, places, strict=True)
        ),
    ]
    values = np.asarray(mapped.density, dtype=np.float64) * BOHR**3
    # Every run along z starts a line of its own.
    runs = [_numbers(run, "%14.7E", 6) for run in values.reshape(-1, n)]
    with atomic_write(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n" + "".join(runs))


def write_ccp4(path: Path | str, mapped: DensityMap) -> None:
    """Write a density as a CCP4 map: the whole cell in P1, float32 (mode 2), in e/A^3."""
    grid = gemmi.FloatGrid(np.ascontiguousarray(mapped.density, dtype=np.float32))
    grid.set_unit_cell(gemmi.UnitCell(*Lattice(mapped.lattice).parameters))
    grid.spacegroup = gemmi.find_spacegroup_by_number(1)
    written = gemmi.Ccp4Map()
    written.grid = grid
    written.update_ccp4_header(2)
    # Words 56 and 57: one label of 80 characters.
    written.set_header_i32(56, 1)
    label = f"{mapped.label}: valence density by CrystalNet in e/A^3"
    written.set_header_str(57, f"{label:80.80}")
    # gemmi takes no name that is not UTF-8.
    with atomic_write(path) as temporary, tempfile.NamedTemporaryFile(suffix=".ccp4") as plain:
        written.write_ccp4_map(plain.name)
        temporary.write_bytes(Path(plain.name).read_bytes())


def _grouped(numbers: Int[ndarray, " atoms"]) -> tuple[list[int], Int[ndarray, " atoms"]]:
    """The elements in order of appearance, and the order of atoms that groups them."""
    elements = list(dict.fromkeys(numbers.tolist()))
    place = {z: i for i, z in enumerate(elements)}
    return elements, np.argsort([place[z] for z in numbers.tolist()], kind="stable")


def _numbers(values: Float[ndarray, " values"], form: str, columns: int) -> str:
    """Lines of so many numbers; the last one may be shorter."""
    rows, rest = divmod(len(values), columns)
    whole = (" ".join([form] * columns) + "\n") * rows
    last = " ".join([form] * rest) + "\n" if rest else ""
    return (whole + last) % tuple(values.tolist())
