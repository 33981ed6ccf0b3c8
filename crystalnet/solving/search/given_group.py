"""A space group that somebody says a crystal has: whether lattice and pattern allow it."""

from collections.abc import Sequence
from dataclasses import replace

import gemmi

from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.line_intensities import LineIntensities
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.kinds import KINDS, crystal_systems_of
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.frames import frames_of


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
    if gemmi.find_spacegroup_by_number(number).crystal_system_str() != system:
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
        if number not in KINDS[each.system].groups:
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
    return ", ".join(map(str, allowed)) or ", ".join(crystal_systems_of(lattice.system))
