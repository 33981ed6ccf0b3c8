"""Typed settings of the network, its training and its evaluation.

There are no defaults here: params.yaml is the one place where a value is written.
"""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

CompositionInput = Literal["baseline", "no_ratios", "drop_element", "no_formula"]
BinnedPattern = Literal["full", "none", "noisy", "broadened"]
PatternInput = Literal[BinnedPattern, "scale_free"]
TakenPattern = Literal[PatternInput, "realistic"]
RotationSet = Literal["none", "array", "cube", "lattice"]
Comparison = Literal["none", "array", "cube", "lattice", "released"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
Precision = Literal["float32", "bfloat16"]

CrystalSystem = Literal[
    "triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic"
]
"""Of space groups, as the Materials Project names them."""

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """A frozen group of settings: no unknown keys, silent conversions, infinite numbers or NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PatternSpec(Settings):
    """How powder patterns are binned; a network understands those of its training alone.

    Attributes:
        wavelength: A.
        two_theta_min, two_theta_max: ends of the bins, in degrees.
        bins: of equal width in 2-theta.
    """

    wavelength: Positive
    two_theta_min: Annotated[float, Field(ge=0, lt=180)]
    two_theta_max: Annotated[float, Field(gt=0, le=180)]
    bins: Annotated[int, Field(ge=8)]

    @model_validator(mode="after")
    def _ordered(self) -> "PatternSpec":
        if self.two_theta_min >= self.two_theta_max:
            raise ValueError(
                f"two_theta_min {self.two_theta_min} is not below two_theta_max "
                f"{self.two_theta_max}"
            )
        return self

    @property
    def two_theta_range(self) -> tuple[float, float]:
        return self.two_theta_min, self.two_theta_max

    def __str__(self) -> str:
        return (
            f"{self.bins} bins of {self.two_theta_min:g} to {self.two_theta_max:g} degrees at "
            f"{self.wavelength:g} A"
        )


class NetworkSettings(Settings):
    """Sizes of the network; the paper's are in params.yaml.

    Attributes:
        width: features of the regressor, of each latent and of the position encoder; the FiLM
            networks are twice as wide, since they see both latents.
        fourier_features: rows of B in the position encoder.
        fourier_sigma: standard deviation of the entries of B, in cycles per cell edge.
        dense_growth: channels that each dense layer of the pattern encoder adds.
        dense_layers: layers in each of its two dense blocks.
        regressor_layers: layers in each group of the regressor.
        regressor_blocks: groups after the first one, each with a skip from the position encoder.
    """

    width: Count
    fourier_features: Count
    fourier_sigma: Positive
    dense_growth: Count
    dense_layers: Count
    regressor_layers: Count
    regressor_blocks: Annotated[int, Field(ge=0)]


class TrainingSettings(Settings):
    """How a network is trained (paper, Methods).

    Attributes:
        cycles: epochs of each cosine cycle; their sum is the number of epochs.
        learning_rate_max, learning_rate_min: the ends of each cycle.
        batch_size: crystals in a batch.
        points_per_axis: points drawn per crystal and axis, one in each of points_per_axis^3 bins.
        kl_weight_pattern, kl_weight_formula: weights of the two KL terms.
        pattern_shift_bins: largest random shift of a pattern, in bins.
        input_noise: standard deviation of the noise on pattern and composition.
        validation_every: epochs between two validations.
        validation_grid: points per axis of the validation grid.
        validation_guesses: guesses per crystal in a validation.
        film_statistics: running variances of FiLM over crystals, or as if every crystal stood
            there once for each of its points, as in the released code.
        densities_on: where the training densities live; from the host each batch's are copied.
        precision: arithmetic of the matrix products, in validation too; statistics, weights and
            the output layer stay in float32.
        compile: the mode of torch.compile, or none; reduce-overhead means CUDA graphs.
    """

    cycles: Annotated[list[Count], Field(min_length=1)]
    learning_rate_max: Positive
    learning_rate_min: NotNegative
    batch_size: Annotated[int, Field(ge=2)]
    points_per_axis: Count
    kl_weight_pattern: NotNegative
    kl_weight_formula: NotNegative
    pattern_shift_bins: Annotated[int, Field(ge=0)]
    input_noise: NotNegative
    validation_every: Count
    validation_grid: Annotated[int, Field(ge=7)]
    validation_guesses: Count
    film_statistics: Literal["crystals", "points"]
    densities_on: Literal["device", "host"]
    precision: Precision
    compile: Literal["none", "default", "reduce-overhead", "max-autotune"]

    @model_validator(mode="after")
    def _rates_in_order(self) -> "TrainingSettings":
        if self.learning_rate_min > self.learning_rate_max:
            raise ValueError(
                f"learning_rate_min {self.learning_rate_min} exceeds "
                f"learning_rate_max {self.learning_rate_max}"
            )
        return self

    @property
    def epochs(self) -> int:
        return sum(self.cycles)


class EvaluationSettings(Settings):
    """How a trained network is scored (paper, Methods).

    Attributes:
        grid: points per axis at which truth and guesses are compared.
        guesses: latent samples per crystal.
        rotations: the set of rotations of the headline score, or `released`: those of the released
            code with the planes that its grid leaves empty; all are reported.
        precision: arithmetic of the network's matrix products; scores are always float32.
    """

    grid: Annotated[int, Field(ge=7)]
    guesses: Count
    rotations: Comparison
    precision: Precision
