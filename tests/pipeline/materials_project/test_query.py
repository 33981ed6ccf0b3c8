"""Asking for crystals: every way the web service fails, and what is left out with its reason."""

from functools import partial
from typing import Any

import pytest

from crystalnet.errors import CrystalNetError
from pipeline.crystal_tables import OBJECT_COLUMNS
from pipeline.sources.base import CRYSTAL_SOURCE_COLUMNS
from pipeline.sources.materials_project import crystals
from pipeline.sources.materials_project import resolve as resolving
from pipeline.sources.materials_project.client import USER_AGENT, Service
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.objects import Bucket
from pipeline.sources.materials_project.resolve import newest, resolve
from pipeline.sources.materials_project.retry import Unreachable
from tests.standin.materials_project import GNOME, KEY, Fault, Standin, structure

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


# --- Failures that pass ----------------------------------------------------------------------

PASSING = ["500", "502", "503", "504", "429", "refused", "cut", "bad json", "empty", "no total"]


@pytest.mark.parametrize(
    ("kind", "path"),
    [(kind, "/core/") for kind in PASSING]
    + [(kind, path) for kind in ("500", "no total") for path in ("_page=", "_limit=1&", "/tasks/")],
)
def test_a_request_that_fails_in_passing(
    place: Workplace, standin: Standin, kind: str, path: str
) -> None:
    three(standin)
    standin.core["mp-1"]["calc_types"]["mp-1000002"] = "GGA Static"
    # Of some the client tries three times more by itself, which is then used up.
    by_itself = kind in ("429", "502", "504", "refused")
    standin.faults = [Fault(kind, path, times=5 if by_itself else 3)]
    frame = place.table()
    assert frame["material_id"].tolist() == ["mp-1", "mp-2", "mp-3"]
    assert frame["task_id"].tolist() == ["mp-1000002", "mp-1000002", "mp-1000003"]


@pytest.mark.parametrize("kind", ["500", "503", "403", "refused", "cut", "bad json", "empty"])
def test_a_heartbeat_that_fails_in_passing(place: Workplace, standin: Standin, kind: str) -> None:
    three(standin)
    standin.faults = [Fault(kind, "heartbeat", times=3)]
    assert set(place.table()["database_version"]) == {"2026.04.13"}


@pytest.mark.parametrize("kind", ["500", "slowdown", "403", "refused", "cut"])
def test_a_listing_that_fails_in_passing(place: Workplace, standin: Standin, kind: str) -> None:
    three(standin)
    standin.faults = [Fault(kind, "list-type", times=3)]
    assert len(place.table()) == 3


def test_a_request_that_times_out(place: Workplace, standin: Standin) -> None:
    three(standin)
    service = Service(place.settings)
    service._client.materials.timeout = 0.3
    standin.faults = [Fault("hang", "/core/", times=5)]
    tasks, reasons = resolve(service, ["mp-1"], {"mp-1000001"}, Kept(place.folder / "answers", "1"))
    assert (tasks, reasons) == ({"mp-1": "mp-1000001"}, {})


@pytest.mark.parametrize("kind", ["414", "422"])
def test_a_list_of_ids_that_is_too_long(place: Workplace, standin: Standin, kind: str) -> None:
    for number in range(1, 102):
        standin.add(number, content=None)
    standin.put_object("mp-1000100", b"none")
    standin.faults = [Fault(kind, "/core/")]
    assert place.table()["material_id"].tolist() == ["mp-100"]


def test_a_service_that_is_down_says_so_and_keeps_what_came(
    place: Workplace, standin: Standin
) -> None:
    three(standin)
    standin.faults = [Fault("500", "/core/", times=100)]
    with pytest.raises(Unreachable, match=r"failed 4 times, last with: .*500.*run again later"):
        place.table()
    standin.faults = []
    asked = standin.count("/materials/summary/")
    assert len(place.table()) == 3
    # Only the question about the paper's ids, which stands after the failure, is new.
    assert standin.count("/materials/summary/") == asked + 1


def test_pages_that_never_add_up(
    place: Workplace, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unsorted pages can hold one crystal twice and another never."""
    monkeypatch.setattr(crystals, "PAGE", 2)
    for number in range(1, 5):
        standin.add(number)
    standin.summary["mp-2"]["material_id"] = "mp-1"
    with pytest.raises(CrystalNetError, match="4 crystals, but its pages hold 3 different"):
        place.table()
    standin.summary["mp-2"]["material_id"] = "mp-2"
    assert len(place.table()) == 4


# --- Keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "", "   "])
def test_no_key(
    place: Workplace, standin: Standin, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("MP_API_KEY")
    if key is not None:
        monkeypatch.setenv("MP_API_KEY", key)
    with pytest.raises(CrystalNetError, match=r"materialsproject\.org/api and run `export MP_API"):
        place.table()
    assert not standin.asked


@pytest.mark.parametrize("key", ["short", "x" * 33, "ü" * 32, "a b" * 10 + "aa"])
def test_what_cannot_be_a_key(place: Workplace, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MP_API_KEY", key)
    with pytest.raises(CrystalNetError, match="want 32 letters and digits") as raised:
        place.table()
    assert key not in str(raised.value)


def test_a_wrong_key_is_tried_once(place: Workplace, standin: Standin) -> None:
    three(standin)
    standin.key = "b2" * 16
    with pytest.raises(CrystalNetError, match=r"refuses MP_API_KEY \(HTTP 401\)") as raised:
        place.table()
    assert "\n" not in str(raised.value)
    assert KEY not in str(raised.value)
    assert standin.count("/materials/") == 1


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_key_that_expires_half_way(place: Workplace, standin: Standin, status: str) -> None:
    three(standin)
    standin.faults = [Fault(status, "/core/")]
    with pytest.raises(CrystalNetError, match=rf"HTTP {status}.*then run again"):
        place.table()
    before = standin.count("/materials/summary/")
    assert len(place.table()) == 3
    assert standin.count("/materials/summary/") == before + 1


def test_the_key_is_nowhere(
    place: Workplace, standin: Standin, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in what is kept or said, even where the service sends it back in an error."""
    three(standin)
    standin.faults = [Fault("500", "/core/", times=100)]
    with pytest.raises(Unreachable) as raised:
        place.table()
    assert KEY not in str(raised.value)
    assert "***" in str(raised.value)
    standin.faults = []
    place.densities(place.table())
    said = capfd.readouterr()
    assert KEY not in said.out + said.err
    for path in place.folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


# --- Another database ------------------------------------------------------------------------


def test_the_database_changes_during_the_query(
    place: Workplace, standin: Standin, capsys: pytest.CaptureFixture[str]
) -> None:
    three(standin)

    def change(path: str) -> None:
        if path == "/materials/core/" and standin.version == "2026.04.13":
            standin.version = "2026.05.01"
            standin.add(4)

    standin.before = change
    frame = place.table()
    assert set(frame["database_version"]) == {"2026.05.01"}
    assert len(frame) == 4
    assert "the database is 2026.05.01 now" in capsys.readouterr().out


def test_the_database_changes_between_two_runs(
    place: Workplace, standin: Standin, capsys: pytest.CaptureFixture[str]
) -> None:
    three(standin)
    frame = place.table()
    standin.version = "2026.05.01"
    records = place.densities(frame)
    said = capsys.readouterr().out
    assert "chosen from the database 2026.04.13, which is 2026.05.01 now" in said
    assert "delete artifacts/structures.parquet" in said
    assert {r.provenance["database_version"] for r in records} == {"2026.04.13"}
    assert set(place.table()["database_version"]) == {"2026.05.01"}
    assert "query begins anew" in capsys.readouterr().out


def test_a_database_that_never_rests(place: Workplace, standin: Standin) -> None:
    three(standin)
    versions = iter(range(100))

    def change(path: str) -> None:
        if path == "/heartbeat":
            standin.version = f"v{next(versions)}"

    standin.before = change
    with pytest.raises(CrystalNetError, match="changed its database 3 times"):
        place.table()


def test_the_listing_goes_over_pages(
    standin: Standin, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 8):
        standin.put_object(f"mp-{number}", b"x" * number)
    bucket = Bucket(place.settings)
    monkeypatch.setattr(
        bucket._client, "list_objects_v2", partial(bucket._client.list_objects_v2, MaxKeys=3)
    )
    found = bucket.listing(Kept(place.folder / "answers", "1"))
    assert {task: stored.size for task, stored in found.items()} == {
        f"mp-{number}": number for number in range(1, 8)
    }
    assert standin.count("list-type") == 3
