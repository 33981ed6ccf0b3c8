"""What a training of the modes network reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.learning.modes.flaws import Peaks, flawed
from crystalnet.network.modes.features import scale_free_pattern
from crystalnet.settings_modes import FlawSettings


@dataclass(frozen=True, eq=False)
class Samples:
    """Patterns, compositions and densities of crystals in canonical settings.

    Attributes:
        peaks: q (1/A, ascending) and intensity of each crystal.
        patterns: `scale_free_pattern` of them.
        formulas: molar fractions.
        coefficients: of the density modes.
        log_size: ln of the densities' ranges in e/A^3.
        dft: 1 for densities of density functional theory, 0 for superposed free atoms.
    """

    peaks: list[Peaks]
    patterns: Float[Tensor, "crystals features"]
    formulas: Float[Tensor, "crystals elements"]
    coefficients: Float[Tensor, "crystals modes"]
    log_size: Float[Tensor, " crystals"]
    dft: Float[Tensor, " crystals"]

    @classmethod
    def of(
        cls,
        peaks: Sequence[Peaks],
        formulas: Float[Tensor, "crystals elements"],
        coefficients: Float[Tensor, "crystals modes"],
        size: Float[Tensor, " crystals"],
        dft: bool,
    ) -> "Samples":
        """Samples of crystals whose densities have these coefficients and ranges."""
        patterns = np.stack([scale_free_pattern(*each) for each in peaks])
        kind = torch.full((len(peaks),), float(dft))
        return cls(
            list(peaks), torch.from_numpy(patterns), formulas, coefficients, size.log(), kind
        )

    @classmethod
    def joined(cls, parts: Sequence["Samples"]) -> "Samples":
        """All samples of some sets."""
        tensors = ("patterns", "formulas", "coefficients", "log_size", "dft")
        return cls(
            [peaks for part in parts for peaks in part.peaks],
            *(torch.cat([getattr(part, name) for part in parts]) for name in tensors),
        )

    def __len__(self) -> int:
        return len(self.peaks)

    def batch(
        self, chosen: Int[ndarray, " batch"], flaws: FlawSettings, rng: np.random.Generator
    ) -> "Samples":
        """Some of the samples, a share of them with flawed patterns."""
        index = torch.from_numpy(chosen)
        patterns = self.patterns[index]
        there = [self.peaks[each] for each in chosen.tolist()]
        for row in np.flatnonzero(rng.random(len(chosen)) < flaws.share):
            there[row] = flawed(there[row], flaws, rng)
            patterns[row] = torch.from_numpy(scale_free_pattern(*there[row]))
        return Samples(
            there,
            patterns,
            self.formulas[index],
            self.coefficients[index],
            self.log_size[index],
            self.dft[index],
        )
