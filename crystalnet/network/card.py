"""The card that goes with a weights file: where the model comes from and what it is worth."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write, sha256
from crystalnet.settings import (
    CompositionInput,
    Count,
    NetworkSettings,
    NotNegative,
    PatternSpec,
    Settings,
    Sha256,
    TakenPattern,
    TrainingSettings,
)
from crystalnet.settings_modes import ModesSettings, ModesTraining, ScaleFreeSpec

Text = Annotated[str, Field(min_length=1)]


class CardSettings(Settings):
    """The settings that the model was trained with."""

    network: NetworkSettings | ModesSettings
    training: TrainingSettings | ModesTraining
    seed: int


class ModelCard(Settings):
    """One trained model.

    Attributes:
        name: of the model, such as cubic-main.
        system: crystal system it was trained on.
        composition_input, pattern_input: the forms of composition and pattern that it takes.
        pattern: how its patterns were binned.
        density_source: what its densities are, in words.
        data_sha256: of the data it was trained on.
        weights_sha256: of the weights file beside the card.
        parameters: trainable parameters.
        settings: all settings of the training.
        hardware: the device it was trained on.
        seconds, epochs: what the training took.
        best_validation_ssim: of the weights kept.
        licence: of the weights.
        scores: mean scores on test crystals by name, once there are any.
    """

    name: Text
    system: Text
    composition_input: CompositionInput
    pattern_input: TakenPattern
    pattern: PatternSpec | ScaleFreeSpec
    density_source: Text
    data_sha256: Sha256
    weights_sha256: Sha256
    parameters: Count
    settings: CardSettings
    hardware: Text
    seconds: NotNegative
    epochs: Count
    best_validation_ssim: Annotated[float, Field(ge=-1, le=1)]
    licence: Text
    scores: dict[str, float] | None = None


def write_card(path: Path | str, card: ModelCard) -> None:
    """Write a card as YAML, atomically."""
    text = yaml.safe_dump(card.model_dump(), sort_keys=False, allow_unicode=True)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def read_card(path: Path | str, weights: Path | str | None = None) -> ModelCard:
    """Read a card, and compare its checksum with the weights file if one is given.

    Raises:
        CrystalNetError: if the card is missing, no YAML, not of this form, or of other weights.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        card = ModelCard.model_validate(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise CrystalNetError(f"{path}: the model card cannot be read: {reason}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CrystalNetError(
            f"{path}: not a model card: {where or 'the file'}: {first['msg']}, "
            f"got {first['input']!r:.80}"
        ) from error
    if weights is not None and (seen := sha256(weights)) != card.weights_sha256:
        raise CrystalNetError(
            f"{weights}: its SHA-256 is {seen}, but {path} was written for {card.weights_sha256}; "
            "fetch both again"
        )
    return card
