"""The ways to put the atoms of a cell on the Wyckoff positions of a space group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crystalnet.solving.wyckoff import SpaceGroup, WyckoffPosition


@dataclass(frozen=True, eq=False)
class Way:
    """Orbits of atoms.

    Attributes:
        group: the space group.
        places: of each orbit the number of its position and the atomic number.
    """

    group: SpaceGroup
    places: tuple[tuple[int, int], ...]

    @property
    def positions(self) -> list[WyckoffPosition]:
        """The position of each orbit."""
        return [self.group.positions[place] for place, _ in self.places]

    @property
    def numbers(self) -> list[int]:
        """The atomic number of each orbit."""
        return [number for _, number in self.places]


def ways_to_place(group: SpaceGroup, counts: Mapping[int, int], complexity: int) -> Iterator[Way]:
    """All ways of one complexity that hold so many atoms of each element.

    The complexity is the number of free coordinates (less one where the origin is free along z)
    plus that of orbits beyond one for each element: most crystals are simple. Of ways that another
    choice of origin or axes makes equal, the first is taken.

    Args:
        counts: atoms of each atomic number in the conventional cell.
    """
    elements = sorted(counts, reverse=True)
    positions = group.positions
    seen: set[tuple[tuple[int, int], ...]] = set()

    def fill(
        element: int, left: int, first: int, spent: int, taken: tuple[tuple[int, int], ...]
    ) -> Iterator[tuple[tuple[int, int], ...]]:
        if left == 0:
            if element + 1 < len(elements):
                # The first orbit of an element costs nothing, those that follow cost 1.
                following = counts[elements[element + 1]]
                yield from fill(element + 1, following, 0, spent - 1, taken)
            elif spent == complexity:
                yield taken
            return
        for place in range(first, len(positions)):
            position = positions[place]
            cost = spent + position.freedom + 1
            if position.multiplicity > left or cost > complexity:
                continue
            if position.freedom == 0 and any(place == other for other, _ in taken):
                continue
            entry = (place, elements[element])
            yield from fill(element, left - position.multiplicity, place, cost, (*taken, entry))

    for places in fill(0, counts[elements[0]], 0, -1 - group.polar, ()):
        key = min(
            tuple(sorted((number, row[place]) for place, number in places))
            for row in group.alike.tolist()
        )
        if key not in seen:
            seen.add(key)
            yield Way(group, places)
