"""Train, val and test share no formula and space group, and follow the paper."""

import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline.params import load_params
from pipeline.sections import Split
from pipeline.steps.deduplicate import deduplicate
from pipeline.steps.split import assign


@pytest.fixture(scope="module")
def crystals() -> pd.DataFrame:
    return deduplicate(pd.read_parquet("data/structures.parquet"))[0]


def settings(kind: str, **changes: object) -> Split:
    return load_params().split.model_copy(update={"kind": kind, **changes})


@pytest.mark.parametrize("kind", ["paper", "random"])
def test_no_formula_and_space_group_is_in_two_splits(crystals: pd.DataFrame, kind: str) -> None:
    assigned = assign(crystals, settings(kind), seed=3)
    in_splits = assigned.groupby(["formula_pretty", "spacegroup_number"])["split"].nunique()
    assert in_splits.max() == 1
    assert assigned["material_id"].is_unique


@pytest.mark.parametrize("kind", ["paper", "random"])
def test_validation_and_test_are_stable_and_capped(crystals: pd.DataFrame, kind: str) -> None:
    assigned = assign(crystals, settings(kind), seed=3)
    held_out = assigned[assigned["split"] != "train"]
    assert held_out["is_stable"].eq(True).all()
    sizes = held_out.groupby(["crystal_system", "split"]).size()
    assert sizes.xs("val", level="split").max() <= 250
    assert sizes.xs("test", level="split").max() <= 500


def test_the_papers_ids_are_where_the_paper_has_them(crystals: pd.DataFrame) -> None:
    paper = pd.read_parquet("data/paper_split.parquet").set_index("material_id")["split"]
    assigned = assign(crystals, settings("paper"), seed=0)
    assert (paper.loc[assigned["material_id"]].to_numpy() == assigned["split"].to_numpy()).all()
    assert len(assigned) == 26665


def test_random_shares_and_overflow(crystals: pd.DataFrame) -> None:
    assigned = assign(crystals, settings("random", validation_cap=100, test_cap=10**6), seed=3)
    cubic = assigned[assigned["crystal_system"] == "cubic"]
    stable = cubic[cubic["is_stable"].eq(True)]
    assert (stable["split"] == "test").sum() == round(0.1 * len(stable))
    assert (stable["split"] == "val").sum() == 100
    assert len(cubic) == (crystals["crystal_system"] == "cubic").sum()


def test_random_is_seeded_and_independent_of_row_order(crystals: pd.DataFrame) -> None:
    split = settings("random")
    one = assign(crystals, split, seed=3)
    assert one.equals(assign(crystals.sample(frac=1, random_state=1), split, seed=3))
    other = assign(crystals, split, seed=4)
    moved = one.set_index("material_id")["split"] != other.set_index("material_id")["split"].loc[
        one["material_id"]
    ].set_axis(one["material_id"])
    assert moved.any()


def test_systems_that_the_paper_does_not_have_keep_the_split_of_their_table() -> None:
    table = pd.read_parquet("data/structures_five_systems.parquet")
    assigned = assign(deduplicate(table)[0], settings("paper"), seed=0).set_index("material_id")
    assert len(assigned) == len(table)
    assert assigned["split"].equals(table.set_index("material_id")["split"].loc[assigned.index])


def test_all_crystals_of_a_system_of_unknown_stability_are_drawn() -> None:
    table = pd.read_parquet("data/structures_five_systems.parquet")
    hexagonal = table[table["crystal_system"] == "hexagonal"].head(400)
    counts = assign(hexagonal, settings("random"), seed=0)["split"].value_counts()
    assert counts.to_dict() == {"train": 320, "val": 40, "test": 40}


def test_an_empty_split_is_an_error(crystals: pd.DataFrame) -> None:
    few = crystals[crystals["split"] == "train"].head(20)
    with pytest.raises(CrystalNetError, match=r"0 cubic crystals in split 'val'"):
        assign(few[few["crystal_system"] == "cubic"], settings("paper"), seed=0)
