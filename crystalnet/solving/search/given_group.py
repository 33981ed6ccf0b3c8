"""A space group that somebody says a crystal has: whether lattice and pattern allow it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import gemmi
from pymatgen.core import Element

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.lattice.cells import (
    IndexedLattice,
    centring_vectors,
    conventional_lattices,
)
from crystalnet.solving.lattice.kinds import crystal_system_of
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.search.cell_contents import cell_contents
from crystalnet.solving.search.occupations import has_places
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.frames import frames_of
from crystalnet.solving.symmetry.wyckoff import space_group


def group_number(name: str | int) -> int:
    """The number of a space group, from its number or a symbol in any setting.

    Raises:
        CrystalNetError: for something else.
    """
    text = str(name).strip().replace("_", "")
    if not isinstance(name, bool) and text.isdigit() and 1 <= int(text) <= 230:
        return int(text)
    found = None if not text or text.isdigit() else gemmi.find_spacegroup_by_name(text)
    if found is None:
        raise CrystalNetError(
            f"the space group {name!r}; want a number from 1 to 230, or a symbol such as Pnma or "
            "P2_1/c"
        )
    return int(found.number)


def check_system(number: int, system: str) -> None:
    """See to it that a group is of a crystal system.

    Raises:
        CrystalNetError: if it is of another.
    """
    if crystal_system_of(number) != system:
        raise CrystalNetError(
            f"the space group {told(number)} and the crystal system {system} at once; give one of "
            "them"
        )


def told(number: int) -> str:
    """A group for a person to read."""
    group = gemmi.find_spacegroup_by_number(number)
    return f"{number} ({group.short_name()}, {group.crystal_system_str()} {group.centring_type()})"


def lattices_of_group(
    lattices: Sequence[IndexedLattice],
    number: int,
    measured: MeasuredPeaks,
    settings: SolveSettings = USUAL,
) -> list[IndexedLattice]:
    """Those that a space group may have, with its centring, and whose pattern it allows.

    A lattice without centring explains the lines of a centred one too.

    Raises:
        CrystalNetError: where there is none, in words which groups are allowed.
    """
    centring = gemmi.find_spacegroup_by_number(number).centring_type()
    # Orthorhombic A is C with its axes in another order.
    centring = "C" if centring == "A" else centring
    own = []
    for each in lattices:
        if number not in each.groups:
            continue
        if each.centring == centring:
            own.append(each)
        elif centring == "P":
            bare = conventional_lattices(each.system, *each.edges)[-1]
            own.append(replace(each, centring=bare.centring, primitive=bare.primitive))
    if not own:
        listed = "; ".join(f"{each.system} {each.centring}, {each.told()}" for each in lattices)
        raise CrystalNetError(
            f"the space group {told(number)} is of none of the lattices that explain the peaks "
            f"({listed}); want one of {_possible(lattices[0], measured, settings)}"
        )
    fitting = [each for each in own if _allows(each, number, measured, settings)]
    if not fitting:
        raise CrystalNetError(
            f"the space group {told(number)} forbids reflections that are strong in the pattern; "
            f"want one of {_possible(own[0], measured, settings)}"
        )
    return fitting


def lattices_with_places(
    lattices: Sequence[IndexedLattice],
    number: int,
    known: KnownComposition,
    measured: MeasuredPeaks,
    settings: SolveSettings = USUAL,
) -> list[IndexedLattice]:
    """Those in which a space group has places for the atoms, as far as they are known.

    Raises:
        CrystalNetError: where there is none, in words which groups have.
    """
    contents = [cell_contents(known, each.volume, settings.contents) for each in lattices]
    fitting = [
        each
        for each, some in zip(lattices, contents, strict=True)
        if not some or _holds(number, each, some)
    ]
    if not fitting:
        first, likely = lattices[0], contents[0]
        others = [
            each
            for each in sorted({frame.group.number for frame in frames_of(first)})
            if _holds(each, first, likely) and _allows(first, each, measured, settings)
        ]
        multiplicities = sorted({p.multiplicity for p in space_group(number).positions})
        raise CrystalNetError(
            f"the space group {told(number)} has no places for the atoms of a cell of "
            f"{first.volume:.0f} A^3, {' or '.join(map(_formula, likely))}: its positions hold "
            f"{', '.join(map(str, multiplicities))} atoms of the conventional cell; want "
            + (f"one of {', '.join(map(str, others))}" if others else "another lattice or formula")
        )
    return fitting


def _holds(number: int, lattice: IndexedLattice, contents: Sequence[Mapping[int, int]]) -> bool:
    """Whether a group has places for one of some contents of a primitive cell."""
    images = len(centring_vectors(lattice.centring))
    group = space_group(number)
    cells = [{z: images * count for z, count in counts.items()} for counts in contents]
    return any(has_places(group, cell) for cell in cells)


def _formula(counts: Mapping[int, int]) -> str:
    return "".join(f"{Element.from_Z(z).symbol}{n}" for z, n in sorted(counts.items()))


def _allows(
    lattice: IndexedLattice, number: int, measured: MeasuredPeaks, settings: SolveSettings
) -> bool:
    """Whether a group, along some axes, has a line for every strong peak."""
    return any(
        LineIntensities(
            measured, lattice, frame, settings.search.d_min, settings.agreement
        ).possible
        for frame in frames_of(lattice, number)
    )


def _possible(lattice: IndexedLattice, measured: MeasuredPeaks, settings: SolveSettings) -> str:
    """The groups that a lattice and its pattern allow, for a person to read."""
    numbers = sorted({frame.group.number for frame in frames_of(lattice)})
    allowed = [each for each in numbers if _allows(lattice, each, measured, settings)]
    return ", ".join(map(str, allowed)) or ", ".join(lattice.crystal_systems)
