"""The networks of `crystalnet solve`: found by name, checked by checksum."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.networks.models import WEIGHTS, SolveModel, composition_vector, load_models


def test_the_models_that_come_along_are_whole() -> None:
    models = load_models()
    assert [model.system for model in models] == ["cubic", "trigonal"]
    for model in models:
        assert model.card.pattern_input == "realistic"
        assert model.card.parameters == model.network.parameter_count
        assert not model.network.training
        assert model.card.pattern == model.patterns


def test_guesses_follow_their_seed() -> None:
    model = load_models(["cubic"])[0]
    pattern = np.zeros(model.network.pattern_bins)
    pattern[[100, 120, 180]] = 1.0, 0.5, 0.3
    known = KnownComposition.from_formula("NaCl")
    one, again, other = (model.guess(pattern, known, 2, 10, seed) for seed in (1, 1, 2))
    assert one.shape == (2, 10, 10, 10)
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)
    assert not np.allclose(one[0], one[1])


def test_compositions_are_told_as_in_training() -> None:
    whole = composition_vector(KnownComposition.from_formula("Gd2Hf2O7"))
    assert whole.sum() == pytest.approx(1)
    assert whole[8] == pytest.approx(7 / 11)
    assert set(composition_vector(KnownComposition.from_elements(["Si", "O"]))) == {0.0, 1.0}
    assert not composition_vector(KnownComposition((), complete=False)).any()


def test_weights_that_are_missing_damaged_or_others_are_said(tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="no solve model of the system 'hexagonal'"):
        load_models(["hexagonal"])
    with pytest.raises(CrystalNetError, match="make solve-models"):
        load_models(folder=tmp_path)
    with pytest.raises(CrystalNetError, match="no such weights"):
        SolveModel.load(tmp_path / "cubic.safetensors")
    for name in ("cubic.safetensors", "cubic.yaml"):
        shutil.copyfile(WEIGHTS / name, tmp_path / name)
    weights = tmp_path / "cubic.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(CrystalNetError, match="its SHA-256 is"):
        load_models(folder=tmp_path)
    (tmp_path / "cubic.yaml").unlink()
    with pytest.raises(CrystalNetError, match="model card"):
        load_models(folder=tmp_path)


def test_a_card_of_other_patterns_is_refused(tmp_path: Path) -> None:
    for name in ("cubic.safetensors", "cubic.yaml"):
        shutil.copyfile(WEIGHTS / name, tmp_path / name)
    card = tmp_path / "cubic.yaml"
    card.write_text(card.read_text().replace("wavelength: 0.71073", "wavelength: 1.5406"))
    with pytest.raises(CrystalNetError, match=r"its card says 1024 bins of .* at 1\.54"):
        load_models(folder=tmp_path)
