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
from crystalnet.retrieval.metrics import lattice_numbers
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, AgreementSettings, AnalogueSettings

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
    own = lattice_numbers(lattice.primitive, known.system)
    if own is None:
        return []
    axes = own[1]
    wanted = axes @ lattice.primitive
    peaks = measured.shifted(lattice.zero_shift)
    found: list[tuple[float, Crystal]] = []
    for crystal in _of_like_volume(known.crystals, lattice, settings.known_edges):
        if found and budget.over():
            break
        if not _may_be(crystal, composition):
            continue
        its = lattice_numbers(crystal.lattice, known.system)
        if its is None or not np.array_equal(its[1], axes):
            continue
        if not _same_cell(axes @ crystal.lattice, wanted, settings.known_edges):
            continue
        there = replace(crystal, lattice=lattice.primitive)
        found.append((match_pattern(there, peaks, agreement).rwp, there))
    found.sort(key=lambda pair: (pair[0], pair[1].material_id))
    return [(crystal, crystal.material_id) for _, crystal in found[: settings.most_known]]


def _same_cell(one: Float[ndarray, "3 3"], other: Float[ndarray, "3 3"], within: float) -> bool:
    """Whether the edges of two cells, and the cosines between them, differ by no more."""
    lengths = np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)
    cosines = [
        each @ each.T / np.outer(length, length)
        for each, length in zip((one, other), lengths, strict=True)
    ]
    edges = np.abs(np.log(lengths[0] / lengths[1])).max()
    return bool(edges <= within and np.abs(cosines[0] - cosines[1]).max() <= within)


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
