"""A trained network with its card: the one way in for weights that are to be judged or shown."""

from pathlib import Path

import torch

from crystalnet.errors import CrystalNetError
from crystalnet.network.card import ModelCard, read_card
from crystalnet.network.density_model import DensityModel
from crystalnet.network.modes.weights import load_modes, read_modes_header
from crystalnet.network.weights import WeightsHeader, load_model, read_header
from crystalnet.settings import PatternSpec
from crystalnet.settings_modes import ModesSettings


def load_trained(
    weights: Path | str,
    card: Path | str,
    patterns: PatternSpec,
    *,
    name: str,
    system: str,
    device: torch.device | str = "cpu",
) -> tuple[DensityModel, ModelCard]:
    """The network of a weights file and its card, if they belong together and are those asked for.

    Args:
        patterns: how those are binned that a network of the paper is to be given; one of the
            architecture `modes` has bins of its own.
        name, system: of the model that is asked for.

    Raises:
        CrystalNetError: for a file that is missing or damaged, weights of another checksum than
            the card's, a card of another model, or weights whose header says otherwise than it.
    """
    said = read_card(card, weights)
    if (said.name, said.system) != (name, system):
        raise CrystalNetError(
            f"{card}: the card of {said.name} ({said.system}), but {name} ({system}) is wanted; "
            "train it again, or put its own weights and card there"
        )
    of_modes = isinstance(said.settings.network, ModesSettings)
    header = read_modes_header(weights) if of_modes else read_header(weights)
    claims: list[tuple[str, object, object]] = [
        ("network", header.network, said.settings.network),
        ("composition input", header.composition_input, said.composition_input),
    ]
    if isinstance(header, WeightsHeader):
        claims.append(("patterns", header.pattern, said.pattern))
    for what, seen, wanted in claims:
        if seen != wanted:
            raise CrystalNetError(
                f"{weights}: its {what} is {seen}, but {card} says {wanted}; train it again"
            )
    if of_modes:
        return load_modes(weights, device), said
    return load_model(weights, patterns, device), said
