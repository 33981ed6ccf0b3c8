import numpy as np
import pytest
import torch

from crystalnet.crystallography.rotations import rotation_set
from crystalnet.scoring.protocol import COMPARISONS, as_released, score_crystals
from crystalnet.scoring.ssim import score_guesses

IDS = ["mp-1018029", "mp-10226"]


@pytest.fixture(scope="module")
def crystals(dft):
    """Truths, guesses and lattices of a cubic and a rhombohedral crystal at 12^3."""
    found = [dft(formula, 12) for formula in ("CuPd", "NaYS2")]
    truth = torch.tensor(np.stack([density for density, _ in found])).float()
    noise = torch.randn(2, 3, 12, 12, 12, generator=torch.Generator().manual_seed(4))
    # Each guess is noisier than the one before it.
    guesses = truth[:, None] + noise * torch.tensor([0.02, 0.1, 0.5])[:, None, None, None]
    return truth, guesses, torch.tensor(np.stack([lattice for _, lattice in found]))


def test_each_column_is_what_its_name_says(crystals):
    truth, guesses, lattices = crystals
    columns = score_crystals(truth, guesses, lattices, IDS)
    for name in COMPARISONS:
        rotations = "array" if name == "released" else name
        # On a grid of 12 points the released code misses no plane.
        scores = score_guesses(truth, guesses, rotations, lattices)
        for kind, each in (("ssim", scores.ssim), ("psnr", scores.psnr)):
            best = each.double().numpy().max(axis=2)
            np.testing.assert_allclose(columns[f"{kind}_{name}"], best.max(axis=1))
            np.testing.assert_allclose(columns[f"{kind}_first_{name}"], best[:, 0])
            np.testing.assert_allclose(columns[f"{kind}_mean_{name}"], best.mean(axis=1), 1e-6)
            np.testing.assert_allclose(columns[f"{kind}_spread_{name}"], best.std(axis=1), 1e-5)
    assert all(values.shape == (2,) and values.dtype == np.float64 for values in columns.values())
    assert not [name for name in columns if "chosen" in name]
    assert len(columns) == 5 * 4 * 2 + 4


def test_rotations_and_guesses_can_only_help(crystals):
    columns = score_crystals(*crystals, IDS)
    for kind in ("ssim", "psnr"):
        for name in ("array", "cube", "lattice"):
            assert (columns[f"{kind}_{name}"] >= columns[f"{kind}_none"]).all()
        assert (columns[f"{kind}_lattice"] >= columns[f"{kind}_first_lattice"]).all()
        assert (columns[f"{kind}_lattice"] >= columns[f"{kind}_mean_lattice"]).all()


def test_a_chosen_guess_is_scored_without_the_others(crystals):
    truth, guesses, lattices = crystals
    picked = torch.tensor([2, 1])
    columns = score_crystals(truth, guesses, lattices, IDS, chosen=picked)
    alone = score_crystals(truth, guesses[[0, 1], picked][:, None], lattices, IDS)
    for name in COMPARISONS:
        for kind in ("ssim", "psnr"):
            expected = alone[f"{kind}_{name}"]
            np.testing.assert_allclose(columns[f"{kind}_chosen_{name}"], expected, rtol=1e-6)


def test_a_turned_guess_agrees_voxel_by_voxel_once_it_is_turned_back(dft):
    density, lattice = dft("BaTe", 25)
    density = np.roll(density, (3, 5, 2), axis=(0, 1, 2))
    index = rotation_set("lattice", 25, lattice)[10]
    turned = torch.tensor(density.ravel()[index].reshape(density.shape))[None, None]
    truth, cell = torch.tensor(density)[None], torch.tensor(lattice)[None]
    columns = score_crystals(truth, turned, cell, ["mp-1000"])
    assert columns["ssim_lattice"][0] == 1
    assert columns["ssim_none"][0] < 0.9
    assert columns["nmae_percent"][0] == 0
    assert columns["map_correlation"][0] == pytest.approx(1)
    assert columns["electron_error_percent"][0] == pytest.approx(0, abs=1e-9)
    assert columns["psnr_lattice"][0] == np.inf


def test_further_scores_look_at_the_first_guess_alone(crystals):
    truth, guesses, lattices = crystals
    columns = score_crystals(truth, guesses, lattices, IDS)
    first = score_crystals(truth, guesses[:, :1], lattices, IDS)
    for name in ("nmae_percent", "map_correlation", "electron_error_percent"):
        np.testing.assert_array_equal(columns[name], first[name])
    assert (first["ssim_spread_lattice"] == 0).all()
    assert (columns["negative_mass_percent"] >= 0).all()


def test_the_released_grid_misses_one_plane_per_axis_of_fifty():
    density = torch.ones(2, 50, 50, 50)
    kept = as_released(density)
    assert (kept == 0).sum() == 2 * (50**3 - 49**3)
    assert not kept[:, 29].any()
    assert not kept[..., 29].any()
    # The share that was counted on the released code's own grids.
    assert 1 - kept.mean().item() == pytest.approx(0.059, abs=5e-4)
    assert torch.equal(as_released(density[:, ::2, ::2, ::2]), density[:, ::2, ::2, ::2])


def test_scores_as_released_are_those_of_the_emptied_grids(dft):
    density, lattice = dft("CuPd", 50)
    truth, cell = torch.tensor(density)[None].float(), torch.tensor(lattice)[None]
    guesses = (truth * 1.02)[:, None]
    columns = score_crystals(truth, guesses, cell, IDS[:1])
    scores = score_guesses(as_released(truth), as_released(guesses), "array")
    assert columns["ssim_released"] == pytest.approx(float(scores.ssim.max()))
    assert columns["ssim_released"] != columns["ssim_array"]
