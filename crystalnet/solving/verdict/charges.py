"""Whether the charges of a formula's ions may add up to none."""

from collections.abc import Mapping
from functools import cache

from pymatgen.core import Element

# Elements that make salts of what they are with; without one there is nothing to balance.
ANIONS = frozenset({7, 8, 9, 16, 17, 34, 35, 52, 53})
# Larger formula units are not asked about: their sums are gone through one by one.
MOST_ATOMS = 200


def balanced(counts: Mapping[int, int], *, strict: bool = False) -> bool | None:
    """Whether usual charges may add up to none; atoms of one element may differ.

    States are pymatgen's common ones and those of the Inorganic Crystal Structure Database; the
    most electronegative element has negative ones alone.

    Args:
        counts: atoms of each atomic number in a formula unit.
        strict: whether anions have the charge of their group alone, as they have where they are not
            bound to each other.

    Returns:
        None where there are no ions: single elements, alloys, elements of unknown states.
    """
    if len(counts) < 2 or not ANIONS & set(counts) or sum(counts.values()) > MOST_ATOMS:
        return None
    anion = max(counts, key=lambda z: float(Element.from_Z(z).X))
    sums = {0}
    for z, count in counts.items():
        states = [state for state in _states(z) if z != anion or state < 0]
        if strict and z == anion:
            states = [Element.from_Z(z).group - 18]
        if not states:
            return None
        for _ in range(count):
            sums = {total + state for total in sums for state in states}
    return 0 in sums


@cache
def _states(number: int) -> tuple[int, ...]:
    element = Element.from_Z(number)
    states = {*element.common_oxidation_states, *element.icsd_oxidation_states}
    return tuple(sorted(int(state) for state in states))
