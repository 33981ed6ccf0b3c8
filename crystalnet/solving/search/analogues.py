"""Known structures with other elements, their free coordinates fitted to the pattern.

Most crystals are built as some other one is. A structure with many free coordinates, which the
search by symmetry does not reach, is near at hand if it is known with other elements.
"""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.retrieval.candidates import candidates
from crystalnet.retrieval.known import Known
from crystalnet.retrieval.prototypes import PrototypeLibrary
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.standard_lines import standard_lines
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.group_fit import GroupFit
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.settings import USUAL, AnalogueSettings, SolveSettings
from crystalnet.solving.symmetry.conventional import (
    ConventionalCell,
    conventional_cell,
    space_group_of,
)
from crystalnet.solving.symmetry.frames import Frame
from crystalnet.solving.symmetry.orbit_distances import reduced_cell
from crystalnet.solving.symmetry.special_positions import WyckoffPosition
from crystalnet.solving.symmetry.symmetrise import symmetrised
from crystalnet.solving.symmetry.wyckoff import space_group


def analogues(
    measured: MeasuredPeaks,
    formula: Mapping[int, int],
    lattice: IndexedLattice,
    library: PrototypeLibrary,
    known: Known,
    settings: SolveSettings = USUAL,
) -> list[tuple[Crystal, str]]:
    """Structures of a formula that a lattice admits and the pattern agrees with, the best first.

    Args:
        measured: as it was measured.
        formula: amounts by atomic number.
        library: of the kind of formula, of the system of the lattice.
        known: of the same system, for the volumes of atoms.

    Returns:
        As they are known with the edges of the lattice, each followed by itself with its free
        coordinates fitted, where they can be; and the name of the known structure.
    """
    q, intensity = standard_lines(measured, lattice.zero_shift)
    found = []
    for each in candidates(
        library,
        q,
        intensity,
        dict(formula),
        known.volumes,
        settings.analogues.tried,
        lattice=lattice.primitive,
    ):
        found.append((each.crystal, each.prototype_of))
        fitted = fitted_coordinates(each.crystal, measured, lattice, settings)
        found += [] if fitted is None else [(fitted, each.prototype_of)]
    return found


def fitted_coordinates(
    crystal: Crystal,
    measured: MeasuredPeaks,
    lattice: IndexedLattice,
    settings: SolveSettings = USUAL,
) -> Crystal | None:
    """A crystal with its free coordinates fitted to the intensities.

    None where it has none, where it is not of the lattice, or where atoms come too near.

    Args:
        crystal: in a primitive cell, whose edges it keeps.
    """
    found = fit_of(crystal, measured, lattice, settings)
    if found is None or not any(map(len, found[1].parameters)):
        return None
    fit, arranged = found
    end = fit.refine(arranged)
    return None if end is None else fit.crystal(end)


def fit_of(
    crystal: Crystal,
    measured: MeasuredPeaks,
    lattice: IndexedLattice,
    settings: SolveSettings = USUAL,
) -> tuple[GroupFit, Arrangement] | None:
    """A crystal as orbits in its group, and what they are fitted by.

    None where it is not of the lattice, or where a strong peak is absent in its group.

    Args:
        crystal: in a primitive cell, whose edges it keeps.
    """
    within = settings.analogues
    shortest, own = reduced_cell(crystal.lattice), reduced_cell(lattice.primitive)
    if not np.allclose((shortest**2).sum(axis=1), (own**2).sum(axis=1), rtol=2 * within.like_edges):
        return None
    even = symmetrised(crystal, within.symmetric) or crystal
    # The Wyckoff positions are those of the first choice of origin.
    cell = conventional_cell(even, space_group_of(even)[0], origin="1")
    arranged = arrangement(cell, within)
    if arranged is None:
        return None
    frame = Frame(arranged.occupation.group, cell.axes)
    placed = replace(lattice, primitive=crystal.lattice)
    fit = GroupFit(measured, placed, frame, settings=settings)
    return (fit, arranged) if fit.lines.possible else None


def arrangement(
    cell: ConventionalCell, settings: AnalogueSettings = USUAL.analogues
) -> Arrangement | None:
    """A conventional cell as orbits on the Wyckoff positions of its group; None if it is no such.

    Args:
        cell: with the first choice of origin, as `space_group` has it.
    """
    group = space_group(cell.space_group.number)
    places, parameters = [], []
    for first in np.unique(cell.orbit):
        atoms = cell.crystal.frac_coords[cell.orbit == first]
        for place, position in enumerate(group.positions):
            if position.multiplicity != len(atoms):
                continue
            values = on_position(atoms, position, settings.on_position)
            if values is not None:
                places.append((place, int(cell.crystal.atomic_numbers[first])))
                parameters.append(values)
                break
        else:
            return None
    return Arrangement(Occupation(group, tuple(places)), tuple(parameters), np.inf)


def on_position(
    atoms: Float[ndarray, "atoms 3"],
    position: WyckoffPosition,
    within: float = USUAL.analogues.on_position,
) -> Float[ndarray, " freedom"] | None:
    """The free coordinates with which an orbit is on a position; None if it is on another."""
    slope, origin = position.slopes[0], position.origins[0]
    turns = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    wanted = (atoms[:, None] - origin + turns).reshape(-1, 3)
    values = wanted @ np.linalg.pinv(slope).T
    off = np.abs(values @ slope.T - wanted).max(axis=1)
    best = int(off.argmin())
    return values[best] % 1 if off[best] < within else None
