"""A model card for tests."""

from pathlib import Path
from typing import Any

from crystalnet.files import sha256
from crystalnet.network.card import CardSettings, ModelCard
from crystalnet.settings import NetworkSettings, PatternSpec, TrainingSettings

SPEC = PatternSpec(wavelength=0.71073, two_theta_min=0.0, two_theta_max=180.0, bins=32)


def made_up_card(
    weights: Path, network: NetworkSettings, training: TrainingSettings, **more: Any
) -> ModelCard:
    """Of some weights; with other entries, if they are given."""
    usual: dict[str, Any] = {
        "name": "cubic-main",
        "system": "cubic",
        "composition_input": "baseline",
        "pattern_input": "full",
        "pattern": SPEC,
        "density_source": "made up",
        "data_sha256": "0" * 64,
        "weights_sha256": sha256(weights),
        "parameters": 1234,
        "settings": CardSettings(network=network, training=training, seed=1),
        "hardware": "two cores",
        "seconds": 1.5,
        "epochs": 6,
        "best_validation_ssim": 0.5,
        "licence": "CC BY 4.0",
    }
    return ModelCard(**(usual | more))
