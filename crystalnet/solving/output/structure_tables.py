"""Atoms, cell and distances of a candidate, as tables of text."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.profile_fit.sites import sites_of
from crystalnet.solving.symmetry.contacts import covalent_radius
from crystalnet.solving.symmetry.conventional import conventional_cell

# Neighbours are nearer than so many times the sum of the covalent radii, those of one element than
# fewer times; distances that differ by less than so many A are one.
NEIGHBOURS, ALIKE, SAME_DISTANCE = 1.25, 1.1, 2e-3


@dataclass(frozen=True)
class AtomRow:
    """One site as it is shown: label, Wyckoff position, x, y and z, U in A^2."""

    label: str
    position: str
    place: list[str]
    u: str


@dataclass(frozen=True)
class StructureTables:
    """What is told of a structure in its conventional cell.

    Attributes:
        fitted: whether the numbers are those of the fit, with standard deviations.
        setting: the space group's symbol in the setting of the coordinates.
        cell: name and value of each cell parameter, in A and degrees, then of the volume in A^3.
        density: g/cm^3.
        formula_units: in the cell.
        atoms: one row a site.
        distances: "Na1", "6 Cl1 2.820", ... one row a site, distances in A.
    """

    fitted: bool
    setting: str
    cell: list[tuple[str, str]]
    density: float
    formula_units: int
    atoms: list[AtomRow]
    distances: list[tuple[str, str]]


def structure_tables(candidate: Candidate) -> StructureTables:
    """The tables of a candidate: as fitted, or as found where it was not fitted."""
    fit = candidate.fit
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    if fit is not None:
        crystal, setting = fit.crystal, fit.setting
        cell = [(name, each.told()) for name, each in zip(names, fit.cell, strict=True)]
        cell.append(("V", fit.volume.told()))
        atoms = [
            AtomRow(
                site.label,
                f"{site.multiplicity}{site.wyckoff}",
                [each.told() for each in site.place],
                site.u.told(),
            )
            for site in fit.sites
        ]
        members = {site.label: list(site.atoms) for site in fit.sites}
    else:
        found = conventional_cell(candidate.crystal, candidate.space_group)
        crystal, setting = found.crystal, found.space_group.xhm()
        cell = [(n, f"{v:.6g}") for n, v in zip(names, found.parameters, strict=True)]
        cell.append(("V", f"{crystal.volume:.6g}"))
        sites = sites_of(found)
        atoms = [
            AtomRow(
                site.label,
                f"{len(site.atoms)}{site.wyckoff}",
                [f"{value % 1.0:.5g}" for value in np.round(site.place, 6)],
                "",
            )
            for site in sites
        ]
        members = {site.label: site.atoms.tolist() for site in sites}
    structure = crystal.to_structure()
    _, units = structure.composition.get_integer_formula_and_factor()
    return StructureTables(
        fit is not None,
        setting,
        cell,
        float(structure.density),
        round(units),
        atoms,
        _distances(crystal, members),
    )


def _distances(crystal: Crystal, members: Mapping[str, list[int]]) -> list[tuple[str, str]]:
    """Of each site the neighbours within the reach of bonds, the nearest first.

    Args:
        members: numbers of the atoms of each site.
    """
    radii = np.array([covalent_radius(z) for z in crystal.atomic_numbers.tolist()])
    reach = 2 * NEIGHBOURS * float(radii.max())
    one, other, _, distance = crystal.to_structure().get_neighbor_list(reach)
    numbers = crystal.atomic_numbers
    within = np.where(numbers[one] == numbers[other], ALIKE, NEIGHBOURS)
    bonded = distance < within * (radii[one] + radii[other])
    one, other, distance = one[bonded], other[bonded], distance[bonded]
    label_of = {atom: label for label, atoms in members.items() for atom in atoms}
    rows = []
    for label, atoms in members.items():
        near = one == atoms[0]
        groups: list[tuple[str, float, int]] = []
        for place in np.argsort(distance[near], kind="stable").tolist():
            name, length = label_of[int(other[near][place])], float(distance[near][place])
            same = [
                number
                for number, group in enumerate(groups)
                if group[0] == name and length - group[1] < SAME_DISTANCE
            ]
            if same:
                groups[same[0]] = (name, groups[same[0]][1], groups[same[0]][2] + 1)
            else:
                groups.append((name, length, 1))
        told = ", ".join(f"{count} {name} {length:.3f}" for name, length, count in groups)
        rows.append((label, told or "none"))
    return rows
