import numpy as np
import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.scoring.evaluate import evaluate, every_nth_voxel
from crystalnet.scoring.protocol import score_crystals
from crystalnet.settings import EvaluationSettings
from crystalnet.tensors import CrystalTensors

SETTINGS = EvaluationSettings(grid=8, guesses=3, rotations="array", precision="float32")


@pytest.fixture(scope="module")
def tensors():
    """Nineteen made-up crystals, more than one batch, on a 16^3 grid."""
    generator = torch.Generator().manual_seed(1)
    return CrystalTensors(
        [f"mp-{i}" for i in range(19)],
        torch.eye(19, 24),
        torch.rand(19, 119, generator=generator),
        torch.rand(19, 16, 16, 16, generator=generator).half(),
        torch.eye(3).repeat(19, 1, 1) * torch.tensor([3.0, 4.0, 5.0]),
    )


class Noisy:
    """Guesses the truth, which it finds by its pattern, with some noise added."""

    def __init__(self, tensors, noise):
        self.truth, self.noise = tensors.densities.float(), noise

    def predict(self, patterns, formulas, grid, guesses, generator):
        truth = every_nth_voxel(self.truth[patterns.argmax(dim=1)], grid)[:, None]
        shape = (len(patterns), guesses, grid, grid, grid)
        return truth + self.noise * torch.randn(shape, generator=generator)


def test_a_perfect_model_scores_one_in_every_set(tensors):
    columns = evaluate(Noisy(tensors, 0.0), tensors, SETTINGS, 1, "cpu")
    for name in ("none", "array", "cube", "lattice"):
        assert (columns[f"ssim_{name}"] == 1).all()
    assert (columns["nmae_percent"] == 0).all()


def test_crystals_keep_their_order_over_batches(tensors):
    columns = evaluate(Noisy(tensors, 0.05), tensors, SETTINGS, 1, "cpu")
    assert all(values.shape == (19,) for values in columns.values())
    truth = tensors.densities[:, ::2, ::2, ::2].float()
    swapped = Noisy(tensors, 0.0)
    swapped.truth = swapped.truth.roll(1, dims=0)
    found = evaluate(swapped, tensors, SETTINGS, 1, "cpu")
    expected = score_crystals(
        truth, truth.roll(1, dims=0)[:, None], tensors.lattices, tensors.material_ids
    )
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-6)


def test_the_seed_decides_the_guesses(tensors):
    model = Noisy(tensors, 0.05)
    first, again, other = (evaluate(model, tensors, SETTINGS, s, "cpu") for s in (1, 1, 2))
    np.testing.assert_array_equal(first["ssim_cube"], again["ssim_cube"])
    assert (first["ssim_cube"] != other["ssim_cube"]).all()


def test_progress_is_told_after_each_batch(tensors):
    told = []
    evaluate(
        Noisy(tensors, 0.1), tensors, SETTINGS, 1, "cpu", lambda done, all: told.append((done, all))
    )
    assert told == [(16, 19), (19, 19)]


def test_a_ranking_chooses_without_the_truth(tensors):
    def last(patterns, formulas, guesses):
        assert (len(patterns), len(formulas)) == (len(guesses),) * 2
        return torch.full((len(guesses),), guesses.shape[1] - 1)

    columns = evaluate(Noisy(tensors, 0.05), tensors, SETTINGS, 1, "cpu", rank=last)
    assert (columns["ssim_chosen_cube"] <= columns["ssim_cube"]).all()
    assert (columns["ssim_chosen_none"] != columns["ssim_first_none"]).all()


def test_a_grid_that_does_not_divide_is_refused(tensors):
    with pytest.raises(CrystalNetError, match=r"grid of 9; choose one of \[8, 16\]"):
        evaluate(Noisy(tensors, 0.0), tensors, SETTINGS.model_copy(update={"grid": 9}), 1, "cpu")


def test_a_guess_with_nan_is_refused_by_name(tensors):
    model = Noisy(tensors, 0.0)
    model.truth = model.truth.clone()
    model.truth[4, 0, 0, 0] = torch.nan
    with pytest.raises(CrystalNetError, match=r"^mp-4: the guessed density"):
        evaluate(model, tensors, SETTINGS, 1, "cpu")


def test_every_nth_voxel_keeps_the_origin():
    density = torch.arange(8 * 14**3).reshape(8, 14, 14, 14).float()
    found = every_nth_voxel(density, 7)
    torch.testing.assert_close(found, density[:, ::2, ::2, ::2], rtol=0, atol=0)
    torch.testing.assert_close(every_nth_voxel(density, 14), density, rtol=0, atol=0)


def test_one_crystal_is_enough(tensors):
    columns = evaluate(Noisy(tensors, 0.0), tensors.subset(torch.tensor([4])), SETTINGS, 1, "cpu")
    assert columns["ssim_cube"].shape == (1,)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_guesses_are_made_in_the_precision_asked_for(tensors, precision):
    seen = []

    class Witness(Noisy):
        def predict(self, *arguments):
            seen.append(torch.is_autocast_enabled("cpu"))
            return super().predict(*arguments)

    settings = SETTINGS.model_copy(update={"precision": precision})
    evaluate(Witness(tensors, 0.0), tensors, settings, 1, "cpu")
    assert seen == [precision == "bfloat16"] * 2
