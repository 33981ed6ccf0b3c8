"""The order of arrangements by their residuals, and what of them is one."""

import math
from collections.abc import Sequence

import numpy as np

from crystalnet.solving.search.arrangement import Arrangement, Draft
from crystalnet.solving.search.group_search import GroupSearch
from crystalnet.solving.settings import SearchSettings
from crystalnet.solving.symmetry.wyckoff import SpaceGroup
from crystalnet.solving.ties import in_order, tied


def worth(group: SpaceGroup, settings: SearchSettings) -> float:
    """What the symmetry of a group is worth in residual: every structure has its subgroups too."""
    return settings.symmetry * math.log(len(group.rotations)) / math.log(48)


def by_residual(found: Sequence[Arrangement | Draft], same: float) -> list[int]:
    """Their places from the best one on; of equal ones the simpler group and occupation first."""
    order = in_order(np.array([each.residual for each in found]), same)
    return [int(place) for place in order]


def best_first(
    found: Sequence[tuple[GroupSearch, Arrangement]], most: int, settings: SearchSettings
) -> list[tuple[GroupSearch, Arrangement]]:
    """The best arrangements, each once, by residual and symmetry.

    Of those that agree alike the more symmetric one comes first, and the one of fewer numbers.
    """
    merit = np.array([each.residual - worth(one.group, settings) for one, each in found])
    places = tied(merit, settings.same_residual)
    order = sorted(range(len(found)), key=lambda i: (places[i], *_simplicity(*found[i])))
    kept: list[tuple[GroupSearch, Arrangement]] = []
    for one, each in map(found.__getitem__, order):
        if len(kept) == most:
            break
        if not any(one is other and _same(each, another, settings) for other, another in kept):
            kept.append((one, each))
    return kept


def _simplicity(
    one: GroupSearch, found: Arrangement
) -> tuple[int, int, int, tuple[tuple[int, int], ...], tuple[float, ...]]:
    """What is the least for the simplest of arrangements that agree alike."""
    values = np.concatenate(found.parameters)
    # Whole turns are none, from either side.
    place = tuple((np.round(values, 4) % 1).tolist())
    return -len(one.group.rotations), len(values), one.group.number, found.occupation.places, place


def _same(one: Arrangement, other: Arrangement, settings: SearchSettings) -> bool:
    """Whether two starts in one group ended in one place."""
    same = abs(one.residual - other.residual) < settings.same_residual
    return same and one.occupation.places == other.occupation.places
