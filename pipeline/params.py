"""params.yaml with its chosen scale and preset: checked, and resolved."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from crystalnet.errors import CrystalNetError
from crystalnet.settings import (
    CrystalSystem,
    EvaluationSettings,
    NetworkSettings,
    PatternSpec,
    Settings,
    TrainingSettings,
)
from pipeline.model_lines import of_systems
from pipeline.models import Model, ModelInput, inputs, models_told
from pipeline.sections import (
    Densities,
    Learned,
    MaterialsProject,
    Modes,
    Preset,
    Protocol,
    Scale,
    Split,
    Store,
    Structures,
)
from pipeline.slips import first_slip, shown, with_keys
from pipeline.yaml_file import read_mapping

PARAMS_FILE = Path("params.yaml")

PAPER_SYSTEMS: tuple[CrystalSystem, ...] = ("cubic", "trigonal")
"""Those of the paper, and those of the embedded DFT densities."""

ScaleName = Literal["quick", "cpu", "embedded", "iam", "paper"]
PresetName = Literal["exact", "parity"]


# Sections that have sections, whose keys a scale replaces one by one.
SECTIONS_OF_SECTIONS = ("modes",)

# Names of models stand in paths, in commands and in names of stages.
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9_]+(-[a-z0-9_]+)*$", max_length=100)]


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
        return with_keys(
            self.training, self.protocols[protocol].training, f"protocols.{protocol}.training"
        )

    def evaluation_of(self, protocol: str) -> EvaluationSettings:
        """The evaluation settings of one protocol."""
        return with_keys(
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
        seen = shown(raw.get(key))
        raise CrystalNetError(f"{path}: {key} {seen} is none of {key}s {shown(known)}")
    checked = {}
    for name, replaced in found.items():
        try:
            checked[name] = schema.model_validate(replaced).model_dump()
        except ValidationError as error:
            raise CrystalNetError(f"{path}: {first_slip(error, f'{key}s.{name}')}") from None
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
                merged[section] = _replaced(section, base, keys)
    merged["models"] = of_systems(merged.get("systems"), merged.get("models"))
    try:
        return Params.model_validate(merged)
    except ValidationError as error:
        # A slip is named where it stands: in the section, or in what was put in its place.
        loc = error.errors()[0]["loc"]
        where = ""
        if _stands_in(of_scale, loc):
            where = f"scales.{scale}"
        if _stands_in(of_preset, loc):
            where = f"presets.{preset}"
        raise CrystalNetError(f"{path}: {first_slip(error, where)}") from None


def _replaced(section: str, base: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any]:
    """A section with some keys replaced, those within its own sections one by one."""
    own = {
        key: {**base[key], **value}
        for key, value in keys.items()
        if section in SECTIONS_OF_SECTIONS
        and isinstance(base.get(key), dict)
        and isinstance(value, dict)
    }
    return {**base, **keys, **own}


def _stands_in(replaced: dict[str, dict[str, Any]], loc: tuple[str | int, ...]) -> bool:
    """Whether a place is one that was replaced: a key of a section, or of a section in it."""
    section, key, inner = (*map(str, loc), "", "", "")[:3]
    value = replaced.get(section, {}).get(key)
    if section in SECTIONS_OF_SECTIONS and isinstance(value, dict):
        return inner in value
    return key in replaced.get(section, {})
