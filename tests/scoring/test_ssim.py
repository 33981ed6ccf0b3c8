import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from crystalnet.crystallography.rotations import rotation_set
from crystalnet.errors import CrystalNetError
from crystalnet.scoring import ssim as module
from crystalnet.scoring.ssim import score_guesses

SETS = ["none", "array", "cube", "lattice"]
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-9}
FCC = 2.1 * (1 - np.eye(3))


def judge(truth, guess, index):
    """scikit-image's SSIM and PSNR for each row of an index map, in float64."""
    unit = np.ptp(truth)
    turned = [guess.ravel()[row].reshape(truth.shape) for row in index]
    return (
        [structural_similarity(truth, g, data_range=unit) for g in turned],
        [peak_signal_noise_ratio(truth, g, data_range=unit) for g in turned],
    )


def assert_equal_to_judge(truth, guesses, name, lattices, dtype, rows=slice(None)):
    truth, guesses = torch.tensor(truth, dtype=dtype), torch.tensor(guesses, dtype=dtype)
    scores = score_guesses(truth, guesses, name, torch.tensor(lattices))
    assert scores.ssim.dtype == scores.psnr.dtype == dtype
    for crystal, lattice in enumerate(lattices):
        index = rotation_set(name, truth.shape[-1], lattice)
        own = truth[crystal].double().numpy()
        for guess in range(guesses.shape[1]):
            expected = judge(own, guesses[crystal, guess].double().numpy(), index[rows])
            for ours, theirs in zip((scores.ssim, scores.psnr), expected, strict=True):
                found = ours[crystal, guess, : len(index)][rows].numpy()
                np.testing.assert_allclose(found, theirs, rtol=0, atol=TOLERANCE[dtype])


def several(dft, grid, formulas=("CuPd", "BaTe", "NaYS2", "VTe2")):
    """Truths, three guesses each (turned and scaled, noisy, shifted) and lattices."""
    found = [dft(formula, grid) for formula in formulas]
    truth = np.stack([density for density, _ in found])
    random = np.random.default_rng(7)
    turned = 0.9 * truth.swapaxes(1, 3)
    noisy = truth + 0.03 * np.ptp(truth) * random.normal(size=truth.shape)
    guesses = np.stack([turned, noisy, np.roll(truth, (2, 3), axis=(1, 3))], axis=1)
    return truth, guesses, np.stack([lattice for _, lattice in found])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", SETS)
def test_equal_to_scikit_image_in_every_rotation(dft, name, dtype):
    truth, guesses, lattices = several(dft, 12)
    assert_equal_to_judge(truth, guesses, name, lattices, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", SETS)
def test_equal_to_scikit_image_on_the_validation_grid(dft, name, dtype):
    truth, guesses, lattices = several(dft, 25, ("BaTe",))
    assert_equal_to_judge(truth, guesses, name, lattices, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_equal_to_scikit_image_on_the_whole_grid(dft, dtype):
    truth, guesses, lattices = several(dft, 50, ("NaYS2", "BaTe"))
    assert_equal_to_judge(truth[:1], guesses[:1, 2:], "lattice", lattices[:1], dtype)
    few = slice(1, 24, 8)
    assert_equal_to_judge(truth[1:], guesses[1:, :1], "array", lattices[1:], dtype, few)
    assert_equal_to_judge(truth[1:], guesses[1:, :1], "cube", lattices[1:], dtype, few)


@settings(max_examples=30, deadline=None)
@given(
    grid=st.integers(7, 10),
    seed=st.integers(0, 2**32 - 1),
    unit=st.floats(1e-3, 1e3),
    error=st.floats(1e-6, 3.0),
    name=st.sampled_from(SETS),
)
def test_equal_to_scikit_image_for_any_density(grid, seed, unit, error, name):
    random = np.random.default_rng(seed)
    truth = unit * random.random((1, grid, grid, grid))
    guesses = truth[:, None] + unit * error * random.normal(size=(1, 2, grid, grid, grid))
    assert_equal_to_judge(truth, guesses, name, FCC[None], torch.float64)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", SETS)
def test_a_perfect_guess_scores_exactly_one(dft, name, dtype):
    density, lattice = dft("VTe2", 12)
    truth = torch.tensor(density, dtype=dtype)[None]
    scores = score_guesses(truth, truth[:, None], name, torch.tensor(lattice)[None])
    assert scores.ssim[0, 0, 0] == 1
    assert scores.psnr[0, 0, 0] == torch.inf
    assert scores.ssim.max() <= 1


@pytest.mark.parametrize(("name", "lattice"), [("cube", 4.0 * np.eye(3)), ("lattice", FCC)])
@pytest.mark.parametrize("grid", [12, 13])
def test_a_crystal_in_its_own_symmetric_rotation_scores_exactly_one(name, lattice, grid):
    index = rotation_set(name, grid, lattice)
    # Any value for each orbit of voxels gives a density with the whole point group.
    orbit = index.min(axis=0)
    density = np.random.default_rng(3).random(grid**3)[orbit].reshape((grid,) * 3)
    truth = torch.tensor(density, dtype=torch.float32)[None]
    scores = score_guesses(truth, truth[:, None], name, torch.tensor(lattice)[None])
    assert scores.ssim.shape == (1, 1, 24)
    assert (scores.ssim == 1).all()
    assert (scores.psnr == torch.inf).all()


def test_real_symmetry_scores_one_about_the_origin_and_less_about_the_middle_of_the_box(dft):
    density, lattice = dft("CuPd", 50)
    truth = torch.tensor(density)[None]
    cell = torch.tensor(lattice)[None]
    best = {s: score_guesses(truth, truth[:, None], s, cell).ssim.flatten() for s in SETS}
    np.testing.assert_allclose(best["cube"], 1, rtol=0, atol=1e-9)
    np.testing.assert_allclose(best["lattice"], 1, rtol=0, atol=1e-9)
    # The three turns about [111] keep the corner voxel in its place; the rest shift by one.
    shifted = best["array"].sort().values[:-3]
    assert shifted.min() > 0.97
    assert shifted.max() < 0.995


def test_an_fcc_cell_has_its_symmetry_in_the_lattice_rotations_alone(dft):
    density, lattice = dft("BaTe", 25)
    truth, cell = torch.tensor(density)[None], torch.tensor(lattice)[None]
    found = {s: score_guesses(truth, truth[:, None], s, cell).ssim for s in ("cube", "lattice")}
    assert (found["lattice"] > 1 - 1e-6).sum() == 24
    assert (found["cube"] > 1 - 1e-6).sum() == 6
    assert found["cube"].min() < 0.6


def test_crystals_of_different_lattices_score_as_they_do_alone(dft):
    truth, guesses, lattices = (torch.tensor(a) for a in several(dft, 12))
    together = score_guesses(truth, guesses, "lattice", lattices)
    assert together.ssim.shape == (4, 3, 24)
    for crystal, count in enumerate([24, 24, 6, 12]):
        one = slice(crystal, crystal + 1)
        alone = score_guesses(truth[one], guesses[one], "lattice", lattices[one])
        for name in ("ssim", "psnr"):
            own, joint = getattr(alone, name), getattr(together, name)[one]
            assert own.shape[2] == count
            torch.testing.assert_close(joint[..., :count], own, rtol=0, atol=1e-12)
            assert (joint[..., count:] == -torch.inf).all()


@pytest.mark.parametrize("voxels", [1, 12**3 * 5, 10**9])
@pytest.mark.parametrize("name", SETS)
def test_the_size_of_the_steps_does_not_change_the_scores(dft, monkeypatch, name, voxels):
    truth, guesses, lattices = (torch.tensor(a) for a in several(dft, 12))
    before = score_guesses(truth, guesses, name, lattices)
    monkeypatch.setattr(module, "_CPU_VOXELS", voxels)
    after = score_guesses(truth, guesses, name, lattices)
    torch.testing.assert_close(after.ssim, before.ssim, rtol=0, atol=1e-13)
    torch.testing.assert_close(after.psnr, before.psnr, rtol=0, atol=1e-11)


def test_half_precision_is_scored_in_float32(dft):
    truth, guesses, _ = (torch.tensor(a).half() for a in several(dft, 12))
    half = score_guesses(truth, guesses, "array")
    single = score_guesses(truth.float(), guesses.float(), "array")
    assert half.ssim.dtype == torch.float32
    torch.testing.assert_close(half.ssim, single.ssim, rtol=0, atol=0)


def test_a_broken_guess_shows_in_its_score(dft):
    truth, guesses, _ = (torch.tensor(a) for a in several(dft, 12))
    guesses[1, 0, 3, 4, 5] = torch.nan
    scores = score_guesses(truth, guesses, "cube")
    assert scores.ssim[1, 0].isnan().all()
    assert scores.psnr[1, 0].isnan().all()
    assert scores.ssim[[0, 2, 3]].isfinite().all()


@pytest.mark.parametrize("value", [0.25, float("nan"), float("inf")])
def test_a_truth_without_a_range_is_refused_by_name(value):
    truth = torch.rand(2, 8, 8, 8)
    truth[1] = value
    with pytest.raises(CrystalNetError, match=r"mp-7: the true density runs from"):
        score_guesses(truth, truth[:, None], "none", names=["mp-5", "mp-7"])
    with pytest.raises(CrystalNetError, match="crystal 1 of the batch"):
        score_guesses(truth, truth[:, None], "none")


def test_a_grid_smaller_than_the_window_is_refused():
    truth = torch.rand(1, 6, 6, 6)
    with pytest.raises(CrystalNetError, match="at least 7 points"):
        score_guesses(truth, truth[:, None], "array")


def test_lattice_rotations_need_lattices():
    truth = torch.rand(1, 8, 8, 8)
    with pytest.raises(CrystalNetError, match="needs the lattice"):
        score_guesses(truth, truth[:, None], "lattice")
