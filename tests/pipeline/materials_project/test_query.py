"""Asking for crystals: what comes, and what is left out with its reason."""

from typing import Any

import pytest

from pipeline.crystal_tables import OBJECT_COLUMNS
from pipeline.sources.base import CRYSTAL_SOURCE_COLUMNS
from pipeline.sources.materials_project import crystals
from pipeline.sources.materials_project import resolve as resolving
from pipeline.sources.materials_project.client import USER_AGENT
from pipeline.sources.materials_project.resolve import newest
from tests.standin.crystals import structure
from tests.standin.materials_project import GNOME, Standin

Workplace = Any


def three(standin: Standin) -> None:
    for number in (1, 2, 3):
        standin.add(number)


# --- What comes ------------------------------------------------------------------------------


def test_the_columns_of_every_source_and_of_the_objects(place: Workplace, standin: Standin) -> None:
    three(standin)
    standin.add(4, above_hull=0.1)
    frame = place.table()
    assert list(frame.columns) == [*CRYSTAL_SOURCE_COLUMNS, *OBJECT_COLUMNS]
    assert frame["material_id"].tolist() == ["mp-1", "mp-2", "mp-3", "mp-4"]
    # The paper's ids bring the paper's split and stability, others those of today.
    assert frame["split"].tolist()[:2] == ["test", "train"]
    assert frame["split"].isna().tolist()[2:] == [True, True]
    assert frame["is_stable"].tolist() == [True, False, True, False]
    assert frame["task_id"].tolist() == [f"mp-{1_000_000 + n}" for n in (1, 2, 3, 4)]
    assert set(frame["database_version"]) == {"2026.04.13"}


@pytest.mark.parametrize(
    "system",
    ["Triclinic", "Monoclinic", "Orthorhombic", "Tetragonal", "Trigonal", "Hexagonal", "Cubic"],
)
def test_any_of_the_seven_systems(place: Workplace, standin: Standin, system: str) -> None:
    standin.add(5, system)
    standin.add(6, "Cubic" if system != "Cubic" else "Trigonal")
    frame = place.table(system.lower())
    assert frame["material_id"].tolist() == ["mp-5"]
    assert frame["crystal_system"].tolist() == [system.lower()]


def test_systems_that_the_paper_lacks_have_the_split_of_the_embedded_table(
    place: Workplace, standin: Standin
) -> None:
    for number in (7, 8, 9):
        standin.add(number, "Orthorhombic")
    frame = place.table("orthorhombic").set_index("material_id")
    assert frame["split"].dropna().to_dict() == {"mp-7": "val", "mp-8": "train"}
    assert frame["is_stable"].all()


def test_pages_are_kept_and_asked_once(
    place: Workplace, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crystals, "PAGE", 2)
    for number in range(1, 8):
        standin.add(number)
    first = place.table()
    asked = standin.count("/materials/") + standin.count("list-type")
    again = place.table()
    assert first.equals(again)
    assert len(first) == 7
    assert standin.count("_page=") == 4
    assert standin.count("/materials/") + standin.count("list-type") == asked


def test_bulk_requests(place: Workplace, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "BATCH", 20)
    for number in range(1, 46):
        standin.add(number, content=b"none")
    assert len(place.table()) == 45
    assert standin.count("/materials/core/") == 3
    # With one static run each there is nothing to choose by date.
    assert standin.count("/materials/tasks/") == 0


def test_the_newest_static_run_that_is_stored(place: Workplace, standin: Standin) -> None:
    for number in (1, 2, 3):
        standin.add(number)
    standin.core["mp-1"]["calc_types"] |= {"mp-3000001": "GGA+U Static", "mp-3000002": "GGA Static"}
    standin.tasks["mp-3000001"] = {"task_id": "mp-3000001", "last_updated": "2025-06-01T00:00:00Z"}
    standin.tasks["mp-3000002"] = {"task_id": "mp-3000002", "last_updated": None}
    standin.put_object("mp-3000001", b"x")
    standin.put_object("mp-3000002", b"y")
    # Newer, but not in the bucket; and a kind that the paper did not use.
    standin.core["mp-2"]["calc_types"] |= {
        "mp-3000003": "GGA Static",
        "mp-3000004": "r2SCAN Static",
    }
    standin.put_object("mp-3000004", b"z")
    tasks = place.table().set_index("material_id")["task_id"]
    assert tasks.to_dict() == {"mp-1": "mp-3000001", "mp-2": "mp-1000002", "mp-3": "mp-1000003"}


def test_ids_in_letters(place: Workplace, standin: Standin) -> None:
    """mp-aaaeguxu is mp-1947498; ids above 3347529 stay in letters."""
    for number in (1, 2):
        standin.add(number, content=None)
    standin.core["mp-1"]["calc_types"] = {"mp-aaaeguxu": "GGA Static"}
    standin.core["mp-2"]["calc_types"] = {"mp-aaahllpg": "GGA Static"}
    # What its structure comes from is spelt in yet another way.
    standin.core["mp-1"]["origins"] = [{"name": "structure", "task_id": "mp-1947498"}]
    standin.core["mp-2"]["origins"] = [{"name": "structure", "task_id": "mp-ahllpg"}]
    standin.put_object("mp-1947498", b"x")
    standin.put_object("mp-aaahllpg", b"x")
    assert place.table()["task_id"].tolist() == ["mp-1947498", "mp-aaahllpg"]


def test_a_date_without_a_zone_or_none() -> None:
    dates = {"a": "2025-01-01T00:00:00", "b": "2025-01-01T00:00:01+00:00", "c": "None"}
    assert newest(["a", "b", "c", "d"], dates) == "b"


def test_a_polite_client(place: Workplace, standin: Standin) -> None:
    three(standin)
    frame = place.table()
    place.densities(frame)
    ours = [a for a in standin.asked if "python-requests" not in a.headers["user-agent"]]
    assert all(USER_AGENT in asked.headers["user-agent"] for asked in ours)
    # The client itself asks for two heartbeats without our name.
    assert len(standin.asked) - len(ours) <= 2
    assert standin.most_at_once <= place.settings.parallel_requests
    assert not any("x-api-key" in a.headers for a in standin.asked if "chgcars" in a.path)


# --- What is left out ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"structure": None}, "its structure is null"),
        ({"symmetry": None}, "its symmetry.number is null"),
        ({"formula_pretty": None}, "its formula_pretty is null"),
        ({"deprecated": True}, "deprecated"),
        ({"builder_meta": {"batch_id": None, "license": "BY-NC"}}, "an entry of GNoME"),
        ({"structure": {"sites": []}}, "its structure cannot be read"),
        ({"structure": {**structure(9), "sites": []}}, "its structure is none"),
    ],
)
def test_null_fields_are_recorded(
    place: Workplace, standin: Standin, changes: dict[str, Any], reason: str
) -> None:
    three(standin)
    standin.add(9, **changes)
    source = place.source()
    assert "mp-9" not in set(source.crystals()["material_id"])
    assert source.left_out["mp-9"].startswith(reason)


def test_gnome_is_not_even_asked_for(place: Workplace, standin: Standin) -> None:
    three(standin)
    standin.add(9, builder_meta={"batch_id": GNOME, "license": "BY-NC"})
    assert len(place.table()) == 3
    assert all(
        asked.query.get("batch_id_not_eq") == GNOME
        for asked in standin.asked
        if "crystal_system" in asked.query
    )


def test_null_energy_leaves_stability_unknown(place: Workplace, standin: Standin) -> None:
    three(standin)
    standin.add(9, above_hull=None)
    assert place.table().set_index("material_id")["is_stable"]["mp-9"] is None


def test_fields_that_the_first_document_lacks(place: Workplace, standin: Standin) -> None:
    """The client's models would drop such a field from the whole page."""
    three(standin)
    del standin.summary["mp-1"]["structure"]
    del standin.summary["mp-1"]["energy_above_hull"]
    source = place.source()
    assert source.crystals()["material_id"].tolist() == ["mp-2", "mp-3"]
    assert source.left_out["mp-1"] == "its structure is null"


def test_calculations_that_are_null_absent_or_of_another_kind(
    place: Workplace, standin: Standin
) -> None:
    for number in range(1, 7):
        standin.add(number)
    standin.core["mp-2"]["calc_types"] = None
    del standin.core["mp-3"]["calc_types"]
    del standin.core["mp-4"]
    standin.core["mp-5"]["calc_types"] = {"mp-1000005": "SCAN Static"}
    source = place.source()
    assert source.crystals()["material_id"].tolist() == ["mp-1", "mp-6"]
    assert "no calculations" in source.left_out["mp-2"]
    assert "no calculations" in source.left_out["mp-3"]
    assert "no calculations" in source.left_out["mp-4"]
    assert "no static" in source.left_out["mp-5"]


def test_flagged_but_not_in_the_bucket(place: Workplace, standin: Standin) -> None:
    three(standin)
    standin.add(9, content=None)
    source = place.source()
    assert len(source.crystals()) == 3
    assert "bucket holds none of mp-1000009" in source.left_out["mp-9"]


def test_ids_of_the_paper_that_are_not_found(place: Workplace, standin: Standin) -> None:
    three(standin)
    standin.add(900, "Trigonal")
    standin.add(901, deprecated=True, has_props={"charge_density": False})
    source = place.source()
    source.crystals()
    assert source.left_out["mp-900"] == "of the paper: trigonal by now"
    assert source.left_out["mp-901"] == "of the paper: deprecated"
    assert "mp-902" not in source.left_out  # trigonal, which was not asked for
