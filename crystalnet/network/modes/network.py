"""The modes network: from pattern and composition to the coefficients of density modes."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from crystalnet.crystallography.composition import ELEMENTS
from crystalnet.network.density_model import Architecture
from crystalnet.network.modes.density_modes import DensityModes
from crystalnet.network.modes.features import BINS, SLOTS, composition_features
from crystalnet.settings_modes import ModesSettings

Kind = Literal["iam", "dft"]
"""Which densities are wanted: superposed free atoms, or those of density functional theory."""


class Guesses(NamedTuple):
    """What the network says of some crystals.

    Attributes:
        coefficients: of the modes, in units of the density's range; the first guess is trained on
            every crystal, the others each on those where they are the best.
        trust: logits of each guess being the best.
        log_size: ln of the density's range in e/A^3.
    """

    coefficients: Float[Tensor, "crystals guesses modes"]
    trust: Float[Tensor, "crystals guesses"]
    log_size: Float[Tensor, " crystals"]


class Residual(nn.Module):
    """x + Linear(GELU(Linear(LayerNorm(x))))."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        changed: Tensor = self.outer(self.dropout(F.gelu(self.inner(self.norm(x)))))
        return x + changed


class ModesNet(nn.Module):
    """Encoders of pattern and composition, latents, and a head of mode coefficients.

    The density is (mean + sum of coefficient x mode) x range, a continuous and periodic function
    of position that is evaluated on any grid. A network with a formula takes the composition; a
    network without sees zeros in its place.

    Args:
        settings: sizes.
        modes: fitted to the training densities.
        with_formula: whether the composition is an input.
    """

    architecture: Architecture = "modes"

    def __init__(self, settings: ModesSettings, modes: DensityModes, with_formula: bool) -> None:
        super().__init__()
        self.settings = settings
        self.with_formula = with_formula
        width = settings.width
        self.pattern = nn.Linear(BINS + 1, width)
        self.formula = nn.Linear(ELEMENTS + SLOTS + SLOTS * ELEMENTS, width, bias=False)
        self.of_dft = nn.Parameter(torch.zeros(width))
        self.blocks = nn.Sequential(
            *(Residual(width, settings.dropout) for _ in range(settings.blocks))
        )
        self.norm = nn.LayerNorm(width)
        self.latent = nn.Linear(width, settings.latents * settings.latent_width)
        self.of_latent = nn.Linear(settings.latent_width, width, bias=False)
        self.decoder = Residual(width, settings.dropout)
        self.head_norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, modes.count)
        self.trust = nn.Linear(width, settings.latents)
        self.size = nn.Linear(width, 1)
        self.register_buffer("modes_real", modes.real)
        self.register_buffer("modes_imaginary", modes.imaginary)
        self.register_buffer("modes_scale", modes.scale)

    @property
    def modes(self) -> DensityModes:
        return DensityModes(
            self.get_buffer("modes_real"),
            self.get_buffer("modes_imaginary"),
            self.get_buffer("modes_scale"),
        )

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def forward(
        self,
        patterns: Float[Tensor, "crystals features"],
        formulas: Float[Tensor, "crystals elements"] | None,
        dft: Float[Tensor, " crystals"],
    ) -> Guesses:
        """All guesses of crystals.

        Args:
            patterns: as `scale_free_pattern` gives them; zeros where there is none.
            formulas: composition vectors; not looked at by a network without a formula.
            dft: 1 where the density of density functional theory is wanted, 0 where that of
                superposed free atoms is.
        """
        hidden = self.pattern(patterns) + dft[:, None] * self.of_dft
        if self.with_formula:
            if formulas is None:
                raise ValueError("this network takes a composition; formulas is None")
            hidden = hidden + self.formula(composition_features(formulas))
        hidden = self.blocks(hidden)
        summary = self.norm(hidden)
        latent = self.latent(F.gelu(hidden)).unflatten(1, (self.settings.latents, -1))
        guesses = self.head_norm(self.decoder(hidden[:, None] + self.of_latent(latent)))
        return Guesses(
            self.head(guesses) * self.get_buffer("modes_scale"),
            self.trust(summary),
            self.size(summary)[:, 0],
        )

    def predict(
        self,
        patterns: Float[Tensor, "crystals features"],
        formulas: Float[Tensor, "crystals elements"] | None,
        grid: int,
        guesses: int,
        generator: torch.Generator | None = None,
        kind: Kind = "dft",
    ) -> Float[Tensor, "crystals made grid grid grid"]:
        """At most `guesses` densities in e/A^3: the first guess, then the others by their trust.

        Runs in evaluation mode and without gradients, and draws no random numbers.
        """
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                dft = patterns.new_full((len(patterns),), float(kind == "dft"))
                said = self(patterns, formulas, dft)
        finally:
            self.train(was_training)
        trust = said.trust.clone()
        trust[:, 0] = torch.inf
        order = trust.argsort(dim=1, descending=True)[:, :guesses]
        chosen = said.coefficients.take_along_dim(order[..., None], dim=1)
        size = said.log_size.exp().repeat_interleave(order.shape[1])
        density = self.modes.densities(chosen.flatten(0, 1), size, grid)
        return density.view(*order.shape, grid, grid, grid)
