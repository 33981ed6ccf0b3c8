"""Crystals described anew, and none that is kept out among the training ones."""

import numpy as np
import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline import learned, learned_densities
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.sources import DATA, STRUCTURES_FILE
from pipeline.steps.described import described_rows, refuse_shared, volumes_of
from pipeline.steps.score_learned import structure_type
from pipeline.tables import read_table


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Three crystals that have a DFT density, in canonical settings."""
    return described_rows(some_dft_crystals(), 0.71073, 30.0)


def some_dft_crystals() -> pd.DataFrame:
    table = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS)
    table = table[(table["crystal_system"] == "trigonal") & (table["split"] == "val")]
    return learned_densities.DftSpectra(1e-4).rows(table)[:3]


def test_dft_and_free_atom_densities_lie_on_each_other(rows: pd.DataFrame) -> None:
    """In the stored setting they do; so both were moved alike."""
    dft = learned_densities.DftSpectra(1e-4).truth(rows, 24).double().flatten(1).numpy()
    iam = learned_densities.iam_truth(rows, 24).double().flatten(1).numpy()
    for one, other in zip(dft, iam, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.9


def test_spectra_and_sizes_are_those_of_the_densities(rows: pd.DataFrame) -> None:
    spectra = learned_densities.iam_spectra(rows, 6, "test")
    electrons = learned_densities.iam_truth(rows, 40).mean(dim=(1, 2, 3))
    np.testing.assert_allclose(spectra[:, 6, 6, 0].real, electrons, rtol=2e-3)
    assert (learned.sizes(spectra) > 0).all()


def test_a_crystal_that_is_kept_out_may_not_be_in_training() -> None:
    splits = pd.Series(["train", "val", "test", "train"])
    refuse_shared(splits, [("A", 1), ("B", 1), ("A", 2), ("A", 1)])
    with pytest.raises(CrystalNetError, match="A in space group 2 is in the splits train and test"):
        refuse_shared(splits, [("A", 2), ("B", 1), ("A", 2), ("C", 1)])


def test_the_embedded_split_shares_nothing() -> None:
    table = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS)
    table = table[table["split"].isin(["train", "val", "test"])]
    keys = zip(table["formula_pretty"], table["spacegroup_number"].astype(int), strict=True)
    refuse_shared(table["split"], list(keys))


def test_volumes_of_elements_give_those_of_crystals(rows: pd.DataFrame) -> None:
    volumes = volumes_of(crystals_of(rows))
    assert volumes.shape == (119,)
    assert (volumes > 0).all()


def test_a_structure_type_knows_no_elements() -> None:
    assert structure_type("NaCl", 225, 2) == structure_type("MgO", 225, 2)
    assert structure_type("NaCl", 225, 2) != structure_type("NaCl", 221, 2)
