"""The networks that patterns are solved with: found by name, checked by checksum."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.composition import ELEMENTS
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.network.card import ModelCard, read_card
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.inference import PointEvaluator
from crystalnet.network.position_encoder import grid_axis
from crystalnet.network.weights import load_model, read_header
from crystalnet.seeds import derived_generator
from crystalnet.settings import PatternSpec

# Guesses made together.
AT_ONCE = 20
WEIGHTS = Path(__file__).parent / "weights"
"""Where the models that come with the project are: SYSTEM.safetensors, each with its card."""


@dataclass(frozen=True, eq=False)
class SolveModel:
    """A network of one crystal system, with its card.

    Attributes:
        network: in evaluation mode.
        patterns: how it wants them binned.
        card: what it was trained on, and the checksum of its weights.
    """

    network: CrystalNet
    patterns: PatternSpec
    card: ModelCard

    @classmethod
    def load(cls, weights: Path, device: torch.device | str = "cpu") -> "SolveModel":
        """Read weights and the card beside them, and compare the checksum.

        Raises:
            CrystalNetError: for a file that is missing or damaged, weights of another checksum
                than the card's, or a network that was not trained for measured patterns.
        """
        if not weights.is_file():
            raise CrystalNetError(
                f"{weights}: no such weights; `make solve-models` trains them, `dvc pull` fetches "
                "those of others"
            )
        card = read_card(weights.with_suffix(".yaml"), weights)
        header = read_header(weights)
        if header.composition_input != "any":
            raise CrystalNetError(
                f"{weights}: takes the composition as {header.composition_input} only; want a "
                "solve model, which `make solve-models` trains"
            )
        if header.pattern != card.pattern:
            raise CrystalNetError(
                f"{weights}: made for patterns of {header.pattern}, but its card says "
                f"{card.pattern}; fetch both again"
            )
        return cls(load_model(weights, None, device), header.pattern, card)

    @property
    def system(self) -> str:
        return self.card.system

    def guess(
        self,
        pattern: Float[ndarray, " bins"],
        known: KnownComposition,
        guesses: int,
        grid: int,
        seed: int,
        enough: Callable[[], bool] = lambda: False,
    ) -> Float[ndarray, "guesses grid grid grid"]:
        """Densities in e/A^3 at the fractional coordinates i/grid, one latent sample each.

        Args:
            pattern: binned as in training, strongest 1.
            enough: whether those that have been made must do.
        """
        device = self.network.regressor.output.weight.device
        told = torch.from_numpy(composition_vector(known)).to(device, torch.float32)
        vector: Tensor = torch.from_numpy(pattern).to(device, torch.float32)
        generator = derived_generator(device, seed, "solve", self.system)
        network = self.network
        found: list[Tensor] = []
        with torch.no_grad():
            latent = network.encode(vector[None], told[None])
            axis = grid_axis(grid).to(vector)
            points = torch.cartesian_prod(axis, axis, axis).reshape(-1, 3)
            evaluate = PointEvaluator(network.position, network.regressor)
            every = network.draw_noise(guesses, generator)
            for first in range(0, guesses, AT_ONCE):
                if found and enough():
                    break
                noise = every[first : first + AT_ONCE]
                gamma, beta = network.modulate(latent.repeated(len(noise)), noise)
                found.append(evaluate(points, gamma, beta).view(-1, grid, grid, grid).cpu())
        densities: ndarray = torch.cat(found).numpy()
        return densities


def composition_vector(known: KnownComposition) -> Float[ndarray, " elements"]:
    """What is known, as solve models were told it: fractions, 1 for each element, or zeros."""
    vector = np.zeros(ELEMENTS)
    elements = list(known.elements)
    vector[elements] = 1.0
    if known.amounts is not None:
        vector[elements] = np.array(known.amounts) / sum(known.amounts)
    return vector


def there_is(device: torch.device | str) -> torch.device:
    """A device of this machine.

    Raises:
        CrystalNetError: for another.
    """
    try:
        found = torch.device(device)
    except RuntimeError:
        raise CrystalNetError(f"the device {device!r}; want cpu, cuda, cuda:1 or mps") from None
    count = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }.get(found.type, 0)
    if (found.index or 0) >= count:
        raise CrystalNetError(
            f"the device {str(device)!r} is not there ({count} of its kind are); leave it out for "
            "the CPU"
        )
    return found


def load_models(
    systems: list[str] | None = None,
    folder: Path = WEIGHTS,
    device: torch.device | str = "cpu",
) -> list[SolveModel]:
    """The models of the crystal systems asked for, or all that there are.

    Raises:
        CrystalNetError: for a system without a model, no model at all, or a device that is not
            there.
    """
    device = there_is(device)
    there = {path.stem: path for path in sorted(folder.glob("*.safetensors"))}
    if not there:
        raise CrystalNetError(f"{folder}: no weights there; `make solve-models` trains them")
    missing = [system for system in systems or [] if system not in there]
    if missing:
        raise CrystalNetError(
            f"no solve model of the system {missing[0]!r}; there are {sorted(there)}: choose one "
            "of them, or train it with `make solve-models`"
        )
    return [SolveModel.load(there[system], device) for system in systems or there]
