"""The trainings of `benchmarks.learned_quick`: what they learn from, and what they score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.ideas_inputs import Features
from crystalnet.learning.modes.samples import Samples
from crystalnet.learning.modes.training import train_modes
from crystalnet.network.modes.density_modes import DensityModes
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.scoring.evaluate import every_nth_voxel
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import seeded_initialisation
from crystalnet.settings import RotationSet
from crystalnet.tensors import CrystalTensors
from pipeline import learned, store
from pipeline.canonical import Canonical
from pipeline.dataset import Dataset
from pipeline.learned import SUBSTITUTE
from pipeline.params import load_params

# Parts of the samples: densities of the data set, free atoms of the same crystals, substitutes.
DATA, FREE, MADE = "data", "free", "substitutes"


@dataclass(frozen=True)
class Idea:
    """What a training does otherwise than the usual one.

    Attributes:
        lessons: trainings one after the other, each on a share of some parts.
        features: another input of the pattern.
        sizes, training: keys that replace those of the network and the training.
        modes: share of the density modes that are kept.
        formula: whether the composition is told.
        repeats: which draws of random numbers; of several, the mean density is the guess.
    """

    lessons: tuple[Mapping[str, float], ...] = ({DATA: 1, FREE: 1, MADE: 1},)
    features: Features | None = None
    sizes: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, float] = field(default_factory=dict)
    modes: float = 1.0
    formula: bool = True
    repeats: tuple[int, ...] = (0,)

    @property
    def kind(self) -> Kind:
        """A network that was not taught the densities of the data set knows no others."""
        return "dft" if any(DATA in lesson for lesson in self.lessons) else "iam"


_CRYSTALS_AT_ONCE = 32


class Trainings:
    """Networks of one system by the section `modes` of the chosen scale."""

    def __init__(self, system: str) -> None:
        self._system, self.params = system, load_params()
        self._canonical = Canonical(system)
        self._samples = self._canonical.samples("baseline", 1, self.params.seed)
        own = int(self._samples.dft.sum())
        places = np.arange(len(self._samples))
        self._parts = {
            DATA: places[:own],
            FREE: places[own : 2 * own],
            MADE: places[2 * own :],
        }
        self.test, self.validation = (
            self._canonical.tensors(
                Dataset(), split, composition="baseline", pattern="full", seed=self.params.seed
            )
            for split in ("test", "val")
        )

    def seen(self, idea: Idea) -> tuple[Samples, CrystalTensors]:
        """Samples and validation crystals with the input of the pattern."""
        if idea.features is None:
            return self._samples, self.validation
        path = Path(store.CANONICAL_CRYSTALS.format(system=self._system))
        described = learned.Described(path)
        splits = ("train", SUBSTITUTE, "val")
        training, made, validation = (idea.features(described.rows(split)) for split in splits)
        # Crystals of the data set are there with both kinds of density.
        samples = replace(self._samples, patterns=torch.cat([training, training, made]))
        return samples, replace(self.validation, patterns=validation)

    def network(self, idea: Idea, repeat: int) -> ModesNet:
        """A network that has made as many steps as the usual one."""
        samples, modes = self.seen(idea)[0], self._canonical.modes
        settings, seed = self.params.modes.training, self.params.seed + repeat
        if idea.modes < 1:
            kept = round(idea.modes * modes.count)
            modes = DensityModes(
                modes.real[: kept + 1], modes.imaginary[: kept + 1], modes.scale[:kept]
            )
            samples = replace(samples, coefficients=samples.coefficients[:, :kept].contiguous())
        chosen = [
            np.concatenate([self._parts[n][: round(s * len(self._parts[n]))] for n, s in p.items()])
            for p in idea.lessons
        ]
        # Each sample of a lesson is seen as often as the others.
        epochs = round(len(samples) * settings.epochs / sum(map(len, chosen)))
        with seeded_initialisation(seed):
            sizes = self.params.modes.network.model_copy(update=dict(idea.sizes))
            network = ModesNet(sizes, modes, idea.formula)
        settings = settings.model_copy(
            update={"epochs": epochs, "validation_every": epochs, **idea.training}
        )
        for places in chosen:
            network = train_modes(
                network, _some(samples, places), settings, seed, lambda _: {}, lambda row, _: None
            )
        return network

    def ssim(
        self,
        networks: Sequence[ModesNet],
        crystals: CrystalTensors,
        kind: Kind = "dft",
        rotations: RotationSet = "none",
    ) -> torch.Tensor:
        """(crystals, guesses, rotations); the first guess first, the first rotation none.

        Of several networks, the mean of each guess in its place.
        """
        evaluation = self.params.evaluation
        truth = every_nth_voxel(crystals.densities, evaluation.grid).float()
        scores = []
        for first in range(0, len(truth), _CRYSTALS_AT_ONCE):
            part = slice(first, first + _CRYSTALS_AT_ONCE)
            patterns, formulas = crystals.patterns[part], crystals.formulas[part]
            made = [
                network.predict(patterns, formulas, evaluation.grid, evaluation.guesses, kind=kind)
                for network in networks
            ]
            mean = torch.stack(made).mean(dim=0)
            scores.append(score_guesses(truth[part], mean, rotations).ssim.double())
        return torch.cat(scores)


def _some(samples: Samples, places: np.ndarray) -> Samples:
    """Samples at some places."""
    index = torch.from_numpy(places)
    tensors = ("patterns", "formulas", "coefficients", "log_size", "dft")
    return replace(
        samples,
        peaks=[samples.peaks[place] for place in places.tolist()],
        **{name: getattr(samples, name)[index] for name in tensors},
    )
