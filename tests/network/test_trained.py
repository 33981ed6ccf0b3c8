"""Weights and card are loaded together, or not at all."""

from pathlib import Path

import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.network.card import ModelCard, write_card
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.trained import load_trained
from crystalnet.network.weights import save_weights
from crystalnet.settings import NetworkSettings, TrainingSettings
from tests.network.cards import SPEC, made_up_card


@pytest.fixture
def card(
    tmp_path: Path, tiny_network: NetworkSettings, short_training: TrainingSettings
) -> ModelCard:
    torch.manual_seed(0)
    weights = tmp_path / "model.safetensors"
    network = CrystalNet(tiny_network, 32, True).eval()
    save_weights(weights, network, SPEC, {"composition_input": "baseline"})
    card = made_up_card(weights, tiny_network, short_training, parameters=network.parameter_count)
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
