"""Cosine annealing with warm restarts (doi 10.48550/arXiv.1608.03983), stepped once an epoch."""

import math
from collections.abc import Sequence


def learning_rate(epoch: int, cycles: Sequence[int], highest: float, lowest: float) -> float:
    """Learning rate of an epoch, counted from 0.

    Each cycle begins at `highest` and nears `lowest` in its last epoch. Equal to torch's
    CosineAnnealingWarmRestarts where each cycle is twice as long as the one before; a function of
    the epoch alone, so there is no state to save.

    Raises:
        ValueError: if the cycles end before `epoch`.
    """
    within = epoch
    for cycle in cycles:
        if within < cycle:
            return lowest + (highest - lowest) * (1 + math.cos(math.pi * within / cycle)) / 2
        within -= cycle
    raise ValueError(f"epoch {epoch} lies beyond the cycles {list(cycles)}")
