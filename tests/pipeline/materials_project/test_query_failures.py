"""Asking for crystals: every way the web service fails, keys, and a database that changes."""

from functools import partial
from typing import Any

import pytest
import requests

from crystalnet.errors import CrystalNetError
from pipeline.sources.materials_project import crystals
from pipeline.sources.materials_project.client import Service
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.objects import Bucket
from pipeline.sources.materials_project.resolve import resolve
from pipeline.sources.materials_project.retry import Unreachable
from tests.standin.materials_project import KEY, Fault, Standin

Workplace = Any


def three(standin: Standin) -> None:
    for number in (1, 2, 3):
        standin.add(number)


def test_a_request_that_was_given_up_is_not_heard(standin: Standin) -> None:
    """It may come when the next test has begun, and would take a failure that is meant for that."""
    asked = f"{standin.url}heartbeat"
    assert requests.get(asked, timeout=60).ok
    standin.clear()
    standin.faults = [Fault("500", "heartbeat")]
    assert requests.get(asked, timeout=60).status_code == 410
    assert standin.asked == []
    assert standin.faults[0].times == 1


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
