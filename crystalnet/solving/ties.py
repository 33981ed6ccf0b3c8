"""The order of numbers that are known to within some error."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def tied(values: Float[ndarray, " values"], same: float) -> Int[ndarray, " values"]:
    """The place of each value, from 0; those no further than `same` above the least share one.

    Then the next that is further begins another place, and so on. Bins of fixed edges would part
    values that differ in their last bit alone, if an edge lies between them.
    """
    order = np.argsort(values)
    places = np.empty(len(values), dtype=np.int64)
    least, place = -np.inf, -1
    for index, value in zip(order.tolist(), values[order].tolist(), strict=True):
        if not value <= least + same:
            least, place = value, place + 1
        places[index] = place
    return places


def in_order(
    values: Float[ndarray, " values"], same: float, most: int | None = None
) -> Int[ndarray, " order"]:
    """Indices of the least values, as many as are asked for; of tied ones the first comes first."""
    least = np.argsort(values, kind="stable")[:most]
    return np.asarray(least[np.lexsort((least, tied(values[least], same)))])
