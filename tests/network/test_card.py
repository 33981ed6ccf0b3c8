"""Model cards."""

from pathlib import Path

import pytest
import yaml

from crystalnet.errors import CrystalNetError
from crystalnet.network.card import ModelCard, read_card, write_card
from crystalnet.settings import NetworkSettings, TrainingSettings
from tests.network.cards import made_up_card


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def card(
    weights: Path, tiny_network: NetworkSettings, short_training: TrainingSettings
) -> ModelCard:
    return made_up_card(weights, tiny_network, short_training, scores={"ssim": 0.7})


def test_round_trip(card: ModelCard, weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    write_card(path, card)
    assert read_card(path, weights) == card
    assert path.read_text().startswith("name: cubic-main\nsystem: cubic\n")


def test_scores_may_come_later(card: ModelCard, tmp_path: Path) -> None:
    content = card.model_dump(exclude={"scores"})
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(content))
    assert read_card(tmp_path / "card.yaml").scores is None


def test_other_weights(card: ModelCard, weights: Path, tmp_path: Path) -> None:
    write_card(tmp_path / "card.yaml", card)
    weights.write_bytes(b"other weights")
    with pytest.raises(CrystalNetError, match=r"weights\.safetensors: its SHA-256 is"):
        read_card(tmp_path / "card.yaml", weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs: .*got 0"),
        ({"weights_sha256": "abc"}, "weights_sha256: .*got 'abc'"),
        ({"composition_input": "all"}, "composition_input: .*got 'all'"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"best_validation_ssim": "high"}, "best_validation_ssim: .*got 'high'"),
    ],
)
def test_wrong_entries(
    card: ModelCard, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(card.model_dump() | change))
    with pytest.raises(CrystalNetError, match=rf"card\.yaml: not a model card: {message}"):
        read_card(path)


@pytest.mark.parametrize("content", ["name: [", "a\tb: {", "- 1\n- 2\n"])
def test_no_card_at_all(tmp_path: Path, content: str) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(content)
    with pytest.raises(CrystalNetError, match=r"card\.yaml: "):
        read_card(path)
    with pytest.raises(CrystalNetError, match="cannot be read"):
        read_card(tmp_path / "none.yaml")
