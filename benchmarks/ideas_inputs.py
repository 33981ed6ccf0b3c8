"""Other inputs of the pattern than the scale-free one, for `benchmarks.learned_ideas`.

Each has as many features as the scale-free pattern, and ln(q of the first peak) as the last.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.diffraction import MO_K_ALPHA
from crystalnet.network.modes.features import BINS, scale_free_pattern
from pipeline import learned

Features = Callable[[pd.DataFrame], Float[Tensor, "crystals features"]]
# Places and strengths of the lines of one crystal, from q (1/A), intensities and lattice (A).
_Lines = Callable[[ndarray, ndarray, ndarray], tuple[ndarray, ndarray]]

# The cosine between two edges of a primitive cubic cell, and the conventional edge in their units.
_CUBIC_CELLS = {0.0: 1.0, 0.5: 2**0.5, 1 / 3: 2 / 3**0.5}


def nothing(rows: pd.DataFrame) -> Float[Tensor, "crystals features"]:
    """No pattern."""
    return torch.zeros(len(rows), BINS + 1)


def as_intensities(rows: pd.DataFrame) -> Float[Tensor, "crystals features"]:
    """The scale-free pattern with intensities instead of their square roots."""
    features = _scale_free(rows)
    features[:, :BINS] **= 2
    return torch.from_numpy(features)


def bins_of_q(rows: pd.DataFrame) -> Float[Tensor, "crystals features"]:
    """Square roots of intensities in bins of q, which move with the size of the cell."""
    last = max(float(q[-1]) for q, _ in learned.peaks(rows))
    return _binned(rows, lambda q, i, _: (q / last * (BINS - 1), np.sqrt(i)))


def bins_of_two_theta(rows: pd.DataFrame) -> Float[Tensor, "crystals features"]:
    """Intensities in bins of 2 theta of Mo K-alpha, as the paper has them."""

    def place(q: ndarray) -> ndarray:
        angle: ndarray = 2 * np.arcsin(q * MO_K_ALPHA / 2)
        return angle

    last = max(float(place(q)[-1]) for q, _ in learned.peaks(rows))
    return _binned(rows, lambda q, i, _: (place(q) / last * (BINS - 1), i))


def hkl_families(rows: pd.DataFrame) -> Float[Tensor, "crystals features"]:
    """Square roots of intensities by h^2 + k^2 + l^2 of cubic crystals, in the true lattice."""
    return _binned(
        rows,
        lambda q, i, lattice: (np.round((cubic_edge(lattice) * q) ** 2), np.sqrt(i)),
    )


def cubic_edge(lattice: Float[ndarray, "3 3"]) -> float:
    """The conventional edge in A of a primitive cubic cell, rows in A."""
    first, second = lattice[:2]
    length = float(np.linalg.norm(first))
    cosine = abs(float(first @ second)) / length**2
    return length * _CUBIC_CELLS[min(_CUBIC_CELLS, key=lambda each: abs(each - cosine))]


def _scale_free(rows: pd.DataFrame) -> Float[ndarray, "crystals features"]:
    return np.stack([scale_free_pattern(*each) for each in learned.peaks(rows)])


def _binned(rows: pd.DataFrame, lines: _Lines) -> Float[Tensor, "crystals features"]:
    features = _scale_free(rows)
    features[:, :BINS] = 0
    for row, (q, intensity), lattice in zip(
        features, learned.peaks(rows), rows["lattice"], strict=True
    ):
        cell = np.asarray(lattice, dtype=np.float64).reshape(3, 3)
        place, strength = lines(q, intensity / intensity.max(), cell)
        inside = place < BINS
        np.add.at(row, place[inside].astype(int), strength[inside].astype(np.float32))
    return torch.from_numpy(features)
