"""The reader gives one crystal, a split, or everything, and they are the same numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.dataset import Dataset

GRID, BINS = 6, 16
IDS = [f"mp-{number}" for number in range(1, 13)]


def crystals() -> pd.DataFrame:
    splits = ["train"] * 3 + ["val"] * 2 + ["test"]
    return pd.DataFrame(
        {
            "material_id": IDS,
            "formula_pretty": ["NaCl"] * 12,
            "spacegroup_number": range(200, 212),
            "crystal_system": ["cubic"] * 6 + ["trigonal"] * 6,
            "nsites": [2] * 12,
            "lattice": [np.eye(3).ravel() * (4 + i) for i in range(12)],
            "atomic_numbers": [np.array([11, 17])] * 12,
            "frac_coords": [np.array([0, 0, 0, 0.5, 0.5, 0.5])] * 12,
            "is_stable": [True] * 12,
            "split": splits * 2,
            "row": range(12),
            "electrons": [8.0] * 12,
            "density_source": ["dft"] * 12,
        }
    )


def write(folder: Path, ids: list[str] = IDS) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    patterns = draw.random((12, BINS), dtype=np.float32)
    densities = draw.random((12, GRID, GRID, GRID), dtype=np.float32)
    about = {
        "material_ids": ids, "density_source": "dft", "density_label": "embedded DFT",
        "wavelength_A": 0.71073, "two_theta_range_degrees": [0.0, 180.0],
    }  # fmt: skip
    for name, arrays in (
        ("patterns", {"patterns": patterns}),
        ("densities", {"densities": densities, "electrons": np.full(12, 8.0)}),
    ):
        store.write_arrays(
            folder / f"{name}.zarr", [arrays], crystals=12, crystals_per_file=4, attributes=about
        )
    crystals().to_parquet(folder / "dataset.parquet")
    return patterns, densities


def test_one_crystal(tmp_path: Path) -> None:
    patterns, densities = write(tmp_path)
    record = Dataset(tmp_path).crystal("mp-5")
    assert np.array_equal(record.pattern, patterns[4])
    assert np.array_equal(record.density, densities[4])
    assert (record.split, record.spacegroup_number, record.electrons) == ("val", 204, 8.0)
    assert record.density_source == "dft"
    assert str(Dataset(tmp_path).pattern_spec) == f"{BINS} bins of 0 to 180 degrees at 0.71073 A"
    assert record.crystal.volume == pytest.approx(8.0**3)


@pytest.mark.parametrize(
    ("system", "split", "rows"),
    [
        ("cubic", "train", range(0, 3)),
        ("trigonal", "test", range(11, 12)),
        ("trigonal", None, range(6, 12)),
        (None, "val", [3, 4, 9, 10]),
        (None, None, range(12)),
    ],
)
def test_a_split_or_everything(
    tmp_path: Path, system: str | None, split: str | None, rows: list[int]
) -> None:
    patterns, densities = write(tmp_path)
    tensors = Dataset(tmp_path).tensors(system, split)
    assert tensors.material_ids == [IDS[row] for row in rows]
    assert np.array_equal(tensors.patterns.numpy(), patterns[list(rows)])
    assert np.array_equal(tensors.densities.numpy(), densities[list(rows)])
    assert tensors.formulas[:, [11, 17]].eq(0.5).all()


def test_the_dropped_element_depends_on_seed_and_crystal_alone(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = Dataset(tmp_path)
    whole = dataset.tensors("cubic", composition="drop_element", seed=1)
    part = dataset.tensors("cubic", "val", composition="drop_element", seed=1)
    assert whole.formulas[3:5].equal(part.formulas)
    assert whole.formulas.sum(dim=1).eq(1).all(), "one of two elements is left"
    assert whole.formulas[:, 11].unique().numel() == 2, "not the same one in all crystals"
    other = dataset.tensors("cubic", composition="drop_element", seed=2)
    assert not whole.formulas.equal(other.formulas)


def test_no_formula_is_zeros(tmp_path: Path) -> None:
    write(tmp_path)
    assert not Dataset(tmp_path).tensors("cubic", composition="no_formula").formulas.any()


def test_arrays_of_other_crystals_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ids=IDS[::-1])
    with pytest.raises(CrystalNetError, match="holds other crystals than"):
        Dataset(tmp_path)


def test_an_unknown_crystal_or_selection_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = Dataset(tmp_path)
    with pytest.raises(CrystalNetError, match="mp-99: not among the 12 crystals"):
        dataset.crystal("mp-99")
    with pytest.raises(CrystalNetError, match="no crystal of hexagonal"):
        dataset.tensors("hexagonal", "train")


def test_a_noisy_pattern_does_not_depend_on_what_is_read_with_it(tmp_path: Path) -> None:
    patterns, _ = write(tmp_path)
    dataset = Dataset(tmp_path)
    noisy = dataset.tensors("cubic", pattern="noisy", seed=3)
    alone = dataset.tensors("cubic", "test", pattern="noisy", seed=3)
    assert np.array_equal(noisy.patterns[5], alone.patterns[0])
    assert not np.array_equal(noisy.patterns[5], patterns[5])
    assert not dataset.tensors("cubic", pattern="none").patterns.any()


def test_a_scale_free_pattern_does_not_depend_on_the_size_of_the_cell(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = Dataset(tmp_path)
    given = dataset.tensors("cubic", pattern="scale_free").patterns
    assert given.shape == dataset.tensors("cubic").patterns.shape
    # Cells of 4 to 9 A have their lines in the same bins.
    assert (given[:, 1:] == 0).any()
    assert ((given > 0) == (given[:1] > 0)).all()
