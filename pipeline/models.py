"""The lines of `models` in params.yaml: what is trained, on what, and what it is told."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import Discriminator, Field, Tag

from crystalnet.settings import CompositionInput, CrystalSystem, PatternInput, Settings, Sha256
from crystalnet.settings_modes import ModesInput

# What a model is told: the four inputs of the paper, which differ in the composition, and four
# that differ in the pattern and are told the baseline's composition.
ModelInput = Literal[
    "baseline",
    "no_ratios",
    "drop_element",
    "no_formula",
    "no_pattern",
    "noisy_pattern",
    "broadened_pattern",
    "scale_free_pattern",
]
_PATTERNS: dict[ModelInput, PatternInput] = {
    "no_pattern": "none",
    "noisy_pattern": "noisy",
    "broadened_pattern": "broadened",
    "scale_free_pattern": "scale_free",
}


class Start(Settings):
    """The weights that a training starts from instead of random ones."""

    weights: Annotated[str, Field(min_length=1)]
    sha256: Sha256


class _Line(Settings):
    """What every model has: the crystals it sees, and by which protocol it is scored.

    `repeat` numbers trainings of the same kind from other random numbers.
    """

    system: CrystalSystem
    input: ModelInput
    protocol: str
    repeat: Annotated[int, Field(ge=0)] = 0

    @property
    def composition(self) -> CompositionInput:
        """The form in which it is told the composition."""
        return "baseline" if self.input in _PATTERNS else cast(CompositionInput, self.input)

    @property
    def pattern(self) -> PatternInput:
        """The form in which it is told the pattern."""
        return _PATTERNS.get(self.input, "full")


class PaperModel(_Line):
    """A network of the paper, by the sections `network` and `training`.

    `start` names weights of the same network to train on with, such as those of a training on other
    densities.
    """

    architecture: Literal["paper"] = "paper"
    start: Start | None = None


class ModesModel(_Line):
    """A network of density modes, by the section `modes`; its protocol is that of its scores."""

    architecture: Literal["modes"]
    input: ModesInput


def _architecture(line: Any) -> str:
    """The tag of a line, which may be without one."""
    if isinstance(line, Mapping):
        return str(line.get("architecture", "paper"))
    return str(getattr(line, "architecture", "paper"))


Model = Annotated[
    Annotated[PaperModel, Tag("paper")] | Annotated[ModesModel, Tag("modes")],
    Discriminator(
        _architecture,
        custom_error_type="architecture",
        custom_error_message="Input should be a model whose architecture is paper or modes",
    ),
]
"""One model."""


def models_told(models: Mapping[str, Model], told: ModelInput) -> dict[str, str]:
    """The paper's network of each system that is told this input, by the protocol of Table 2."""
    found: dict[str, str] = {}
    for name, model in models.items():
        seen = (model.architecture, model.input, model.protocol, model.repeat)
        if seen == ("paper", told, "ablation", 0):
            found.setdefault(model.system, name)
    return found


def inputs(models: Mapping[str, Model]) -> list[ModelInput]:
    """The inputs that the models of Table 2 are told, and so what can be in focus."""
    told: list[ModelInput] = [model.input for model in models.values()]
    return [each for each in dict.fromkeys(told) if models_told(models, each)]
