"""Typed settings of the architecture `modes`: its network and its training."""

from typing import Annotated, Literal

from pydantic import Field

from crystalnet.settings import (
    CompositionInput,
    Count,
    Fraction,
    NotNegative,
    Positive,
    Precision,
    Settings,
)

ModesInput = Literal[CompositionInput, "no_pattern"]
"""What a modes network is told; without a pattern it is told the baseline's composition."""


class ScaleFreeSpec(Settings):
    """How the patterns of the modes network are made.

    Attributes:
        axis: of the bins.
        bins: of equal width, from 0 to `longest`.
        longest: the end of the axis.
        wavelength: A, of the intensities' Lorentz-polarisation factor.
        last_two_theta: degrees, where the patterns of the training end.
    """

    axis: Literal["ln(q / q of the first peak)"]
    bins: Count
    longest: Positive
    wavelength: Positive
    last_two_theta: Annotated[float, Field(gt=0, le=180)]


class ModesSettings(Settings):
    """Sizes of the network.

    Attributes:
        width: features of each layer.
        blocks: residual blocks of the encoder.
        latents: guesses that it can give; each has a latent of its own.
        latent_width: features of a latent.
        dropout: share of features left out in training.
    """

    width: Count
    blocks: Count
    latents: Count
    latent_width: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]


class FlawSettings(Settings):
    """How far the patterns of a training may be from perfect ones.

    Attributes:
        share: of the patterns that have flaws, each drawn for itself as follows.
        hidden: how often the first peak is missing.
        cut: how often the pattern ends early, at a share of its range drawn from `shortest` to 1.
        foreign: how often one or two peaks are not of the crystal.
        foreign_height: their greatest height, as a share of the strongest peak.
        intensity_error: standard deviation of the logarithm of an intensity.
        faintest: peaks below this share of the strongest are lost.
    """

    share: Fraction
    hidden: Fraction
    cut: Fraction
    shortest: Annotated[float, Field(gt=0, le=1)]
    foreign: Fraction
    foreign_height: Fraction
    intensity_error: NotNegative
    faintest: Fraction


class ModesTraining(Settings):
    """How a modes network is trained.

    Attributes:
        epochs: passes over the crystals.
        batch_size: crystals in a batch.
        learning_rate: the highest; it rises at once and falls to 0 along a cosine.
        weight_decay: of AdamW.
        smoothing: decay of the running mean of the weights, which is what is kept.
        points: of the cell at which a density is compared.
        precision: of the matrix products.
        validation_every: epochs between two validations.
        flaws: of the patterns.
    """

    epochs: Count
    batch_size: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    weight_decay: NotNegative
    smoothing: Fraction
    points: Count
    precision: Precision
    validation_every: Count
    flaws: FlawSettings
