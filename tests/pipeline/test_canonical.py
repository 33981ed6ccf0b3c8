"""Crystals of the data set in canonical settings, as the architecture `modes` is given them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.errors import CrystalNetError
from crystalnet.scoring.ssim import score_guesses
from pipeline import learned_densities, store
from pipeline.canonical import Canonical
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.sources import DATA, GAUSSIANS, STRUCTURES_FILE
from pipeline.steps.canonical import dataset_spectra
from pipeline.steps.described import described_rows, substituted
from pipeline.tables import read_table, write_table

GRID = 24


class Stored:
    """Free-atom densities of some crystals, as a data set holds them."""

    grid = GRID

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        made = iam_density(crystals_of(table), GRID, ValenceGaussians.load(GAUSSIANS))
        self._densities = dict(zip(table["material_id"], made.numpy(), strict=True))

    def densities(self, ids: Any) -> Any:
        return (self._densities[one] for one in ids)

    def rows(self, system: str, split: str) -> pd.DataFrame:
        return self.table[self.table["split"] == split]


@pytest.fixture(scope="module")
def stored() -> Stored:
    table = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS)
    table = table[(table["crystal_system"] == "trigonal") & (table["nsites"] < 6)]
    # Some whose cell or origin is not canonical.
    return Stored(
        pd.concat([table[table["split"] == "train"][:6], table[table["split"] == "test"][:3]])
    )


@pytest.fixture
def written(stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    rows = described_rows(stored.table, 0.71073, 40.0)
    made = substituted(rows, 1.0, 0.71073, 40.0, 3)
    for name in ("CANONICAL_CRYSTALS", "CANONICAL_MODES"):
        monkeypatch.setattr(store, name, str(tmp_path / Path(getattr(store, name)).name))
    free = int((rows["split"] == "train").sum()) + len(made)
    tensors = {"train": torch.randn(6, 4), "train-size": torch.ones(6)}
    tensors |= {"free": torch.randn(free, 4), "free-size": torch.ones(free)}
    write_table(
        Path(store.CANONICAL_CRYSTALS.format(system="trigonal")), pd.concat([rows, made]), {}
    )
    save_file(tensors, store.CANONICAL_MODES.format(system="trigonal"))
    return made


def test_densities_of_the_data_set_are_moved_as_their_crystals_are(
    stored: Stored, written: pd.DataFrame
) -> None:
    """Free atoms computed anew in the canonical setting lie where the moved density has them."""
    found = Canonical("trigonal").tensors(
        stored,
        "test",
        composition="baseline",
        pattern="full",
        seed=1,  # type: ignore[arg-type]
    )
    rows = described_rows(stored.rows("trigonal", "test"), 0.71073, 40.0)
    anew = iam_density(crystals_of(rows), GRID, ValenceGaussians.load(GAUSSIANS))
    assert (score_guesses(found.densities, anew[:, None], "none").ssim > 0.97).all()
    assert found.patterns.any()
    assert found.material_ids == rows["material_id"].tolist()


def test_samples_hold_the_data_set_and_free_atoms(stored: Stored, written: pd.DataFrame) -> None:
    canonical = Canonical("trigonal")
    found = canonical.samples("baseline", 2, 1)
    assert len(found) == 2 * 6 + 6 + len(written)
    assert found.dft.tolist() == [1.0] * 12 + [0.0] * (6 + len(written))
    assert torch.equal(found.patterns[:6], found.patterns[12:18])
    assert not canonical.samples("no_pattern", 1, 1).patterns.any()


def test_no_pattern_is_none_and_other_crystals_are_refused(
    stored: Stored, written: pd.DataFrame
) -> None:
    blind = Canonical("trigonal").tensors(
        stored,
        "test",
        composition="no_formula",
        pattern="none",
        seed=1,  # type: ignore[arg-type]
    )
    assert not blind.patterns.any()
    assert not blind.formulas.any()
    fewer = Stored(stored.table[:-1])
    with pytest.raises(CrystalNetError, match="holds other test crystals than the data set"):
        Canonical("trigonal").tensors(
            fewer,
            "test",
            composition="baseline",
            pattern="full",
            seed=1,  # type: ignore[arg-type]
        )


def test_damaged_modes_are_one_line(written: pd.DataFrame) -> None:
    Path(store.CANONICAL_MODES.format(system="trigonal")).write_bytes(b"none")
    with pytest.raises(CrystalNetError, match="no readable density modes"):
        _ = Canonical("trigonal").modes


def test_spectra_are_those_of_the_moved_densities(stored: Stored) -> None:
    rows = described_rows(stored.table[:3], 0.71073, 30.0)
    mine = dataset_spectra(stored, rows, 5)  # type: ignore[arg-type]
    theirs = learned_densities.iam_spectra(rows, 5, "test")
    # Sampling folds what lies beyond the grid onto it.
    assert (mine - theirs).abs().max() < 0.02 * theirs.abs().max()


def test_a_substitute_has_no_formula_that_is_kept_out(stored: Stored) -> None:
    rows = described_rows(stored.table, 0.71073, 30.0)
    made = substituted(rows, 4.0, 0.71073, 30.0, 5)
    kept_out = rows[rows["split"] == "test"]
    out = set(zip(kept_out["formula"], kept_out["spacegroup_number"], strict=True))
    assert not out & set(zip(made["formula"], made["spacegroup_number"], strict=True))
    assert substituted(rows, 0.0, 0.71073, 30.0, 5).empty
