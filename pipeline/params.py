"""The typed schema of params.yaml, and the settings that its chosen scale resolves to."""

import hashlib
import json
import re
import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator

from crystalnet.errors import CrystalNetError
from crystalnet.settings import (
    Count,
    CrystalSystem,
    EvaluationSettings,
    Fraction,
    NetworkSettings,
    NotNegative,
    PatternSpec,
    Positive,
    Settings,
    TrainingSettings,
)
from crystalnet.settings_modes import ModesSettings, ModesTraining
from pipeline.model_lines import of_systems
from pipeline.models import Model, ModelInput, inputs, models_told
from pipeline.yaml_file import read_mapping

PARAMS_FILE = Path("params.yaml")

PAPER_SYSTEMS: tuple[CrystalSystem, ...] = ("cubic", "trigonal")
"""Those of the paper, and those of the embedded DFT densities."""

ScaleName = Literal["quick", "cpu", "embedded", "iam", "paper"]
PresetName = Literal["exact", "parity"]


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
        return _replace(self.network, self.networks.get(system, {}), f"networks.{system}")

    def training_of(self, system: CrystalSystem) -> ModesTraining:
        """The training of the network of one system."""
        return _replace(self.training, self.trainings.get(system, {}), f"trainings.{system}")


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


T = TypeVar("T", bound=BaseModel)
# Names of models stand in paths, in commands and in names of stages.
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9_]+(-[a-z0-9_]+)*$", max_length=100)]
# A key that is shown as it is; another one is shown in quotes.
_PLAIN = re.compile(r"[\w\[\]-]{1,100}")


class Params(Settings):
    """params.yaml with the chosen scale and preset applied."""

    scale: ScaleName
    preset: PresetName
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    systems: Annotated[list[CrystalSystem], Field(min_length=1)]
    structures: Structures
    split: Split
    patterns: PatternSpec
    densities: Densities
    materials_project: MaterialsProject
    store: Store
    network: NetworkSettings
    training: TrainingSettings
    evaluation: EvaluationSettings
    protocols: dict[str, Protocol]
    models: Annotated[dict[ModelName, Model], Field(min_length=1)]
    focus: ModelInput
    modes: Modes
    learned: Learned

    @model_validator(mode="after")
    def _consistent(self) -> "Params":
        if len(set(self.systems)) != len(self.systems):
            raise ValueError(f"systems {self.systems} names one twice")
        if not models_told(self.models, self.focus):
            raise ValueError(
                f"focus: no model has the input {self.focus!r} and the protocol 'ablation'; "
                f"there are {inputs(self.models)}"
            )
        for name, model in self.models.items():
            if model.protocol not in self.protocols:
                raise ValueError(
                    f"models.{name}.protocol {model.protocol!r} is none of {sorted(self.protocols)}"
                )
        source = self.densities.source
        wanted = {"dft": "embedded", "chgcar": "chgcar", "materials_project": "materials_project"}
        if source in wanted and self.structures.source != wanted[source]:
            raise ValueError(
                f"densities.source {source!r} needs structures.source {wanted[source]!r}, "
                f"not {self.structures.source!r}"
            )
        if self.split.kind == "paper" and self.structures.source == "chgcar":
            raise ValueError(
                "split.kind 'paper' holds Materials Project ids; structures.source 'chgcar' "
                "needs split.kind 'random'"
            )
        for name in self.protocols:
            for section, grid in (
                ("training.validation_grid", self.training_of(name).validation_grid),
                ("evaluation.grid", self.evaluation_of(name).grid),
            ):
                if self.densities.grid % grid:
                    raise ValueError(
                        f"{section} {grid} does not divide densities.grid {self.densities.grid}"
                    )
        return self

    def training_of(self, protocol: str) -> TrainingSettings:
        """The training settings of one protocol."""
        return _replace(
            self.training, self.protocols[protocol].training, f"protocols.{protocol}.training"
        )

    def evaluation_of(self, protocol: str) -> EvaluationSettings:
        """The evaluation settings of one protocol."""
        return _replace(
            self.evaluation, self.protocols[protocol].evaluation, f"protocols.{protocol}.evaluation"
        )

    def fingerprint(self, *sections: str) -> str:
        """A short hash of the named sections, for an engine to see that one changed."""
        values = self.model_dump(mode="json", include=set(sections))
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def load_params(path: Path | str = PARAMS_FILE) -> Params:
    """Read params.yaml and apply its scale and its preset.

    Raises:
        CrystalNetError: one line for an unreadable file, an unknown key, a wrong type, an
            impossible value.
    """
    path = Path(path)
    raw = read_mapping(path)
    scales = _choices(path, raw, "scale", Scale)
    presets = _choices(path, raw, "preset", Preset)
    # Every choice is checked, so that a slip in one is found before it is chosen.
    resolved = {
        (scale, preset): _validate(path, raw, scale, scales[scale], preset, presets[preset])
        for scale in scales
        for preset in presets
    }
    chosen = resolved[raw["scale"], raw["preset"]]
    _refuse_without_density(path, chosen)
    return chosen


def _refuse_without_density(path: Path, params: Params) -> None:
    """Refuse systems of which no DFT density comes with the project; other scales may have them."""
    missing = [system for system in params.systems if system not in PAPER_SYSTEMS]
    if params.densities.source == "dft" and missing:
        raise CrystalNetError(
            f"{path}: systems: no DFT density of {missing[0]} crystals comes with the project "
            f"(only of {' and '.join(PAPER_SYSTEMS)} ones); set densities.source to iam, whose "
            "densities of free atoms can be had of all seven"
        )


def _choices(
    path: Path, raw: dict[str, Any], key: str, schema: type[Settings]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Take what each scale, or each preset, replaces out of `raw`: name -> section -> keys."""
    found = raw.pop(f"{key}s", None)
    known = sorted(found) if isinstance(found, dict) else []
    if not isinstance(found, dict) or raw.get(key) not in known:
        seen = _shown(raw.get(key))
        raise CrystalNetError(f"{path}: {key} {seen} is none of {key}s {_shown(known)}")
    checked = {}
    for name, replaced in found.items():
        try:
            checked[name] = schema.model_validate(replaced).model_dump()
        except ValidationError as error:
            raise CrystalNetError(f"{path}: {_first(error, f'{key}s.{name}')}") from None
    return checked


def _validate(
    path: Path,
    raw: dict[str, Any],
    scale: str,
    of_scale: dict[str, dict[str, Any]],
    preset: str,
    of_preset: dict[str, dict[str, Any]],
) -> Params:
    merged = dict(raw, scale=scale, preset=preset)
    for replaced in (of_scale, of_preset):
        for section, keys in replaced.items():
            base = merged.get(section)
            if isinstance(base, dict):
                merged[section] = {**base, **keys}
    merged["models"] = of_systems(merged.get("systems"), merged.get("models"))
    try:
        return Params.model_validate(merged)
    except ValidationError as error:
        # A slip is named where it stands: in the section, or in what was put in its place.
        section, key = (*map(str, error.errors()[0]["loc"]), "", "")[:2]
        where = ""
        if key in of_scale.get(section, {}):
            where = f"scales.{scale}"
        if key in of_preset.get(section, {}):
            where = f"presets.{preset}"
        raise CrystalNetError(f"{path}: {_first(error, where)}") from None


def _first(error: ValidationError, prefix: str) -> str:
    """The first finding of a validation, in one line: where, what was seen, what is wanted."""
    found = error.errors()[0]
    parts = [str(part) if _PLAIN.fullmatch(str(part)) else _shown(part) for part in found["loc"]]
    if parts[:1] == ["models"] and len(parts) > 3:
        # The tag of the union, which is a word of the line and no key.
        del parts[2]
    where = ".".join([prefix, *parts]).strip(".")
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        return f"{where}: unknown key{more}"
    if found["loc"][-1:] == ("[key]",):
        return (
            f"{where.removesuffix('.[key]')}: a name is made of lower-case letters, digits and _, "
            f"its words joined by -, at most 100 characters{more}"
        )
    if found["type"] == "missing":
        return f"{where}: missing{more}"
    if found["type"] == "value_error" and not found["loc"]:
        return f"{prefix + ': ' if prefix else ''}{message}{more}"
    return f"{where}: {_shown(found['input'])}: {message}{more}"


def _shown(value: object) -> str:
    """A value as a part of one line, however long or deep it is."""
    shown = reprlib.Repr()
    shown.maxstring = shown.maxother = 80
    return shown.repr(value)


def _replace(settings: T, keys: dict[str, Any], where: str) -> T:
    try:
        return type(settings).model_validate({**settings.model_dump(), **keys})
    except ValidationError as error:
        raise ValueError(_first(error, where)) from None
