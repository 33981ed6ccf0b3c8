"""Everything that a report is made of, read by others and handed over in memory."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from crystalnet.network.card import ModelCard
from crystalnet.network.density_model import Architecture
from crystalnet.settings import EvaluationSettings
from crystalnet.settings_modes import ModesSettings


@dataclass(frozen=True)
class ModelReport:
    """One trained model: its card, its learning curve, its scores.

    Attributes:
        scores: one row per test crystal, columns of `score_crystals`.
        metrics: the figures that the ledger holds.
    """

    name: str
    protocol: str
    repeat: int
    card: ModelCard
    evaluation: EvaluationSettings
    curves: pd.DataFrame
    scores: pd.DataFrame
    metrics: dict[str, Any]

    @property
    def architecture(self) -> Architecture:
        return "modes" if isinstance(self.card.settings.network, ModesSettings) else "paper"


@dataclass(frozen=True)
class Example:
    """One test crystal with guesses, each turned into its best rotation.

    Attributes:
        rank: how it was chosen, in words.
        pattern: (bins,), strongest peak = 1.
        truth: e/A^3.
        guesses: e/A^3, best first if `rank` says that the best is shown.
        ssim: of each guess in the rotation shown, on this grid.
        labels: what each guess is, where they are of different models.
    """

    system: str
    material_id: str
    formula: str
    spacegroup_number: int
    rank: str
    pattern: Float[ndarray, " bins"]
    truth: Float[ndarray, "x x x"]
    guesses: list[Float[ndarray, "x x x"]]
    ssim: list[float]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """A whole run.

    Attributes:
        density_label: what the densities are, in words.
        splits: system -> split -> crystals (all, and how many of them are stable).
        baselines: system -> baseline -> figures.
        baseline_scores: system -> one row per baseline and test crystal.
        ablation: one row per model, differences from the baseline input.
        repeats: model -> its mean scores over repeated trainings.
        paper_results: the paper's SSIM and PSNR of each of its test crystals.
        successes, failures: the test crystals that the main models score best and worst.
        typical: the test crystals in the middle.
        samples: for each system one crystal with several latent samples, in the order drawn.
        inputs: for each system crystals with a guess of each input's model, named in `labels`.
        turned: crystals to turn in three dimensions.
        learned: figures of the networks that come with the project: kind of density -> system.
        learned_scores: of these, one row for each kind of density, system and test crystal.
        learned_examples: test crystals with their guesses, alone and unturned.
        ideas: system -> what short trainings that differ in one thing score (learned_quick.json).
        full_inputs: system -> what full trainings score that are told less (learned_inputs.json).
        known_types: the test crystals whose anonymous formula and space group occur in training.
    """

    scale: str
    seed: int
    density_label: str
    splits: dict[str, dict[str, dict[str, int]]]
    duplicates: int
    models: list[ModelReport]
    baselines: dict[str, dict[str, dict[str, Any]]]
    baseline_scores: dict[str, pd.DataFrame]
    ablation: pd.DataFrame
    repeats: dict[str, dict[str, Any]]
    paper_results: pd.DataFrame
    successes: list[Example]
    typical: list[Example]
    failures: list[Example]
    samples: list[Example]
    inputs: list[Example]
    turned: list[Example]
    learned: dict[str, dict[str, dict[str, Any]]]
    learned_scores: pd.DataFrame
    learned_examples: list[Example]
    ideas: dict[str, dict[str, Any]]
    full_inputs: dict[str, dict[str, Any]]
    known_types: frozenset[str]

    def main(self, system: str) -> ModelReport:
        """The model of a system that Table 1 stands on: the first one given the baseline, of the
        paper's architecture if there is any."""
        given = [
            model
            for model in self.models
            if model.card.system == system
            and (model.card.composition_input, model.card.pattern_input) == ("baseline", "full")
        ]
        return min(given, key=lambda model: model.architecture != "paper")

    @property
    def systems(self) -> list[str]:
        return list(dict.fromkeys(model.card.system for model in self.models))
