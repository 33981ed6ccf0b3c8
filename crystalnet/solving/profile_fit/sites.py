"""The sites of a crystal, and the directions in which symmetry leaves their atoms free."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.symmetry.conventional import ConventionalCell

# Atoms of an orbit are this near to where operations send the first, as fractions of the cell.
SAME = 0.01


@dataclass(frozen=True, eq=False)
class Site:
    """One orbit of atoms.

    Attributes:
        label: such as Na1.
        atomic_number: of its element.
        wyckoff: letter of the International Tables.
        atoms: their numbers in the cell.
        rotations, translations: that send the one that stands for all to each, in fractional
            coordinates.
        place: of that one.
        basis: rows are directions in which it may move, in fractional coordinates.
    """

    label: str
    atomic_number: int
    wyckoff: str
    atoms: Int[ndarray, " atoms"]
    rotations: Int[ndarray, "atoms 3 3"]
    translations: Float[ndarray, "atoms 3"]
    place: Float[ndarray, "3"]
    basis: Float[ndarray, "freedom 3"]

    def moved(self, shifts: Float[ndarray, " freedom"]) -> Float[ndarray, "atoms 3"]:
        """Where all atoms are if the one that stands for them moves."""
        there = self.place + shifts @ self.basis
        return np.asarray(self.rotations @ there + self.translations)


def sites_of(cell: ConventionalCell) -> list[Site]:
    """The sites of a crystal, in the order of its atoms; of each the atom with the plainest place.

    Where the origin is free (polar groups), the heaviest site stays where it is.
    """
    rotations = cell.rotations
    translations = np.array([op.tran for op in cell.operations]) / cell.operations[0].DEN
    seen: dict[str, int] = {}
    found = []
    for orbit in np.unique(cell.orbit).tolist():
        atoms = np.flatnonzero(cell.orbit == orbit)
        first = min(atoms.tolist(), key=lambda atom: _plainness(cell.crystal.frac_coords[atom]))
        z = int(cell.crystal.atomic_numbers[first])
        symbol = str(Element.from_Z(z).symbol)
        seen[symbol] = seen.get(symbol, 0) + 1
        x = cell.crystal.frac_coords[first]
        images = rotations @ x + translations
        apart = images[:, None] - cell.crystal.frac_coords[atoms]
        distance = np.abs(apart - np.rint(apart)).max(axis=2)
        # An operation that sends it to each, and those that leave it where it is.
        sent = distance.argmin(axis=1)
        chosen = np.array([int(np.argmax(sent == place)) for place in range(len(atoms))])
        own = int(np.flatnonzero(atoms == first)[0])
        stays = rotations[(sent == own) & (distance[:, own] < SAME)]
        basis = _fixed_directions(stays)
        # A site is exactly where its symmetry has it.
        label = f"{symbol}{seen[symbol]}"
        found.append(
            Site(
                label,
                z,
                cell.letters[first],
                atoms,
                rotations[chosen],
                translations[chosen],
                x,
                basis,
            )
        )
    polar = _fixed_directions(rotations)
    if len(polar):
        heavy = max(range(len(found)), key=lambda i: (found[i].atomic_number, -i))
        site = found[heavy]
        found[heavy] = Site(
            site.label, site.atomic_number, site.wyckoff, site.atoms, site.rotations,
            site.translations, site.place, _without(site.basis, polar),
        )  # fmt: skip
    return found


def _plainness(place: Float[ndarray, "3"]) -> tuple[float, ...]:
    """What is the least for the atom of a site that tables would name."""
    rounded = np.round(place, 3) % 1.0
    return (-float((rounded == 0).sum()), float(rounded.sum().round(3)), *rounded.tolist())


def crystal_at(
    cell: ConventionalCell,
    lattice: Float[ndarray, "3 3"],
    sites: list[Site],
    shifts: list[Float[ndarray, " _"]],
) -> Crystal:
    """The crystal with its sites moved, in another lattice."""
    x = cell.crystal.frac_coords.copy()
    for site, shift in zip(sites, shifts, strict=True):
        x[site.atoms] = site.moved(shift)
    return Crystal(cell.crystal.material_id, lattice, cell.crystal.atomic_numbers, x % 1.0)


def _fixed_directions(rotations: Int[ndarray, "operations 3 3"]) -> Float[ndarray, "freedom 3"]:
    """Directions that all rotations leave alone, reduced: x, y, z before their sums."""
    mean = rotations.mean(axis=0)
    # The mean of a group projects onto what it leaves alone.
    rows = mean.T
    basis: list[ndarray] = []
    for row in rows:
        left = row.copy()
        for other in basis:
            pivot = int(np.argmax(np.abs(other) > 1e-6))
            left = left - left[pivot] / other[pivot] * other
        if np.abs(left).max() > 1e-6:
            pivot = int(np.argmax(np.abs(left) > 1e-6))
            left = left / left[pivot]
            basis = [each - each[pivot] * left for each in basis]
            basis.append(left)
    return np.array(basis).reshape(-1, 3)


def _without(
    basis: Float[ndarray, "freedom 3"], polar: Float[ndarray, "directions 3"]
) -> Float[ndarray, "less 3"]:
    """Directions of a basis that are left when those of another, which it holds, are fixed."""
    kept: list[ndarray] = []
    for row in basis:
        if np.linalg.matrix_rank(np.array([*polar, *kept, row])) > len(polar) + len(kept):
            kept.append(row)
    return np.array(kept).reshape(-1, 3)
