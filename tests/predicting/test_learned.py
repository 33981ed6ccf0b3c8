"""The networks that come with the project."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import iam_density
from crystalnet.crystallography.setting import canonical_setting
from crystalnet.errors import CrystalNetError
from crystalnet.network.modes.weights import read_modes_header
from crystalnet.predicting.learned import WEIGHTS, LearnedModel, predict_densities
from crystalnet.predicting.ranking import FEATURES
from crystalnet.retrieval.known import load_known
from crystalnet.scoring.ssim import score_guesses
from pipeline.sources import structures_file
from pipeline.store import LEARNED_SYSTEMS


def rock_salt(a: float, first: int, second: int) -> Crystal:
    lattice = a / 2 * (np.ones((3, 3)) - np.eye(3))
    return Crystal("made up", lattice, np.array([first, second]), np.array([[0.0] * 3, [0.5] * 3]))


def test_a_rock_salt_is_found_from_its_lines() -> None:
    # A lattice constant that no compound of these elements has.
    crystal = rock_salt(5.37, 56, 7)
    pattern = powder_pattern(crystal, two_theta_range=(0.0, 55.0))
    made = predict_densities(
        1 / pattern.d_spacing, pattern.intensity, {56: 1, 7: 1}, "cubic", kind="iam", grid=32
    )
    assert 1 <= len(made) <= 5
    likely = [each.likely_ssim for each in made]
    assert likely == sorted(likely, reverse=True)
    known = load_known(WEIGHTS / "cubic.npz")
    setting = canonical_setting(crystal, known.gaussians.valence)
    truth = iam_density([setting.crystal], 32, known.gaussians)
    ssim = score_guesses(truth, made[0].guess.density[None, None], "none").ssim
    assert ssim.item() > 0.9


def test_a_known_structure_with_other_elements_is_in_its_canonical_setting() -> None:
    """Two perovskites of the same lines but for heights, in either of which an atom is at 0."""
    places = np.array([[0, 0, 0], [0.5] * 3, [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    known = load_known(WEIGHTS / "cubic.npz")
    for corner, centre in ((81, 12), (11, 82)):
        numbers = np.array([corner, centre, 9, 9, 9])
        crystal = Crystal("made up", 4.37 * np.eye(3), numbers, places)
        pattern = powder_pattern(crystal, two_theta_range=(0.0, 55.0))
        made = predict_densities(
            1 / pattern.d_spacing,
            pattern.intensity,
            {corner: 1, centre: 1, 9: 3},
            "cubic",
            kind="iam",
            grid=24,
        )
        setting = canonical_setting(crystal, known.gaussians.valence)
        truth = iam_density([setting.crystal], 24, known.gaussians)
        agreeing = [each.guess for each in made if each.guess.agreement > 0.9999]
        assert agreeing
        for guess in agreeing:
            ssim = score_guesses(truth, guess.density[None, None], "none").ssim
            assert ssim.item() > 0.95


def test_a_known_lattice_is_the_only_one_that_structures_are_put_into() -> None:
    crystal = rock_salt(5.37, 56, 7)
    pattern = powder_pattern(crystal, two_theta_range=(0.0, 55.0))
    for given in (crystal.lattice, 2 * crystal.lattice):
        made = predict_densities(
            1 / pattern.d_spacing,
            pattern.intensity,
            {56: 1, 7: 1},
            "cubic",
            grid=24,
            lattice=given,
        )
        volumes = [e.guess.crystal.volume for e in made if e.guess.crystal is not None]
        # A centred cell of the same edges holds half or a quarter of the primitive one.
        edge = abs(np.linalg.det(given)) * 4
        assert all(min(abs(edge / v - n) for n in (1, 2, 4)) < 1e-3 for v in volumes)


@pytest.mark.parametrize("system", LEARNED_SYSTEMS)
def test_the_files_belong_together_and_are_small(system: str) -> None:
    model = LearnedModel.load(system, kinds=set())
    assert model.card.name == f"{system}-learned"
    assert model.card.settings.network == model.guesser.network.settings
    assert set(model.ranking.weights) == set(FEATURES)
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 26e6


def test_an_unknown_name_and_another_library_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="'amorphous': no learned model"):
        LearnedModel.load("amorphous")
    for path in WEIGHTS.glob("cubic.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "cubic.npz").write_bytes((WEIGHTS / "trigonal.npz").read_bytes())
    with pytest.raises(CrystalNetError, match=r"cubic\.npz: its SHA-256"):
        LearnedModel.load("cubic", folder=tmp_path)


def test_a_network_of_free_atoms_alone_says_so() -> None:
    q, intensity = np.array([0.3, 0.4, 0.5]), np.array([1.0, 2.0, 3.0])
    with pytest.raises(CrystalNetError, match=r"no DFT density of hexagonal crystals"):
        predict_densities(q, intensity, {30: 1, 8: 1}, "hexagonal", kind="dft", grid=24)
    assert predict_densities(q, intensity, {30: 1, 8: 1}, "hexagonal", grid=24)


@pytest.mark.parametrize("system", LEARNED_SYSTEMS)
def test_no_validation_or_test_crystal_is_known(system: str) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_parquet(structures_file(system), columns=["material_id", "split"])
    kept_out = set(table.loc[table["split"].isin(["val", "test"]), "material_id"])
    known = {crystal.material_id for crystal in load_known(WEIGHTS / f"{system}.npz").crystals}
    assert known
    assert not known & kept_out
    assert known <= set(table.loc[table["split"] == "train", "material_id"])


def test_the_ranking_stands_in_the_header() -> None:
    notes = read_modes_header(WEIGHTS / "cubic.safetensors").notes
    assert set(json.loads(notes["ranking"])) == set(FEATURES)
    assert torch.tensor(list(json.loads(notes["ranking"]).values())).isfinite().all()
