"""A trained network with its card: the one way in for weights that are to be judged or shown."""

from pathlib import Path

import torch

from crystalnet.errors import CrystalNetError
from crystalnet.network.card import ModelCard, read_card
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.weights import load_model, read_header
from crystalnet.settings import PatternSpec


def load_trained(
    weights: Path | str,
    card: Path | str,
    patterns: PatternSpec,
    *,
    name: str,
    system: str,
    device: torch.device | str = "cpu",
) -> tuple[CrystalNet, ModelCard]:
    """The network of a weights file and its card, if they belong together and are those asked for.

    Args:
        patterns: how those are binned that the network is to be given.
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
    header = read_header(weights)
    for what, seen, wanted in (
        ("network", header.network, said.settings.network),
        ("composition input", header.composition_input, said.composition_input),
        ("patterns", header.pattern, said.pattern),
    ):
        if seen != wanted:
            raise CrystalNetError(
                f"{weights}: its {what} is {seen}, but {card} says {wanted}; train it again"
            )
    return load_model(weights, patterns, device), said
