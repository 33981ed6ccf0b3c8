"""Weights and card are loaded together, or not at all."""

from pathlib import Path

import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.files import sha256
from crystalnet.network.card import CardSettings, ModelCard, write_card
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.trained import load_trained
from crystalnet.network.weights import save_weights
from crystalnet.settings import NetworkSettings, PatternSpec, TrainingSettings

SPEC = PatternSpec(wavelength=0.71073, two_theta_min=0.0, two_theta_max=180.0, bins=32)


@pytest.fixture
def card(
    tmp_path: Path, tiny_network: NetworkSettings, short_training: TrainingSettings
) -> ModelCard:
    torch.manual_seed(0)
    weights = tmp_path / "model.safetensors"
    network = CrystalNet(tiny_network, 32, True).eval()
    save_weights(weights, network, SPEC, {"composition_input": "baseline"})
    card = ModelCard(
        name="cubic-main",
        system="cubic",
        composition_input="baseline",
        pattern_input="full",
        pattern=SPEC,
        density_source="made up",
        data_sha256="0" * 64,
        weights_sha256=sha256(weights),
        parameters=network.parameter_count,
        settings=CardSettings(network=tiny_network, training=short_training, seed=1),
        hardware="two cores",
        seconds=1.5,
        epochs=6,
        best_validation_ssim=0.5,
        licence="CC BY 4.0",
    )
    write_card(tmp_path / "card.yaml", card)
    return card


def load(folder: Path, name: str = "cubic-main", system: str = "cubic") -> CrystalNet:
    files = folder / "model.safetensors", folder / "card.yaml"
    return load_trained(*files, SPEC, name=name, system=system)[0]


def test_what_belongs_together_is_loaded(card: ModelCard, tmp_path: Path) -> None:
    assert load(tmp_path).parameter_count == card.parameters


def test_every_flipped_byte_is_noticed(card: ModelCard, tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    for place in range(0, len(whole), max(len(whole) // 25, 1)):
        damaged = bytearray(whole)
        damaged[place] ^= 16
        weights.write_bytes(damaged)
        with pytest.raises(CrystalNetError, match="its SHA-256 is"):
            load(tmp_path)


def test_another_model_or_no_card(card: ModelCard, tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="but trigonal-main"):
        load(tmp_path, "trigonal-main", "trigonal")
    with pytest.raises(CrystalNetError, match="but cubic-baseline"):
        load(tmp_path, "cubic-baseline")
    (tmp_path / "card.yaml").unlink()
    with pytest.raises(CrystalNetError, match="the model card cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"composition_input": "no_ratios"}, "its composition input is baseline"),
        ({"pattern": SPEC.model_copy(update={"wavelength": 1.5406})}, "its patterns is 32 bins"),
    ],
)
def test_a_card_that_contradicts_the_header(
    card: ModelCard, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    write_card(tmp_path / "card.yaml", card.model_copy(update=change))
    with pytest.raises(CrystalNetError, match=said):
        load(tmp_path)
