"""Training of a tiny modes network, and the flaws of its patterns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.learning.modes.flaws import flawed
from crystalnet.learning.modes.samples import Samples
from crystalnet.learning.modes.training import Epoch, train_modes
from crystalnet.network.modes.features import scale_free_pattern
from crystalnet.network.modes.network import ModesNet
from crystalnet.settings_modes import FlawSettings, ModesSettings, ModesTraining
from tests.network.modes.test_density_modes import fitted, ranges, smooth_densities, spectra_of

FLAWS = FlawSettings(
    share=0.5,
    hidden=0.5,
    cut=0.5,
    shortest=0.5,
    foreign=0.5,
    foreign_height=0.1,
    intensity_error=0.1,
    faintest=0.01,
)
TRAINING = ModesTraining(
    epochs=40,
    batch_size=4,
    learning_rate=5e-3,
    weight_decay=0.0,
    smoothing=0.9,
    points=64,
    precision="float32",
    validation_every=20,
    flaws=FLAWS.model_copy(update={"share": 0.0}),
)
PEAKS = (np.linspace(0.2, 1.2, 30), np.linspace(100.0, 10.0, 30))


def samples() -> tuple[ModesNet, Samples]:
    """Twelve crystals, each with a pattern of its own."""
    densities = smooth_densities(12, 9, 2)
    modes = fitted(12, 9, 2, count=5)
    spectra, size = spectra_of(densities, 2), ranges(densities)
    rng = np.random.default_rng(5)
    peaks = [(np.sort(rng.uniform(0.2, 1.2, 8)), rng.uniform(1, 100, 8)) for _ in range(12)]
    formulas = torch.zeros(12, 119)
    formulas[:, 8] = 1
    torch.manual_seed(0)
    settings = ModesSettings(width=32, blocks=1, latents=2, latent_width=6, dropout=0.0)
    network = ModesNet(settings, modes, with_formula=True)
    return network, Samples.of(peaks, formulas, modes.coefficients(spectra, size), size, dft=False)


def test_a_training_learns_its_crystals_the_same_way_each_time() -> None:
    curves: list[list[Epoch]] = []
    for _ in range(2):
        network, seen = samples()
        curve: list[Epoch] = []
        train_modes(
            network,
            seen,
            TRAINING,
            1,
            lambda _: {"iam": 0.5, "dft": 0.25},
            lambda row, _, c=curve: c.append(row),
        )
        curves.append(curve)
    first, second = curves
    assert [row.loss for row in first] == [row.loss for row in second]
    assert first[-1].loss < 0.5 * first[0].loss
    assert [row.epoch for row in first if row.validation] == [20, 40]


def test_what_is_not_told_is_not_seen() -> None:
    _, seen = samples()
    rng = np.random.default_rng(3)
    assert seen.told("baseline", lambda _: rng) is seen
    blind = seen.told("no_pattern", lambda _: rng)
    batch = blind.batch(np.arange(6), FLAWS.model_copy(update={"share": 1.0}), rng)
    assert not batch.patterns.any()
    assert torch.equal(batch.formulas, seen.formulas[:6])
    assert len(Samples.joined([blind, blind])) == 2 * len(seen) == 24
    halves = torch.zeros(12, 119)
    halves[:, [8, 12]] = 0.5
    two = replace(seen, formulas=halves)
    assert not two.told("no_formula", lambda _: rng).formulas.any()
    assert torch.equal(two.told("no_ratios", lambda _: rng).formulas, 2 * halves)
    dropped = two.told("drop_element", np.random.default_rng).formulas
    assert dropped.sum(dim=1).tolist() == [1.0] * 12
    # Drawn for each crystal, from its own numbers.
    assert len(dropped.unique(dim=0)) == 2
    assert torch.equal(dropped, two.told("drop_element", np.random.default_rng).formulas)


def test_a_training_that_runs_away_is_stopped() -> None:
    network, seen = samples()
    wild = TRAINING.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(CrystalNetError, match="lower the learning rate"):
        train_modes(network, seen, wild, 1, lambda _: (0.0, 0.0), lambda row, _: None)


def test_joined_samples_keep_their_kinds() -> None:
    _, seen = samples()
    assert len(Samples.joined([seen, seen])) == 24


def test_flaws_are_those_that_are_asked_for() -> None:
    rng = np.random.default_rng(0)
    none = FLAWS.model_copy(
        update={"hidden": 0.0, "cut": 0.0, "foreign": 0.0, "intensity_error": 0.0, "faintest": 0.0}
    )
    q, intensity = flawed(PEAKS, none, rng)
    np.testing.assert_array_equal(q, PEAKS[0])
    np.testing.assert_array_equal(intensity, PEAKS[1])
    q, _ = flawed(PEAKS, none.model_copy(update={"hidden": 1.0}), rng)
    np.testing.assert_array_equal(q, PEAKS[0][1:])
    q, _ = flawed(PEAKS, none.model_copy(update={"cut": 1.0}), rng)
    assert 0.5 * PEAKS[0][-1] <= q[-1] < PEAKS[0][-1]
    q, intensity = flawed(PEAKS, none.model_copy(update={"foreign": 1.0}), rng)
    assert 1 <= len(q) - 30 <= 2
    assert intensity[~np.isin(q, PEAKS[0])].max() <= 10.0
    # What is left can always be read.
    for _ in range(50):
        scale_free_pattern(*flawed(PEAKS, FLAWS, rng))
