"""The conventional cell of a crystal, in the standard setting of its space group."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gemmi
import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.settings import USUAL, SymmetrySettings

# Settings of the 230 space groups that spglib numbers, from 1.
SETTINGS = 530


@dataclass(frozen=True, eq=False)
class ConventionalCell:
    """A crystal in the standard setting: unique axis b, hexagonal axes, origin at an inversion.

    Attributes:
        crystal: all atoms of the cell, moved to where symmetry wants them exactly.
        axes: rows of the cell in A as they lie in the lattice that it is of.
        space_group: gemmi's entry; for its symbols in this setting.
        operations: those of the cell, centring included.
        orbit: for each atom, the first one that it is symmetric to.
        letters: of each atom's Wyckoff position, as the International Tables have them.
    """

    crystal: Crystal
    axes: Float[ndarray, "3 3"]
    space_group: gemmi.SpaceGroup
    operations: list[gemmi.Op]
    orbit: Int[ndarray, " atoms"]
    letters: list[str]

    @property
    def parameters(self) -> tuple[float, ...]:
        """a, b, c in A; alpha, beta, gamma in degrees."""
        return tuple(float(value) for value in Lattice(self.crystal.lattice).parameters)

    @property
    def rotations(self) -> Int[ndarray, "operations 3 3"]:
        """The matrices of the operations; rows of indices hkl are multiplied from the left."""
        return np.array([op.rot for op in self.operations], dtype=np.int64) // gemmi.Op.DEN


def space_group_of(
    crystal: Crystal, settings: SymmetrySettings = USUAL.symmetry
) -> tuple[int, str]:
    """Number and short Hermann-Mauguin symbol of a crystal's space group, within 0.01 A."""
    found = _dataset(crystal, settings.same)
    return (1, "P1") if found is None else (int(found.number), str(found.international))


def conventional_cell(
    crystal: Crystal,
    space_group: int,
    origin: str = "2",
    settings: SymmetrySettings = USUAL.symmetry,
) -> ConventionalCell:
    """The conventional cell of a crystal of a space group (number).

    A crystal that does not have the space group within any tolerance stays as it is, in P1.

    Args:
        origin: the choice, "1" or "2", where the group has two.
    """
    for tolerance in (settings.same, *settings.others):
        found = _dataset(crystal, tolerance)
        if found is not None and found.number == space_group:
            cell = _standard(
                crystal, tolerance, _standard_setting(space_group, origin), settings.same
            )
            if cell is not None:
                return cell
    return ConventionalCell(
        crystal,
        crystal.lattice,
        gemmi.find_spacegroup_by_number(1),
        [gemmi.Op("x,y,z")],
        np.arange(len(crystal.atomic_numbers)),
        ["a"] * len(crystal.atomic_numbers),
    )


def _standard(
    crystal: Crystal, tolerance: float, setting: int, same: float
) -> ConventionalCell | None:
    """The cell in a setting, or None where its atoms do not obey the operations exactly."""
    found = _dataset(crystal, tolerance, setting)
    if found is None:
        return None
    moved = Crystal(
        crystal.material_id,
        np.asarray(found.std_lattice, dtype=np.float64),
        np.asarray(found.std_types, dtype=np.int64),
        np.asarray(found.std_positions, dtype=np.float64) % 1.0,
    )
    operations = _operations(setting)
    orbit = _orbits(moved, operations, same)
    group = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(operations))
    if orbit is None or group is None:
        return None
    axes = np.linalg.inv(found.transformation_matrix).T @ crystal.lattice
    # Atoms of both cells by those of the primitive one that they repeat.
    letter = dict(zip(found.mapping_to_primitive.tolist(), found.wyckoffs, strict=True))
    letters = [str(letter[atom]) for atom in found.std_mapping_to_primitive.tolist()]
    return ConventionalCell(moved, axes, group, operations, orbit, letters)


def _dataset(crystal: Crystal, tolerance: float, setting: int = 0) -> Any:
    cell = (crystal.lattice, crystal.frac_coords, crystal.atomic_numbers)
    with _quiet():
        return spglib.get_symmetry_dataset(cell, symprec=tolerance, hall_number=setting)


@lru_cache(maxsize=256)
def _standard_setting(space_group: int, origin: str) -> int:
    """spglib's number of the setting: its first one, but the choice of origin that is wanted."""
    settings: dict[str, int] = {}
    with _quiet():
        kinds = [spglib.get_spacegroup_type(hall) for hall in range(1, SETTINGS + 1)]
    for hall, kind in enumerate(kinds, start=1):
        if kind.number == space_group:
            settings.setdefault(kind.choice, hall)
    return settings.get(origin, min(settings.values()))


def _operations(setting: int) -> list[gemmi.Op]:
    with _quiet():
        table = spglib.get_symmetry_from_database(setting)
    operations = []
    for rotation, translation in zip(table["rotations"], table["translations"], strict=True):
        op = gemmi.Op("x,y,z")
        op.rot = (np.asarray(rotation) * gemmi.Op.DEN).tolist()
        op.tran = np.rint(np.asarray(translation) * gemmi.Op.DEN).astype(int).tolist()
        operations.append(op.wrap())
    return operations


def _orbits(
    crystal: Crystal, operations: list[gemmi.Op], same: float
) -> Int[ndarray, " atoms"] | None:
    """For each atom the first of its orbit; None where an image is no atom of the crystal."""
    x, numbers = crystal.frac_coords, crystal.atomic_numbers
    rotations = np.array([op.rot for op in operations]) / gemmi.Op.DEN
    translations = np.array([op.tran for op in operations]) / gemmi.Op.DEN
    orbit = np.full(len(x), -1)
    for atom in range(len(x)):
        if orbit[atom] >= 0:
            continue
        apart = (rotations @ x[atom] + translations)[:, None] - x
        apart -= np.rint(apart)
        distance = np.linalg.norm(apart @ crystal.lattice, axis=2)
        distance[:, numbers != numbers[atom]] = np.inf
        if distance.min(axis=1).max() > same:
            return None
        orbit[distance.argmin(axis=1)] = atom
    return orbit


@contextmanager
def _quiet() -> Iterator[None]:
    """spglib 2.8 announces at every call how it will report errors from version 3 on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
