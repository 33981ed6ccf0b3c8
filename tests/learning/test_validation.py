"""The score that chooses the checkpoint."""

from collections.abc import Callable

import pytest
import torch

from crystalnet.learning.validation import ValidationSet, validation_ssim
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.settings import NetworkSettings, Precision
from crystalnet.tensors import CrystalTensors

Make = Callable[[int, int], CrystalTensors]


def test_truth_is_every_second_voxel_of_50(crystals: Make) -> None:
    few = crystals(1, 1)
    fine = CrystalTensors(
        few.material_ids, few.patterns, few.formulas, torch.rand(1, 50, 50, 50), few.lattices
    )
    scored = ValidationSet.of(fine, 25, with_formula=True)
    assert torch.equal(scored.truth, fine.densities[:, ::2, ::2, ::2])
    torch.testing.assert_close(scored.axis, torch.arange(25) / 25 - 0.5)
    assert ValidationSet.of(fine, 25, with_formula=False).formulas is None


def test_axis_is_where_the_voxels_are(crystals: Make) -> None:
    scored = ValidationSet.of(crystals(2, 1), 8, with_formula=True)
    voxels = [0, 1, 2, 3, 5, 6, 7, 8]
    torch.testing.assert_close(scored.axis, torch.tensor(voxels) / 10 - 0.5)
    assert torch.equal(scored.truth, crystals(2, 1).densities[:, voxels][:, :, voxels][..., voxels])


class Oracle(CrystalNet):
    """Knows the truth, turned, as the second of its guesses."""

    truth: torch.Tensor
    seen = 0

    def predict_on_axis(self, patterns, formulas, axis, guesses, generator):  # type: ignore
        part = self.truth[self.seen : self.seen + len(patterns)]
        self.seen += len(patterns)
        turned = part.rot90(1, (1, 2))
        return torch.stack([torch.zeros_like(part), turned], dim=1)


def test_best_guess_and_rotation_count(
    crystals: Make, tiny_network: NetworkSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crystalnet.learning.validation._CRYSTALS_AT_ONCE", 2)
    scored = ValidationSet.of(crystals(5, 1), 10, with_formula=True)
    oracle = Oracle(tiny_network, 32, True)
    oracle.truth = scored.truth
    assert validation_ssim(oracle, scored, 2, 0, 1, "float32") == pytest.approx(1.0, abs=1e-5)
    # One crystal in five misread: the mean falls by a fifth of what it loses.
    oracle.truth, oracle.seen = scored.truth.clone(), 0
    oracle.truth[3] = 0
    assert 0.79 < validation_ssim(oracle, scored, 2, 0, 1, "float32") < 0.99


class Witness(Oracle):
    """Remembers what it was told."""

    told: list[tuple[torch.Tensor, torch.Tensor | None, bool]]

    def predict_on_axis(self, patterns, formulas, axis, guesses, generator):  # type: ignore
        self.told.append((patterns, formulas, torch.is_autocast_enabled("cpu")))
        return super().predict_on_axis(patterns, formulas, axis, guesses, generator)


@pytest.mark.parametrize("with_formula", [True, False])
def test_each_part_is_told_its_own_patterns_and_formulas(
    crystals: Make,
    tiny_network: NetworkSettings,
    monkeypatch: pytest.MonkeyPatch,
    with_formula: bool,
) -> None:
    monkeypatch.setattr("crystalnet.learning.validation._CRYSTALS_AT_ONCE", 2)
    few = crystals(5, 1)
    scored = ValidationSet.of(few, 10, with_formula=with_formula)
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    for precision in precisions:
        model = Witness(tiny_network, 32, with_formula)
        model.truth, model.told = scored.truth, []
        validation_ssim(model, scored, 2, 0, 1, precision)
        assert torch.equal(torch.cat([told[0] for told in model.told]), few.patterns)
        formulas = [told[1] for told in model.told]
        if with_formula:
            assert torch.equal(torch.cat([f for f in formulas if f is not None]), few.formulas)
        else:
            assert formulas == [None] * 3
        assert [told[2] for told in model.told] == [precision == "bfloat16"] * 3
