"""Known structures as they are, in a measured lattice: what needs no composition.

A phase that is known is found by its cell and its pattern alone, as in a search of a database of
patterns; what is known of the elements leaves fewer to compare.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.retrieval.known import Known
from crystalnet.retrieval.metrics import unimodular
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, AgreementSettings, AnalogueSettings
from crystalnet.solving.symmetry.orbit_distances import reduced_cell

# What is bound to nothing as a rule: a cell and a pattern alone are no proof of the contrary.
NOBLE_GASES = frozenset({2, 10, 18, 36, 54, 86})


def known_structures(
    measured: MeasuredPeaks,
    composition: KnownComposition,
    lattice: IndexedLattice,
    known: Known,
    budget: Budget = UNBOUNDED,
    settings: AnalogueSettings = USUAL.analogues,
    agreement: AgreementSettings = USUAL.agreement,
) -> list[tuple[Crystal, str]]:
    """Structures of the elements whose cell is that of a lattice, the best by their patterns first.

    Args:
        measured: as it was measured.
        composition: all elements of a structure, or some of them if it is not complete; noble gases
            are there only if they are named.
        known: of the system of the lattice.

    Returns:
        With the edges of the lattice, and the name of each.
    """
    bases = Bases(lattice.primitive)
    peaks = measured.shifted(lattice.zero_shift)
    found: list[tuple[float, Crystal]] = []
    for crystal in _of_like_volume(known.crystals, lattice, settings.known_edges):
        if found and budget.over():
            break
        if not _may_be(crystal, composition):
            continue
        settled = [
            (match_pattern(there, peaks, agreement).rwp, there)
            for there in bases.holding(crystal, settings.known_edges)
        ]
        found += sorted(settled, key=lambda pair: pair[0])[:1]
    found.sort(key=lambda pair: (pair[0], pair[1].material_id))
    return [(crystal, crystal.material_id) for _, crystal in found[: settings.most_known]]


class Bases:
    """All that may be the reduced cell of a crystal, distorted, of one lattice.

    Axes of a known crystal are named as somebody else did: which edge of a lattice is the a of an
    orthorhombic one, and which of the short vectors are those of a monoclinic or triclinic one,
    only its own lengths and angles can tell.
    """

    def __init__(self, primitive: Float[ndarray, "3 3"]) -> None:
        """Take the rows of a primitive cell in A."""
        self._primitive = primitive
        self._every = unimodular() @ reduced_cell(primitive)
        metric = self._every @ self._every.transpose(0, 2, 1)
        self._lengths, self._cosines = _shape(metric)

    def holding(self, crystal: Crystal, within: float) -> list[Crystal]:
        """A crystal in the lattice, in every way that is another one; none if it is not of it.

        Args:
            within: what logarithms of edges, and cosines, differ by at most.
        """
        return [
            replace(crystal, lattice=self._primitive, frac_coords=crystal.frac_coords @ turn % 1)
            for turn in self.turns(crystal.lattice, within)
        ]

    def turns(self, cell: Float[ndarray, "3 3"], within: float) -> list[Float[ndarray, "3 3"]]:
        """Whole numbers: rows of a primitive cell in those of the lattice, the likest first.

        Each of them is another way to take the cell for one of the lattice; none if it is of
        another.

        Args:
            cell: rows in A, however they are turned.
            within: what logarithms of edges, and cosines, differ by at most.
        """
        own = reduced_cell(cell)
        lengths, cosines = _shape((own @ own.T)[None])
        off = np.maximum(
            np.abs(np.log(self._lengths / lengths)).max(axis=1),
            np.abs(self._cosines - cosines).max(axis=1),
        )
        rows = np.flatnonzero(off <= within)
        # Those of one shape differ by a rotation of the lattice, which turns the whole crystal.
        shape = np.concatenate([self._lengths[rows], self._cosines[rows]], axis=1)
        _, first = np.unique(np.rint(shape * 1e6), axis=0, return_index=True)
        rows = rows[np.sort(first)]
        found = []
        for row in rows[np.argsort(off[rows], kind="stable")]:
            basis = self._every[row]
            if np.linalg.det(basis) * np.linalg.det(own) < 0:
                basis = -basis
            turn = cell @ np.linalg.inv(own) @ basis @ np.linalg.inv(self._primitive)
            found.append(np.rint(turn))
        return found


def _shape(
    metric: Float[ndarray, "cells 3 3"],
) -> tuple[Float[ndarray, "cells 3"], Float[ndarray, "cells 3"]]:
    """Edges in A, and the cosines of the angles between the second and third, and so on."""
    lengths = np.sqrt(metric.diagonal(axis1=1, axis2=2))
    products = metric[:, [1, 0, 0], [2, 2, 1]]
    return lengths, products / (lengths[:, [1, 0, 0]] * lengths[:, [2, 2, 1]])


def _of_like_volume(
    crystals: Sequence[Crystal], lattice: IndexedLattice, edges: float
) -> list[Crystal]:
    """Those whose primitive cell may be the lattice's, by its volume alone."""
    volumes = np.abs(np.linalg.det(np.array([crystal.lattice for crystal in crystals])))
    own = abs(float(np.linalg.det(lattice.primitive)))
    near: Bool[ndarray, " crystals"] = np.abs(np.log(volumes / own)) < 3 * edges
    return [crystals[i] for i in np.flatnonzero(near).tolist()]


def _may_be(crystal: Crystal, composition: KnownComposition) -> bool:
    elements, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    there = set(elements.tolist())
    if composition.amounts is not None:
        amounts = tuple((counts // np.gcd.reduce(counts)).tolist())
        return tuple(elements.tolist()) == composition.elements and amounts == composition.amounts
    if composition.complete:
        return there == set(composition.elements)
    return not there & NOBLE_GASES - set(composition.elements) and there >= set(
        composition.elements
    )
