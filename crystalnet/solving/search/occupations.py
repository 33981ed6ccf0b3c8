"""The ways to put the atoms of a cell on the Wyckoff positions of a space group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.symmetry.special_positions import WyckoffPosition
from crystalnet.solving.symmetry.wyckoff import SpaceGroup

# Costs beyond 63 are not told apart: no way so complex is ever asked for.
LIMIT = (1 << 64) - 1


@dataclass(frozen=True, eq=False)
class Occupation:
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


def occupations(
    group: SpaceGroup, counts: Mapping[int, int], complexity: int, budget: Budget = UNBOUNDED
) -> Iterator[Occupation]:
    """All ways of one complexity that hold so many atoms of each element.

    The complexity is the number of free coordinates (less those that the choice of the origin
    fixes) plus that of orbits beyond one for each element: most crystals are simple. Of ways that
    another choice of origin or axes makes equal, the first is taken.

    Args:
        counts: atoms of each atomic number in the conventional cell.
        budget: there are no more when it is over.
    """
    # An orbit beyond the first of its element costs 1: more atoms than these orbits hold have no
    # way, and need not be counted.
    largest = max(position.multiplicity for position in group.positions)
    if max(counts.values()) > (complexity + 2) * largest:
        return
    elements = sorted(counts, reverse=True)
    positions = group.positions
    # What the elements after each may cost together, as bits.
    after = [1]
    for number in elements[:0:-1]:
        after.append(_sums(after[-1], _costs(group, counts[number], 0) >> 1))
    after.reverse()
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
        if not _sums(_costs(group, left, first), after[element]) >> (complexity - spent) & 1:
            return
        for place in range(first, len(positions)):
            if budget.over():
                return
            position = positions[place]
            cost = spent + position.freedom + 1
            if position.multiplicity > left or cost > complexity:
                continue
            if position.freedom == 0 and any(place == other for other, _ in taken):
                continue
            entry = (place, elements[element])
            yield from fill(element, left - position.multiplicity, place, cost, (*taken, entry))

    for places in fill(0, counts[elements[0]], 0, -1 - len(group.polar), ()):
        key = min(
            tuple(sorted((number, row[place]) for place, number in places))
            for row in group.alike.tolist()
        )
        if key not in seen:
            seen.add(key)
            yield Occupation(group, places)


def has_places(group: SpaceGroup, counts: Mapping[int, int]) -> bool:
    """Whether the positions of a group can hold so many atoms of each element.

    Points without freedom hold one element alone, which is looked at for each element by itself.

    Args:
        counts: atoms of each atomic number in the conventional cell.
    """
    return all(_costs(group, count, 0) for count in counts.values())


@lru_cache(maxsize=100_000)
def _costs(group: SpaceGroup, atoms: int, first: int) -> int:
    """What orbits from a position on may cost that hold so many atoms, a bit for each cost."""
    if atoms == 0:
        return 1
    found = 0
    for place in range(first, len(group.positions)):
        position = group.positions[place]
        if position.multiplicity <= atoms:
            # A point without freedom is taken once.
            following = place + (position.freedom == 0)
            rest = _costs(group, atoms - position.multiplicity, following)
            found |= rest << (position.freedom + 1)
    return found & LIMIT


def _sums(one: int, other: int) -> int:
    """The sums of two sets of costs."""
    found = 0
    for cost in range(other.bit_length()):
        if other >> cost & 1:
            found |= one << cost
    return found & LIMIT
