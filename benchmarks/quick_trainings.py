"""The trainings of `benchmarks.learned_quick`: what they learn from, and what they score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from benchmarks.ideas_inputs import Features
from benchmarks.quick_settings import CrystalSetting, Taught, described_of, in_setting, some
from crystalnet.learning.modes.training import train_modes
from crystalnet.network.modes.density_modes import DensityModes
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.scoring.evaluate import every_nth_voxel
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import seeded_initialisation
from crystalnet.settings import RotationSet
from crystalnet.tensors import CrystalTensors
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
        beside: the idea that it is compared with; None takes the usual training.
        setting: in which the density modes are fitted anew, to the training crystals alone; None
            takes those that are there, fitted to substitutes too, in canonical settings.
    """

    lessons: tuple[Mapping[str, float], ...] = ({DATA: 1, FREE: 1, MADE: 1},)
    features: Features | None = None
    sizes: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, float] = field(default_factory=dict)
    modes: float = 1.0
    formula: bool = True
    repeats: tuple[int, ...] = (0,)
    beside: str | None = None
    setting: CrystalSetting | None = None

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
        self._anew: dict[CrystalSetting, Taught] = {}
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

    def taught(self, idea: Idea) -> Taught:
        """What the training of an idea reads."""
        usual = Taught(self._samples, self.validation, self._canonical.modes)
        if idea.setting is not None:
            if idea.setting not in self._anew:
                made = in_setting(usual, self._system, idea.setting, self.params)
                self._anew[idea.setting] = made
            return self._anew[idea.setting]
        if idea.features is None:
            return usual
        described = described_of(self._system)
        splits = ("train", SUBSTITUTE, "val")
        own, substitutes, seen = (idea.features(described.rows(split)) for split in splits)
        return Taught(
            # Crystals of the data set are there with both kinds of density.
            replace(usual.samples, patterns=torch.cat([own, own, substitutes])),
            replace(usual.validation, patterns=seen),
            usual.modes,
        )

    def network(self, idea: Idea, repeat: int) -> ModesNet:
        """A network that has made as many steps as the usual one."""
        samples, _, modes = self.taught(idea)
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
        epochs = round(len(self._samples) * settings.epochs / sum(map(len, chosen)))
        with seeded_initialisation(seed):
            sizes = self.params.modes.network.model_copy(update=dict(idea.sizes))
            network = ModesNet(sizes, modes, idea.formula)
        settings = settings.model_copy(
            update={"epochs": epochs, "validation_every": epochs, **idea.training}
        )
        for places in chosen:
            network = train_modes(
                network, some(samples, places), settings, seed, lambda _: {}, lambda row, _: None
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
