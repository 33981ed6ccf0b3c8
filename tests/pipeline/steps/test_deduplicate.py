"""One crystal for each formula and space group, whatever order the rows come in."""

import pandas as pd
import pytest

from pipeline.steps.deduplicate import deduplicate


@pytest.fixture(scope="module")
def structures() -> pd.DataFrame:
    return pd.read_parquet("data/structures.parquet")


def table(*rows: tuple[str, str, int, str | None, bool | None]) -> pd.DataFrame:
    columns = ["material_id", "formula_pretty", "spacegroup_number", "split", "is_stable"]
    return pd.DataFrame(list(rows), columns=columns)


def test_the_embedded_table_holds_868_groups_of_2767_rows(structures: pd.DataFrame) -> None:
    kept, dropped = deduplicate(structures)
    assert len(kept) + len(dropped) == len(structures) == 33905
    assert dropped["kept_id"].nunique() == 868
    assert len(dropped) + dropped["kept_id"].nunique() == 2767
    assert not kept.duplicated(["formula_pretty", "spacegroup_number"]).any()


def test_no_id_of_the_paper_is_dropped(structures: pd.DataFrame) -> None:
    kept, _ = deduplicate(structures)
    papers = set(structures.loc[structures["split"].notna(), "material_id"])
    assert papers <= set(kept["material_id"])


def test_the_order_of_rows_does_not_matter(structures: pd.DataFrame) -> None:
    shuffled = structures.sample(frac=1, random_state=7)
    for one, other in zip(deduplicate(structures), deduplicate(shuffled), strict=True):
        assert one["material_id"].tolist() == other["material_id"].tolist()
    assert deduplicate(structures)[1].equals(deduplicate(shuffled)[1])


def test_who_stands_for_whom_is_the_same_formula_and_group(structures: pd.DataFrame) -> None:
    _, dropped = deduplicate(structures)
    groups = structures.set_index("material_id")[["formula_pretty", "spacegroup_number"]]
    assert (
        groups.loc[dropped["material_id"]].to_numpy() == groups.loc[dropped["kept_id"]].to_numpy()
    ).all()


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        # The paper's id before a stable one with a lower number.
        ([("mp-9", None, True), ("mp-10", "train", False)], "mp-10"),
        # A stable one before a lower number; unknown stability counts as unstable.
        ([("mp-9", None, False), ("mp-8", None, None), ("mp-10", None, True)], "mp-10"),
        # The lowest number, read as a number.
        ([("mp-10", None, None), ("mp-9", None, None)], "mp-9"),
    ],
)
def test_preference(rows: list[tuple[str, str | None, bool | None]], kept: str) -> None:
    frame = table(*[(name, "NaCl", 225, split, stable) for name, split, stable in rows])
    for order in (frame, frame.iloc[::-1]):
        survivors, dropped = deduplicate(order)
        assert survivors["material_id"].tolist() == [kept]
        assert set(dropped["kept_id"]) == {kept}


def test_the_same_formula_in_another_group_is_another_crystal() -> None:
    survivors, dropped = deduplicate(
        table(("mp-1", "SiO2", 152, None, True), ("mp-2", "SiO2", 227, None, True))
    )
    assert len(survivors) == 2
    assert dropped.empty
