"""How well atoms explain a density: a weighted sum of squares over its Fourier modes."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.iam import Core, ValenceGaussians
from crystalnet.solving.density.fourier import DensityModes
from crystalnet.solving.settings import USUAL, DecodingSettings


@dataclass(frozen=True, eq=False)
class DensityFit:
    """The modes of a density, their weights and the templates of the elements allowed.

    Attributes:
        modes: what is to be explained.
        numbers: atomic number of each template, ascending.
        valence: electrons of each.
        template: its form factor at each mode.
        weight: of each mode.
        electron_weight: of F(000).
        settings: of the search for atoms.
    """

    modes: DensityModes
    numbers: Int[ndarray, " templates"]
    valence: Float[ndarray, " templates"]
    template: Float[ndarray, "templates modes"]
    weight: Float[ndarray, " modes"]
    electron_weight: float
    settings: DecodingSettings

    @classmethod
    def of(
        cls,
        modes: DensityModes,
        numbers: Int[ndarray, " templates"],
        share: Float[ndarray, " templates"],
        gaussians: ValenceGaussians,
        core: Core,
        blur: float = 0.0,
        settings: DecodingSettings = USUAL.decoding,
    ) -> "DensityFit":
        """Templates of some elements, and weights from their shares of the atoms.

        Args:
            blur: standard deviation in A of the Gaussian that smooths the templates.
        """
        template = valence_form_factors(numbers, modes.q, gaussians, core)
        valence = gaussians.valence[numbers]
        power = share @ template**2
        weight = 1 / (power + settings.power_floor * (share @ valence**2))
        # In units of the whole power: a perfect fit costs 0, no atoms at all 1.
        weight /= weight @ np.abs(modes.factor) ** 2
        template *= np.exp(-((blur * modes.q) ** 2) / 2)
        electron_weight = 0.01 / (settings.electron_error * modes.electrons) ** 2
        return cls(modes, numbers, valence, template, weight, electron_weight, settings)

    def only(self, templates: Int[ndarray, " few"]) -> "DensityFit":
        """The same with some of the templates."""
        return replace(
            self,
            numbers=self.numbers[templates],
            valence=self.valence[templates],
            template=self.template[templates],
        )

    @cached_property
    def norms(self) -> Float[ndarray, " templates"]:
        """The weighted power of one atom of each template."""
        return np.asarray(self.template**2 @ self.weight)

    def contributions(
        self, species: Int[ndarray, " atoms"], x: Float[ndarray, "atoms 3"]
    ) -> Complex[ndarray, "modes atoms"]:
        """What each atom adds to each mode."""
        return np.asarray(self.template[species].T * self.modes.phases(x))

    def residual(
        self, species: Int[ndarray, " atoms"], x: Float[ndarray, "atoms 3"]
    ) -> Complex[ndarray, " modes"]:
        """What the atoms leave unexplained."""
        return np.asarray(self.modes.factor - self.contributions(species, x).sum(axis=1))

    def cost(self, species: Int[ndarray, " atoms"], x: Float[ndarray, "atoms 3"]) -> float:
        """The weighted squares that are left, in units of all of them."""
        return self.cost_of(self.residual(species, x)) + self.electron_cost(species)

    def cost_of(self, residual: Complex[ndarray, " modes"]) -> float:
        return float(self.weight @ (residual.real**2 + residual.imag**2))

    def electron_cost(self, species: Int[ndarray, " atoms"]) -> float:
        missing = self.modes.electrons - self.valence[species].sum()
        return float(self.electron_weight * missing**2)


def valence_form_factors(
    numbers: Int[ndarray, " elements"],
    q: Float[ndarray, " points"],
    gaussians: ValenceGaussians,
    core: Core,
) -> Float[ndarray, "elements points"]:
    """f(q) = sum_i a_i exp(-b_i q^2) of free atoms' valence electrons, in electrons."""
    a, b = (gaussians.a, gaussians.b) if core == "smooth" else (gaussians.a_raw, gaussians.b_raw)
    return np.asarray(np.einsum("eg,egp->ep", a[numbers], np.exp(-b[numbers][:, :, None] * q**2)))
