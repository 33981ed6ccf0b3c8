"""What a network has to beat on the same crystals: the nearest training crystals, and a constant.

They see what the network sees: lines and composition, from the same training crystals, in the same
canonical settings.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.composition import molar_fractions
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import iam_density
from crystalnet.network.modes.features import BINS, composition_features, scale_free_pattern
from crystalnet.retrieval.known import Known
from crystalnet.retrieval.prototypes import atoms_of

# Weight of the composition's cosine similarity beside that of the pattern; not tuned.
COMPOSITION = 0.5


class Nearest:
    """The training crystals that are most alike in pattern, or in pattern and composition.

    Alike means cosine similarity of the scale-free patterns, and of molar fractions, their sorted
    amounts and the elements in that order.

    Args:
        known: the training crystals.
        wavelength, last_two_theta: A and degrees, of their patterns.
    """

    def __init__(self, known: Known, wavelength: float, last_two_theta: float) -> None:
        self._known = known
        patterns = []
        for crystal in known.crystals:
            pattern = powder_pattern(crystal, wavelength, (0.0, last_two_theta))
            patterns.append(scale_free_pattern(1 / pattern.d_spacing, pattern.intensity))
        self._patterns = _directions(torch.from_numpy(np.stack(patterns))[:, :BINS])
        self._compositions = _compositions([c.atomic_numbers for c in known.crystals])

    def guesses(
        self,
        q: Float[ndarray, " peaks"],
        intensity: Float[ndarray, " peaks"],
        formula: Mapping[int, int],
        grid: int,
        count: int,
        composition: float,
    ) -> Float[Tensor, "count x y z"]:
        """Densities of the nearest training crystals, e/A^3, nearest first.

        Args:
            composition: weight of the likeness of compositions beside that of patterns.
        """
        pattern = torch.from_numpy(scale_free_pattern(q, intensity))[None, :BINS]
        alike = self._patterns @ _directions(pattern)[0]
        alike = alike + composition * (self._compositions @ _compositions([atoms_of(formula)])[0])
        chosen: list[Crystal] = [self._known.crystals[i] for i in alike.topk(count).indices]
        return iam_density(chosen, grid, self._known.gaussians)


def mean_density(known: Known) -> float:
    """Mean of the training crystals' mean densities, e/A^3."""
    electrons = [known.gaussians.electrons(crystal) for crystal in known.crystals]
    return float(np.mean(np.array(electrons) / [crystal.volume for crystal in known.crystals]))


def _compositions(numbers: Sequence[ndarray]) -> Float[Tensor, "crystals features"]:
    fractions = np.stack([molar_fractions(each) for each in numbers]).astype(np.float32)
    return _directions(composition_features(torch.from_numpy(fractions)))


def _directions(rows: Float[Tensor, "rows features"]) -> Float[Tensor, "rows features"]:
    return torch.nn.functional.normalize(rows, dim=1)
