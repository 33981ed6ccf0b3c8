"""A crystal: a lattice and the atoms in one cell."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Structure

from crystalnet.errors import CrystalNetError


@dataclass(frozen=True, eq=False)
class Crystal:
    """One cell of an ordered crystal.

    Rock salt in its primitive cell:

        >>> import numpy as np
        >>> from crystalnet import Crystal
        >>> edges, halves = 2.82 * (1 - np.eye(3)), np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
        >>> salt = Crystal("NaCl", edges, np.array([11, 17]), halves)
        >>> round(salt.volume, 2)
        44.85

    Attributes:
        material_id: the name it goes by in tables and messages.
        lattice: rows are a, b, c in A.
        atomic_numbers: one per atom.
        frac_coords: fractional coordinates.

    Raises:
        CrystalNetError: for an empty cell, a flat or non-finite lattice, coordinates that are
            not finite, an atomic number outside 1..118, or a list in place of an array.
    """

    material_id: str
    lattice: Float[ndarray, "3 3"]
    atomic_numbers: Int[ndarray, " atoms"]
    frac_coords: Float[ndarray, "atoms 3"]

    def __post_init__(self) -> None:
        for name in ("lattice", "atomic_numbers", "frac_coords"):
            if not isinstance(getattr(self, name), ndarray):
                kind = type(getattr(self, name)).__name__
                raise CrystalNetError(
                    f"{self.material_id}: {name} is a {kind}; want an array (numpy.array)"
                )
        if len(self.atomic_numbers) == 0:
            raise CrystalNetError(f"{self.material_id}: the cell holds no atoms")
        if self.frac_coords.shape != (len(self.atomic_numbers), 3):
            raise CrystalNetError(
                f"{self.material_id}: {len(self.atomic_numbers)} atomic numbers but coordinates "
                f"of shape {self.frac_coords.shape}; want one row of three per atom"
            )
        if not (np.isfinite(self.lattice).all() and self.volume > 1e-3):
            raise CrystalNetError(
                f"{self.material_id}: the lattice {np.round(self.lattice, 4).tolist()} (A) "
                "encloses no volume"
            )
        if not np.isfinite(self.frac_coords).all():
            raise CrystalNetError(
                f"{self.material_id}: fractional coordinates hold NaN or infinity"
            )
        wrong = self.atomic_numbers[(self.atomic_numbers < 1) | (self.atomic_numbers > 118)]
        if len(wrong):
            raise CrystalNetError(
                f"{self.material_id}: atomic number {wrong[0]} is no element; want 1 to 118"
            )

    @property
    def volume(self) -> float:
        """Cell volume in A^3."""
        return float(abs(np.linalg.det(self.lattice)))

    @classmethod
    def from_structure(cls, structure: Structure, material_id: str = "") -> "Crystal":
        """Take over a pymatgen Structure.

        Raises:
            CrystalNetError: if a site is shared between species or partly occupied.
        """
        name = material_id or structure.composition.reduced_formula
        if not structure.is_ordered:
            site = next(site for site in structure if not site.is_ordered)
            raise CrystalNetError(
                f"{name}: the site {site.species_string} at "
                f"{np.round(site.frac_coords, 4).tolist()} is disordered; give an ordered structure"
            )
        return cls(
            name,
            np.array(structure.lattice.matrix, dtype=np.float64),
            np.array([site.specie.Z for site in structure], dtype=np.int64),
            np.array(structure.frac_coords, dtype=np.float64).reshape(-1, 3),
        )

    def to_structure(self) -> Structure:
        """The same cell as a pymatgen Structure."""
        return Structure(self.lattice, self.atomic_numbers.tolist(), self.frac_coords)
