"""What a training of the modes network reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.composition import composition_input
from crystalnet.learning.modes.flaws import Peaks, flawed
from crystalnet.network.modes.features import scale_free_pattern
from crystalnet.settings_modes import FlawSettings, ModesInput


@dataclass(frozen=True, eq=False)
class Samples:
    """Patterns, compositions and densities of crystals in canonical settings.

    Attributes:
        peaks: q (1/A, ascending) and intensity of each crystal; none where no pattern is told.
        patterns: `scale_free_pattern` of them, or zeros.
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

    def told(self, what: ModesInput, random_of: Callable[[int], np.random.Generator]) -> "Samples":
        """The same crystals, of which the network is told only so much.

        Args:
            random_of: of a crystal, by its place: draws the element that it is not told of.
        """
        if what == "baseline":
            return self
        if what == "no_pattern":
            return replace(self, peaks=[], patterns=torch.zeros_like(self.patterns))
        formulas = [
            composition_input(fractions, what, random_of(place))
            for place, fractions in enumerate(self.formulas.numpy())
        ]
        return replace(self, formulas=torch.from_numpy(np.stack(formulas)))

    def __len__(self) -> int:
        return len(self.log_size)

    def batch(
        self, chosen: Int[ndarray, " batch"], flaws: FlawSettings, rng: np.random.Generator
    ) -> "Samples":
        """Some of the samples, a share of them with flawed patterns, where they have patterns."""
        index = torch.from_numpy(chosen)
        patterns = self.patterns[index]
        there = [self.peaks[each] for each in chosen.tolist()] if self.peaks else []
        for row in np.flatnonzero(rng.random(len(there)) < flaws.share):
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
