"""Weights files of modes networks."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from crystalnet.errors import CrystalNetError
from crystalnet.network.modes.notes import change_notes
from crystalnet.network.modes.weights import load_modes, read_modes_header, save_modes
from tests.network.modes.test_network import inputs, network

NOTES = {"composition_input": "baseline", "system": "cubic"}


@pytest.mark.parametrize(
    ("dtype", "within"), [(torch.float32, 1e-6), (torch.float16, 2e-2), (torch.int8, 6e-2)]
)
def test_a_network_comes_back_as_it_was(tmp_path: Path, dtype: torch.dtype, within: float) -> None:
    model = network()
    save_modes(tmp_path / "weights", model, NOTES, dtype)
    again = load_modes(tmp_path / "weights")
    patterns, formulas = inputs(2)
    wanted = model.predict(patterns, formulas, 9, 3)
    made = again.predict(patterns, formulas, 9, 3)
    assert (made - wanted).abs().max() < within * wanted.abs().max()


def test_a_composition_that_contradicts_the_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="with_formula=False"):
        save_modes(tmp_path / "weights", network(with_formula=False), NOTES)
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    with pytest.raises(CrystalNetError, match="no such weights file"):
        load_modes(path)
    save_modes(path, network(), NOTES)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CrystalNetError, match="no whole safetensors file"):
        load_modes(path)
    path.write_bytes(whole)
    tensors = load_file(path)
    save_file(tensors, path)
    with pytest.raises(CrystalNetError, match="not of a CrystalNet"):
        load_modes(path)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        model.head.bias[0] = torch.nan
    save_modes(tmp_path / "weights", model, NOTES)
    with pytest.raises(CrystalNetError, match=r"head\.bias holds NaN"):
        load_modes(tmp_path / "weights")


def test_notes_are_changed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    save_modes(path, network(), NOTES, torch.int8)
    before = load_file(path)
    change_notes(path, {"ranking": "{}"})
    assert read_modes_header(path).notes == {"system": "cubic", "ranking": "{}"}
    after = load_file(path)
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
