"""The sections of params.yaml: what each holds, typed."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from crystalnet.settings import (
    Count,
    CrystalSystem,
    Fraction,
    NotNegative,
    Positive,
    Settings,
)
from crystalnet.settings_modes import ModesSettings, ModesTraining
from pipeline.slips import with_keys


class Structures(Settings):
    """Where crystals come from."""

    source: Literal["embedded", "chgcar", "materials_project"]
    limit: Count | None


class Split(Settings):
    """How crystals are divided into train, val and test."""

    kind: Literal["paper", "random"]
    train: Fraction
    validation: Fraction
    validation_cap: Count
    test_cap: Count

    @model_validator(mode="after")
    def _shares(self) -> "Split":
        if self.train + self.validation >= 1:
            raise ValueError(
                f"train {self.train} and validation {self.validation} leave nothing for test; "
                "their sum must be below 1"
            )
        return self


class Densities(Settings):
    """Where densities come from and how they are stored."""

    source: Literal["dft", "iam", "chgcar", "materials_project"]
    chgcar_folder: Annotated[str, Field(min_length=1)]
    grid: Annotated[int, Field(ge=8, le=512)]
    resample: Literal["exact", "pyrho"]
    dtype: Literal["float32", "float16"]
    electron_tolerance: Positive


class MaterialsProject(Settings):
    """How the Materials Project is asked; what it answers does not depend on these."""

    parallel_requests: Annotated[int, Field(ge=1, le=32)]
    tries: Count
    first_wait: NotNegative
    longest_wait: NotNegative
    keep_raw: bool


class Store(Settings):
    """How arrays are cut into pieces."""

    shards: Annotated[int, Field(ge=1, le=4096)]
    crystals_per_file: Count


class Modes(Settings):
    """The architecture `modes`, as the lines of `models` train it on the data set.

    Attributes:
        last_two_theta: degrees, with the wavelength of `patterns`: where its patterns end.
        substitutes: crystals made by isostructural substitution, as a share of the training ones;
            they and the training crystals are seen with the densities of free atoms too.
        copies: how often the densities of the data set are seen in an epoch.
        order: highest order of the density modes along each axis.
        count: how many, where there are more training crystals than that.
        network: sizes.
        training: how it is trained.
    """

    last_two_theta: Annotated[float, Field(gt=0, le=180)]
    substitutes: NotNegative
    copies: Count
    order: Count
    count: Count
    network: ModesSettings
    training: ModesTraining


class Learned(Settings):
    """The networks of the architecture `modes` that come with the project, one per crystal system.

    Attributes:
        scored: at most so many test crystals of each kind of density are scored; null takes all.
        last_two_theta: degrees, with the wavelength of `patterns`: where their patterns end.
        substitutes: crystals made by isostructural substitution, as a share of the training ones,
            by crystal system.
        dft_copies: how often the crystals of a DFT density are seen with it in an epoch.
        order: highest order of the density modes along each axis.
        modes: how many, by crystal system.
        numbers: real numbers that describe a mode, those that matter most.
        packed_numbers: those of them that come with the project.
        network: sizes.
        networks: keys that replace those of `network`, by crystal system.
        passes: trainings one after the other, each from the weights of the one before.
        training: on independent-atom and, where there are any, DFT densities together.
        trainings: keys that replace those of `training`, by crystal system.
    """

    scored: Count | None
    last_two_theta: Annotated[float, Field(gt=0, le=180)]
    substitutes: dict[CrystalSystem, NotNegative]
    dft_copies: Count
    order: dict[CrystalSystem, Count]
    modes: dict[CrystalSystem, Count]
    numbers: dict[CrystalSystem, Count]
    packed_numbers: dict[CrystalSystem, Count]
    network: ModesSettings
    networks: dict[CrystalSystem, dict[str, Any]]
    passes: dict[CrystalSystem, Count]
    training: ModesTraining
    trainings: dict[CrystalSystem, dict[str, Any]]

    @model_validator(mode="after")
    def _complete(self) -> "Learned":
        for name in ("substitutes", "order", "modes", "numbers", "packed_numbers", "passes"):
            if missing := sorted(set(get_args(CrystalSystem)) - set(getattr(self, name))):
                raise ValueError(f"{name} has nothing for {missing}")
        for system in get_args(CrystalSystem):
            self.network_of(system)
            self.training_of(system)
        return self

    def network_of(self, system: CrystalSystem) -> ModesSettings:
        """The sizes of the network of one system."""
        return with_keys(self.network, self.networks.get(system, {}), f"networks.{system}")

    def training_of(self, system: CrystalSystem) -> ModesTraining:
        """The training of the network of one system."""
        return with_keys(self.training, self.trainings.get(system, {}), f"trainings.{system}")


class Protocol(Settings):
    """Keys that replace those of `training` and `evaluation`."""

    training: dict[str, Any] = Field(default_factory=dict)
    evaluation: dict[str, Any] = Field(default_factory=dict)


class Scale(Settings):
    """Keys that replace those of the sections of the same name."""

    structures: dict[str, Any]
    split: dict[str, Any]
    densities: dict[str, Any]
    store: dict[str, Any]
    network: dict[str, Any]
    training: dict[str, Any]
    evaluation: dict[str, Any]
    protocols: dict[str, Any]
    modes: dict[str, Any]


class Preset(Settings):
    """Keys that replace those of the sections of the same name, whatever the scale."""

    densities: dict[str, Any]
    training: dict[str, Any]
    evaluation: dict[str, Any]
