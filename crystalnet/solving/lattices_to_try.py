"""The lattices that structures are looked for in, the likeliest first."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.arguments import edges_wanted
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.given import given_lattices
from crystalnet.solving.lattice.kinds import KINDS, lattices_of
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.question import Question
from crystalnet.solving.search.cell_contents import check_room, has_room
from crystalnet.solving.search.cell_limits import FREE, CellLimits, check_limits, contents_within
from crystalnet.solving.search.given_group import lattices_of_group, lattices_with_places
from crystalnet.solving.settings import USUAL, SolveSettings


def lattices_to_try(question: Question, found: FoundPeaks) -> list[IndexedLattice]:
    """Those that everything which is known of a crystal allows.

    Raises:
        CrystalNetError: where there is none, or the cell of none has room for the atoms.
    """
    known, settings, group = question.known, question.settings, question.group
    systems = list(KINDS) if question.system is None else list(lattices_of(question.system))
    if group is not None:
        systems = [each for each in systems if group in KINDS[each].groups]
    lattices = likely_lattices(found, systems, question.lattice, known, settings, question.limits)
    lattices = [replace(each, crystal_system=question.system) for each in lattices]
    if group is not None:
        lattices = lattices_of_group(lattices, group, found.peaks, settings)
    check_limits(question.limits, known, lattices, settings.contents)
    check_room(known, [each.volume for each in lattices], settings.contents)
    if group is not None:
        lattices = lattices_with_places(lattices, group, known, found.peaks, settings)
    return lattices


def likely_lattices(
    found: FoundPeaks,
    systems: Sequence[str],
    lattice: Sequence[float] | None,
    known: KnownComposition,
    settings: SolveSettings = USUAL,
    limits: CellLimits = FREE,
) -> list[IndexedLattice]:
    """The lattices to work on, the likeliest first: found from the peaks, or about given edges.

    Raises:
        CrystalNetError: where none explains the peaks, or the edges are of another system.
    """
    if lattice is None:
        every = find_lattices(found.peaks, systems, settings.lattices)
        return densest(every, known, settings, limits)[: settings.lattices.tried]
    may_be = [name for name, kind in KINDS.items() if kind.free(lattice) is not None]
    wanted = [system for system in systems if system in may_be]
    if not wanted:
        raise CrystalNetError(
            f"the lattice {list(lattice)} is {' or '.join(may_be)}, but the crystal system is "
            f"{systems[0]}; give {edges_wanted()}"
        )
    try:
        given = given_lattices(wanted, lattice, found.peaks, settings.lattices)
    except CrystalNetError as error:
        raise CrystalNetError(f"{error}{_would_fit(found, systems, settings)}") from None
    return densest(given, known, settings, limits)


def _would_fit(found: FoundPeaks, systems: Sequence[str], settings: SolveSettings) -> str:
    """The lattice that explains the peaks where a given one does not, if there is one."""
    try:
        best = find_lattices(found.peaks, systems, settings.lattices)[0]
    except CrystalNetError:
        return ""
    return f"; the peaks are of a lattice {best.system} {best.centring}, {best.told()}"


def densest(
    lattices: list[IndexedLattice],
    known: KnownComposition,
    settings: SolveSettings = USUAL,
    limits: CellLimits = FREE,
) -> list[IndexedLattice]:
    """The likeliest centring of each cell: less dense ones explain no more lines than it does.

    A centring that leaves no room for a formula unit is none: where elements are hard to tell
    apart, the lines are those of a smaller cell, but the atoms are not in it.
    """
    kept: list[IndexedLattice] = []
    for lattice in lattices:
        if not any(
            other.system == lattice.system
            and np.allclose(lattice.edges, other.edges, rtol=settings.lattices.same_cell)
            for other in kept
        ):
            room = _has_room(lattice, known, settings, limits)
            kept.append(lattice if room else _primitive(lattice))
    return [each for each in kept if _has_room(each, known, settings, limits)] or kept


def _has_room(
    lattice: IndexedLattice, known: KnownComposition, settings: SolveSettings, limits: CellLimits
) -> bool:
    if limits.known:
        return bool(contents_within(limits, known, lattice, settings.contents))
    return has_room(known, lattice.volume, settings.contents)


def _primitive(lattice: IndexedLattice) -> IndexedLattice:
    """The lattice of the same edges without centring, which explains the same lines."""
    bare = conventional_lattices(lattice.system, *lattice.edges)[-1]
    return replace(lattice, centring=bare.centring, primitive=bare.primitive)
