"""Weights files."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from crystalnet.errors import CrystalNetError
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.weights import load_model, read_header, save_weights
from crystalnet.settings import NetworkSettings, PatternSpec

SPEC = PatternSpec(wavelength=0.71073, two_theta_min=0.0, two_theta_max=180.0, bins=32)


@pytest.fixture
def model(tiny_network: NetworkSettings) -> CrystalNet:
    torch.manual_seed(0)
    model = CrystalNet(tiny_network, 32, True)
    model(torch.rand(3, 32), torch.rand(3, 119), torch.rand(3, 4, 3), torch.randn(3, 16))
    return model.eval()


def guess(model: CrystalNet) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    patterns, formulas = torch.full((1, 32), 0.5), torch.full((1, 119), 0.1)
    return model.predict(patterns, formulas if model.with_formula else None, 4, 1, generator)


def test_round_trip(model: CrystalNet, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, SPEC, {"composition_input": "no_ratios", "data": "made up"})
    loaded = load_model(path, SPEC)
    assert not loaded.training
    assert torch.equal(guess(loaded), guess(model))
    assert loaded.state_dict().keys() == model.state_dict().keys()
    header = read_header(path)
    assert header.network == model.settings
    assert (header.pattern, header.with_formula) == (SPEC, True)
    assert header.composition_input == "no_ratios"
    assert header.notes == {"data": "made up"}
    assert [p.name for p in tmp_path.iterdir()] == ["weights.safetensors"]


def test_bfloat16_halves_parameters_and_keeps_buffers(model: CrystalNet, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, SPEC, {"composition_input": "baseline"}, dtype=torch.bfloat16)
    stored = load_file(path)
    assert {stored[name].dtype for name, _ in model.named_parameters()} == {torch.bfloat16}
    assert torch.equal(stored["position.frequencies"], model.position.frequencies)
    loaded = load_model(path, SPEC)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    torch.testing.assert_close(guess(loaded), guess(model), rtol=0.1, atol=0.02)


def test_without_a_formula(tiny_network: NetworkSettings, tmp_path: Path) -> None:
    model = CrystalNet(tiny_network, 32, False).eval()
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, SPEC, {"composition_input": "no_formula"})
    assert torch.equal(guess(load_model(path, SPEC)), guess(model))


def test_composition_input_must_fit_the_network(model: CrystalNet, tmp_path: Path) -> None:
    for metadata in ({}, {"composition_input": "no_formula"}, {"composition_input": "other"}):
        with pytest.raises(ValueError, match="composition_input"):
            save_weights(tmp_path / "weights.safetensors", model, SPEC, metadata)
    assert list(tmp_path.iterdir()) == []


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match=r"none\.safetensors: no such weights file"):
        load_model(tmp_path / "none.safetensors", SPEC)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_file(model: CrystalNet, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, SPEC, {"composition_input": "baseline"})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CrystalNetError, match=r"weights\.safetensors: no whole safetensors"):
        load_model(path, SPEC)


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_text("not at all " * 20)
    with pytest.raises(CrystalNetError, match="no whole safetensors"):
        load_model(path, SPEC)
    save_file({"x": torch.zeros(3)}, path)
    with pytest.raises(CrystalNetError, match="not of a CrystalNet"):
        load_model(path, SPEC)
    save_file({"x": torch.zeros(3)}, path, metadata={"crystalnet": '{"network": 3}'})
    with pytest.raises(CrystalNetError, match="does not describe a CrystalNet: network: "):
        load_model(path, SPEC)


def test_weights_that_do_not_fit_their_header(model: CrystalNet, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, SPEC, {"composition_input": "baseline"})
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    changed = json.loads(metadata["crystalnet"])
    changed["network"]["width"] = 10
    save_file(tensors, path, metadata={"crystalnet": json.dumps(changed)})
    with pytest.raises(CrystalNetError, match=r"is \(16,\), but its header asks for \(20,\)"):
        load_model(path, SPEC)

    missing = {name: t for name, t in tensors.items() if name != "regressor.output.bias"}
    save_file(missing, path, metadata=metadata)
    with pytest.raises(CrystalNetError, match=r"regressor\.output\.bias is nothing"):
        load_model(path, SPEC)

    tensors["regressor.output.bias"] = torch.tensor([torch.nan])
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(CrystalNetError, match=r"regressor\.output\.bias holds NaN"):
        load_model(path, SPEC)


@pytest.mark.parametrize("other", [{"wavelength": 1.5406}, {"two_theta_max": 90.0}, {"bins": 64}])
def test_patterns_that_are_binned_otherwise(
    model: CrystalNet, tmp_path: Path, other: dict[str, float]
) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, SPEC, {"composition_input": "baseline"})
    here = PatternSpec.model_validate({**SPEC.model_dump(), **other})
    with pytest.raises(CrystalNetError, match="trained on patterns of 32 bins"):
        load_model(path, here)
    assert load_model(path, None).pattern_bins == 32


def test_a_network_is_not_saved_for_other_bins(model: CrystalNet, tmp_path: Path) -> None:
    wrong = PatternSpec.model_validate({**SPEC.model_dump(), "bins": 64})
    with pytest.raises(ValueError, match="takes 32 bins"):
        save_weights(tmp_path / "w.safetensors", model, wrong, {"composition_input": "baseline"})
    assert not list(tmp_path.iterdir())
