"""The independent-atom model."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.resampling import electron_count
from crystalnet.errors import CrystalNetError

FILE = Path("data/valence_gaussians.json")

LATTICES = {
    "cubic": np.diag([4.0, 4.0, 4.0]),
    "fcc": 2.6 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    "hexagonal": np.array([[3.2, 0, 0], [-1.6, 3.2 * np.sqrt(0.75), 0], [0, 0, 5.1]]),
    # A rhombohedral cell of 31 degrees, as long layered crystals have.
    "rhombohedral": np.array([[1.9, 0, 6.0], [-0.95, 1.645448, 6.0], [-0.95, -1.645448, 6.0]]),
    "triclinic": np.array([[4.1, 0.3, -0.5], [1.7, 3.9, 0.4], [-1.1, 0.9, 5.3]]),
}
# Hydrogen has the sharpest Gaussians, oxygen and iron signs that alternate, strontium wide ones.
ATOMIC_NUMBERS = np.array([1, 8, 26, 38, 8])
FRAC_COORDS = np.array(
    [[0.01, 0.02, -0.03], [0.5, 0.49, 0.52], [0.27, 0.71, 1.33], [0.6, 0.1, 0.8], [0.9, 0.55, 0.2]]
)


@pytest.fixture(scope="module")
def gaussians():
    return ValenceGaussians.load(FILE)


def crystal(lattice, material_id="mp-1"):
    return Crystal(material_id, LATTICES[lattice], ATOMIC_NUMBERS, FRAC_COORDS)


def direct(crystal, grid, a, b):
    """The sum over atoms, Gaussians and periodic images in real space."""
    index = np.stack(np.meshgrid(*[np.arange(grid)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    # exp(-r^2 / 4b) is below 1e-10 beyond this distance.
    reach = np.sqrt(4 * b[crystal.atomic_numbers].max() * 23)
    planes = 1 / np.linalg.norm(np.linalg.inv(crystal.lattice), axis=0)
    cells = [np.arange(-n, n + 1) for n in np.ceil(reach / planes).astype(int) + 1]
    images = np.stack(np.meshgrid(*cells, indexing="ij"), axis=-1).reshape(-1, 3)
    density = np.zeros(len(index))
    for number, position in zip(crystal.atomic_numbers, crystal.frac_coords, strict=True):
        away = (index / grid - position + 0.5) % 1 - 0.5
        for image in images:
            r2 = (((away + image) @ crystal.lattice) ** 2).sum(axis=1)
            near = r2 < reach**2
            for a_i, b_i in zip(a[number], b[number], strict=True):
                density[near] += a_i * (4 * np.pi * b_i) ** -1.5 * np.exp(-r2[near] / (4 * b_i))
    return density.reshape(grid, grid, grid)


@pytest.mark.parametrize("lattice", LATTICES)
@pytest.mark.parametrize("core", ["smooth", "raw"])
def test_equals_the_sum_over_images_in_real_space(gaussians, lattice, core):
    cell = crystal(lattice)
    a, b = (gaussians.a, gaussians.b) if core == "smooth" else (gaussians.a_raw, gaussians.b_raw)
    wanted = direct(cell, 8, a, b)
    exact = iam_density([cell], 8, gaussians, core, dtype=torch.float64)[0].numpy()
    # The modes left out hold 1e-5 e/A^3 an atom, and density is where an atom is.
    np.testing.assert_allclose(exact, wanted, atol=2e-5)
    single = iam_density([cell], 8, gaussians, core)[0].numpy()
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, wanted, rtol=1e-5, atol=4e-5)


def test_an_atom_on_a_point_shows_its_whole_core(gaussians):
    cell = Crystal("H", np.diag([4.0] * 3), np.array([1]), np.zeros((1, 3)))
    wanted = direct(cell, 6, gaussians.a, gaussians.b)
    found = iam_density([cell], 6, gaussians, dtype=torch.float64)[0].numpy()
    assert found[0, 0, 0] == found.max()
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_the_raw_core_of_silicon_has_its_hole(gaussians):
    cell = Crystal("Si", np.diag([5.0] * 3), np.array([14]), np.zeros((1, 3)))
    smooth, raw = (iam_density([cell], 10, gaussians, core)[0] for core in ("smooth", "raw"))
    assert smooth.min() > 0
    assert raw[0, 0, 0] < 0 < smooth[0, 0, 0]


def test_a_batch_gives_what_each_crystal_gives_alone(gaussians):
    cells = [crystal(name) for name in LATTICES]
    together = iam_density(cells, 9, gaussians)
    assert together.shape == (len(cells), 9, 9, 9)
    for density, cell in zip(together, cells, strict=True):
        assert torch.equal(density, iam_density([cell], 9, gaussians)[0])


def test_chunks_of_modes_do_not_change_the_sum(gaussians, monkeypatch):
    cell = crystal("triclinic")
    whole = iam_density([cell], 8, gaussians, dtype=torch.float64)
    monkeypatch.setattr("crystalnet.crystallography.iam.CHUNK", 500)
    torch.testing.assert_close(
        iam_density([cell], 8, gaussians, dtype=torch.float64), whole, rtol=0, atol=1e-12
    )


def test_no_crystal_gives_no_density(gaussians):
    assert iam_density([], 7, gaussians).shape == (0, 7, 7, 7)


@pytest.mark.parametrize("lattice", LATTICES)
def test_electrons_are_kept_where_the_grid_resolves_the_atoms(gaussians, lattice):
    cell = crystal(lattice)
    density = iam_density([cell], 50, gaussians)[0].numpy()
    assert gaussians.electrons(cell) == pytest.approx(1 + 6 + 14 + 10 + 6)
    assert electron_count(density, cell.volume) == pytest.approx(37, rel=1e-4)


def test_turning_the_axes_turns_the_density(gaussians):
    cell = crystal("triclinic")
    order = [2, 0, 1]
    turned = Crystal("t", cell.lattice[order], cell.atomic_numbers, cell.frac_coords[:, order])
    one, other = iam_density([cell, turned], 8, gaussians, dtype=torch.float64)
    torch.testing.assert_close(one.permute(order), other, rtol=0, atol=2e-5)


def test_all_templates_hold_their_valence(gaussians):
    known = np.flatnonzero(gaussians.valence)
    assert len(known) == 96
    for a in (gaussians.a, gaussians.a_raw):
        np.testing.assert_allclose(a[known].sum(axis=1), gaussians.valence[known], atol=1e-5)


def test_an_element_without_a_template(gaussians):
    cell = Crystal(
        "mp-7", np.diag([4.0] * 3), np.array([11, 118]), np.array([[0.0] * 3, [0.5] * 3])
    )
    with pytest.raises(CrystalNetError, match=r"mp-7: .* no valence density for Og; it holds 96"):
        iam_density([crystal("cubic"), cell], 8, gaussians)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a table of valence Gaussians"),
        ("[]", "not a table of valence Gaussians"),
        (json.dumps({"elements": {}}), "not a table of valence Gaussians"),
        (json.dumps({"elements": {"Xx": {"a": [1.0]}}}), "not a table of valence Gaussians"),
    ],
)
def test_damaged_templates(tmp_path, content, message):
    path = tmp_path / "gaussians.json"
    path.write_text(content)
    with pytest.raises(CrystalNetError, match=message):
        ValenceGaussians.load(path)


@pytest.mark.parametrize(("key", "values"), [("b", [0.1, -0.1]), ("a", [0.5, 0.6])])
def test_templates_that_make_no_sense(tmp_path, key, values):
    entry = {"valence": 1.0, "a": [0.5, 0.5], "b": [0.1, 0.2], "a_raw": [0.5, 0.5], "b_raw": [1, 2]}
    path = tmp_path / "gaussians.json"
    path.write_text(json.dumps({"elements": {"H": {**entry, key: values}}}))
    with pytest.raises(CrystalNetError, match=r"H.*(no width|add up)"):
        ValenceGaussians.load(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(CrystalNetError, match="no such file"):
        ValenceGaussians.load(tmp_path / "none.json")
