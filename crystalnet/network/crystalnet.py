"""CrystalNet: a powder pattern and a composition to the electron density of the unit cell."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from crystalnet.network.density_model import Architecture
from crystalnet.network.film import Film
from crystalnet.network.formula_encoder import FormulaEncoder
from crystalnet.network.inference import PointEvaluator
from crystalnet.network.pattern_encoder import PatternEncoder
from crystalnet.network.position_encoder import PositionEncoder, grid_axis
from crystalnet.network.regressor import Regressor
from crystalnet.settings import NetworkSettings


class Latent(NamedTuple):
    """Mean and spread of a crystal's latents, E = mu + eps * sigma with eps ~ N(0, 1).

    sigma is the raw output of a BatchNorm and may be negative: E is symmetric in its sign.
    """

    mu_pattern: Float[Tensor, "crystals width"]
    sigma_pattern: Float[Tensor, "crystals width"]
    mu_formula: Float[Tensor, "crystals width"] | None
    sigma_formula: Float[Tensor, "crystals width"] | None

    def repeated(self, samples: int) -> "Latent":
        """Each crystal `samples` times in a row."""
        mu, sigma = self.mu_formula, self.sigma_formula
        return Latent(
            self.mu_pattern.repeat_interleave(samples, dim=0),
            self.sigma_pattern.repeat_interleave(samples, dim=0),
            None if mu is None else mu.repeat_interleave(samples, dim=0),
            None if sigma is None else sigma.repeat_interleave(samples, dim=0),
        )


class CrystalNet(nn.Module):
    """The network of doi 10.1038/s41524-024-01401-8 (Methods).

    The encoders and FiLM run once per crystal, the regressor once per point. At the paper's sizes
    it has 14,775,187 parameters, or 13,595,539 without a formula.

    Args:
        settings: sizes of the network.
        pattern_bins: bins of a pattern.
        with_formula: whether the composition is an input. Without it the formula encoders are
            absent, and FiLM sees zeros in the place of their latent.
    """

    architecture: Architecture = "paper"

    def __init__(self, settings: NetworkSettings, pattern_bins: int, with_formula: bool) -> None:
        super().__init__()
        self.settings = settings
        self.pattern_bins = pattern_bins
        self.with_formula = with_formula
        self.position = PositionEncoder(settings)
        self.pattern_mu = PatternEncoder(settings, pattern_bins)
        self.pattern_sigma = PatternEncoder(settings, pattern_bins)
        self.formula_mu = FormulaEncoder(settings) if with_formula else None
        self.formula_sigma = FormulaEncoder(settings) if with_formula else None
        self.film = Film(settings)
        self.regressor = Regressor(settings)
        # Whether training keeps the running variances that FiLM run point by point would leave.
        self.film_statistics_of_points = False

    @property
    def noise_width(self) -> int:
        """Normal random numbers that one latent sample takes."""
        return self.settings.width * (2 if self.with_formula else 1)

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def draw_noise(
        self, samples: int, generator: torch.Generator
    ) -> Float[Tensor, "samples noise"]:
        """eps of `samples` latents, on the device of the weights (and of the generator)."""
        weight = self.regressor.output.weight
        return torch.randn(
            samples, self.noise_width, generator=generator, device=weight.device, dtype=weight.dtype
        )

    def encode(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
    ) -> Latent:
        """Latents of crystals; `formulas` is not looked at by a network without a formula.

        In full precision whatever the caller's autocast: it is work per crystal, a thousandth of
        the work per point, and the KL terms need the digits.
        """
        with torch.autocast(patterns.device.type, enabled=False):
            mu_pattern, sigma_pattern = self.pattern_mu(patterns), self.pattern_sigma(patterns)
            if self.formula_mu is None or self.formula_sigma is None:
                return Latent(mu_pattern, sigma_pattern, None, None)
            if formulas is None:
                raise ValueError("this network takes a composition; formulas is None")
            return Latent(
                mu_pattern, sigma_pattern, self.formula_mu(formulas), self.formula_sigma(formulas)
            )

    def modulate(
        self, latent: Latent, noise: Float[Tensor, "samples noise"], repeats: int = 1
    ) -> tuple[Float[Tensor, "samples width"], Float[Tensor, "samples width"]]:
        """gamma and beta of FiLM for one sample of each latent (one row of noise a crystal).

        `repeats` is the number of rows that each stands for in running variances (see Film).
        """
        width = self.settings.width
        pattern = latent.mu_pattern + noise[:, :width] * latent.sigma_pattern
        if latent.mu_formula is None or latent.sigma_formula is None:
            formula = torch.zeros_like(pattern)
        else:
            formula = latent.mu_formula + noise[:, width:] * latent.sigma_formula
        with torch.autocast(pattern.device.type, enabled=False):
            gamma, beta = self.film(torch.cat([pattern, formula], dim=1), repeats)
        return gamma, beta

    def forward(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        coordinates: Float[Tensor, "crystals points 3"],
        noise: Float[Tensor, "crystals noise"],
    ) -> tuple[Float[Tensor, "crystals points"], Latent]:
        """Density in e/A^3 at the points of each crystal, and the latents for the loss.

        Args:
            patterns: strongest peak 1.
            formulas: composition vectors, or None without a formula.
            coordinates: fractions of the cell edges, in [-0.5, 0.5).
            noise: eps of each crystal, as `draw_noise` gives it.
        """
        crystals, points, _ = coordinates.shape
        latent = self.encode(patterns, formulas)
        repeats = points if self.film_statistics_of_points else 1
        gamma, beta = self.modulate(latent, noise, repeats)
        position = self.position(coordinates.reshape(crystals * points, 3))
        hidden = torch.addcmul(
            beta[:, None], gamma[:, None], position.view(crystals, points, -1)
        ).view_as(position)
        return self.regressor(hidden, position).view(crystals, points), latent

    def predict(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals guesses grid grid grid"]:
        """Density guesses in e/A^3 on the whole cell, one latent sample each.

        Runs in evaluation mode and without gradients. Memory beyond the result stays bounded.
        """
        axis = grid_axis(grid).to(patterns)
        density = self.predict_on_axis(patterns, formulas, axis, guesses, generator)
        return density

    def predict_on_axis(
        self,
        patterns: Float[Tensor, "crystals bins"],
        formulas: Float[Tensor, "crystals elements"] | None,
        axis: Float[Tensor, " grid"],
        guesses: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "crystals guesses grid grid grid"]:
        """`predict` on the cube of any coordinates along an axis, such as every third voxel."""
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                latent = self.encode(patterns, formulas)
                noise = self.draw_noise(len(patterns) * guesses, generator)
                gamma, beta = self.modulate(latent.repeated(guesses), noise)
                coordinates = torch.cartesian_prod(axis, axis, axis).reshape(-1, 3)
                density = PointEvaluator(self.position, self.regressor)(coordinates, gamma, beta)
        finally:
            self.train(was_training)
        return density.view(len(patterns), guesses, len(axis), len(axis), len(axis))
