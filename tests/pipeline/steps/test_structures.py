"""Which crystals are kept."""

import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline.steps.structures import collect


@pytest.fixture(scope="module")
def crystals() -> pd.DataFrame:
    return pd.read_parquet("data/structures.parquet")


def test_systems_and_available_densities(crystals: pd.DataFrame) -> None:
    dft = set(pd.read_parquet("data/dft_densities.parquet", columns=["material_id"])["material_id"])
    kept = collect(crystals, ["trigonal"], dft, limit=None)
    assert len(kept) == 132 + 39 + 26
    assert set(kept["crystal_system"]) == {"trigonal"}


def test_the_limit_keeps_the_lowest_ids_of_each_split(crystals: pd.DataFrame) -> None:
    kept = collect(crystals.sample(frac=1, random_state=0), ["cubic"], None, limit=3)
    assert kept.groupby("split", dropna=False).size().tolist() == [3, 3, 3, 3]
    train = kept.loc[kept["split"] == "train", "material_id"]
    numbers = crystals.loc[
        (crystals["crystal_system"] == "cubic") & (crystals["split"] == "train"), "material_id"
    ].map(lambda name: int(name.removeprefix("mp-")))
    assert train.tolist() == [f"mp-{number}" for number in sorted(numbers)[:3]]


def test_a_duplicate_id_is_named(crystals: pd.DataFrame) -> None:
    twice = pd.concat([crystals.head(5), crystals.head(1)])
    with pytest.raises(CrystalNetError, match=crystals["material_id"].iat[0]):
        collect(twice, ["cubic"], None, limit=None)


def test_a_system_without_crystals_says_what_there_is(crystals: pd.DataFrame) -> None:
    with pytest.raises(CrystalNetError, match=r"no hexagonal crystal .*'cubic': 20899"):
        collect(crystals, ["cubic", "hexagonal"], None, limit=None)
