"""Fetching densities: every way the bucket fails, and what is kept over a kill."""

import gzip
import hashlib
import json
from typing import Any

import numpy as np
import pytest

from crystalnet.crystallography.resampling import resample
from pipeline.sources.base import DensityFailure, DensityRecord
from pipeline.sources.materials_project.retry import Unreachable
from tests.standin.crystals import density_values, document, edge, stored_density
from tests.standin.materials_project import KEY, Fault, Standin

Workplace = Any
# Three crystals, of which the second is looked at.
IDS = (1, 2, 3)


def packed(value: object) -> bytes:
    return gzip.compress(json.dumps(value).encode(), mtime=0)


@pytest.fixture
def table(place: Workplace, standin: Standin) -> Any:
    for number in IDS:
        standin.add(number)
    return place.table()


def test_densities_are_resampled_exactly(place: Workplace, standin: Standin) -> None:
    for number in IDS:
        standin.add(number, grid=8 + number)
    frame = place.table().iloc[::-1]
    records = place.densities(frame)
    assert [record.material_id for record in records] == frame["material_id"].tolist()
    for record, number in zip(records, IDS[::-1], strict=True):
        wanted = resample(density_values(number, 8 + number), 10) / edge(number) ** 3
        np.testing.assert_allclose(record.density, wanted, rtol=1e-6)
        assert record.electrons == pytest.approx(4)
        assert record.provenance["grid_electrons"] == pytest.approx(4, rel=1e-6)


def test_provenance_of_every_crystal(place: Workplace, table: Any) -> None:
    for record in place.densities(table):
        about = record.provenance
        number = int(record.material_id.removeprefix("mp-"))
        assert about["task_id"] == f"mp-{1_000_000 + number}"
        assert about["object"] == f"chgcars/{about['task_id']}.json.gz"
        assert about["database_version"] == "2026.04.13"
        assert about["licence"] == "CC BY 4.0"
        assert about["md5"] == about["etag"] == hashlib.md5(stored_density(number)).hexdigest()
        assert len(str(about["queried"])) == 10


@pytest.mark.parametrize("kind", ["500", "503", "slowdown", "403", "refused", "cut", "corrupt"])
def test_an_object_that_fails_in_passing(
    place: Workplace, standin: Standin, table: Any, kind: str
) -> None:
    # The same wrong bytes twice would be the object's own.
    standin.faults = [Fault(kind, "mp-1000002", times=1 if kind == "corrupt" else 3)]
    records = place.densities(table)
    assert all(isinstance(record, DensityRecord) for record in records)
    assert not standin.faults[0].times


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (stored_density(2)[:-100], "gzip is cut short or damaged"),
        (stored_density(2)[:60] + b"\0" * 40 + stored_density(2)[100:], "gzip is cut short or dam"),
        (b"no gzip at all", "gzip is cut short or damaged"),
        (gzip.compress(b'{"data": {"poscar"', mtime=0), "no JSON"),
        (gzip.compress(b"\xff\xfe garbage", mtime=0), "no JSON"),
        (packed({"data": None}), "no charge density in it, but data: null"),
        (packed({"data": {"@class": "Locpot"}}), "no charge density in it, but another object"),
        (packed([1, 2]), "no charge density in it, but a list"),
        (packed({"data": {**document(2, 8)["data"], "data": {"total": 7.0}}}), "a total of shape"),
        (packed({"data": {**document(2, 8)["data"], "data": {"total": None}}}), "a total of"),
        (packed(document(2, 8, "Ge")), "its density is of a cell of Ge1, the crystal's holds Si1"),
        (packed({"data": {**document(2, 8)["data"], "data": {"total": [[[0.01]]]}}}), "electrons"),
    ],
    ids=lambda value: value if isinstance(value, str) else "object",
)
def test_an_object_that_is_no_density_is_recorded(
    place: Workplace, standin: Standin, content: bytes, reason: str
) -> None:
    for number in IDS:
        standin.add(number, content=content if number == 2 else b"")
    frame = place.table()
    first, failure, third = place.densities(frame)
    assert isinstance(failure, DensityFailure)
    assert failure.reason.startswith(reason) or reason in failure.reason
    assert {first.material_id, third.material_id} == {"mp-1", "mp-3"}
    # It is not fetched again to find the same.
    asked = standin.count("mp-1000002.json")
    assert place.densities(frame)[1] == failure
    assert standin.count("mp-1000002.json") == asked == 1


def test_no_magnetisation_is_needed(place: Workplace, standin: Standin) -> None:
    """`"diff": null` stands beside the total of a calculation without spin."""
    content = document(1, 8)
    content["data"]["data"]["diff"] = None
    standin.add(1, content=packed(content))
    assert isinstance(place.densities(place.table())[0], DensityRecord)


def test_an_object_that_is_gone(place: Workplace, standin: Standin, table: Any) -> None:
    standin.s3.delete_object(Bucket="materialsproject-parsed", Key="chgcars/mp-1000002.json.gz")
    failure = place.densities(table)[1]
    assert failure == DensityFailure("mp-2", "the bucket answers NoSuchKey (HTTP 404)")
    assert standin.count("mp-1000002.json") == 1


def test_an_object_that_was_replaced(place: Workplace, standin: Standin, table: Any) -> None:
    standin.put_object("mp-1000002", stored_density(5))
    assert "was replaced since it was listed" in place.densities(table)[1].reason


def test_bytes_that_arrive_wrong_twice_in_the_same_way(
    place: Workplace, standin: Standin, table: Any
) -> None:
    standin.faults = [Fault("corrupt", "mp-1000002", times=100)]
    assert "twice the same" in place.densities(table)[1].reason


def test_a_bucket_that_is_down_stops_and_keeps_what_came(
    place: Workplace, standin: Standin, table: Any
) -> None:
    standin.faults = [Fault("500", "mp-1000002", times=100)]
    with pytest.raises(
        Unreachable,
        match=r"1 of 3 densities did not come; chgcars/mp-1000002\.json.*run again later",
    ):
        place.densities(table)
    standin.faults = []
    assert len(place.densities(table)) == 3
    assert standin.count("mp-1000001.json") == standin.count("mp-1000003.json") == 1


def test_a_bucket_that_is_away_is_not_asked_for_every_crystal(
    place: Workplace, standin: Standin
) -> None:
    for number in range(1, 25):
        standin.add(number)
    frame = place.table()
    standin.faults = [Fault("503", "chgcars/mp-", times=10**9)]
    with pytest.raises(Unreachable, match="of 24 densities did not come"):
        place.densities(frame)
    # Two rounds of four threads with four tries each, and what was on its way.
    assert standin.count("chgcars/mp-") <= 3 * 4 * 4


def test_nothing_is_fetched_twice_and_a_damaged_part_is_mended(
    place: Workplace, standin: Standin, table: Any
) -> None:
    first = place.densities(table)
    assert standin.count("chgcars/mp-") == 3
    part = next(place.folder.glob("work/10-exact/mp-1000002-*.npz"))
    content = part.read_bytes()
    part.write_bytes(content[:300] + b"\0" * 50 + content[350:])
    again = place.densities(table)
    assert standin.count("chgcars/mp-") == 4
    assert part.read_bytes() == content
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.density, other.density)
        assert one.provenance == other.provenance


@pytest.mark.parametrize("keep", [True, False])
def test_raw_objects_are_kept_only_on_demand(
    place: Workplace, standin: Standin, table: Any, keep: bool
) -> None:
    place.densities(table, keep_raw=keep)
    raw = sorted(path.name for path in place.folder.glob("work/raw/*.gz"))
    assert raw == ([f"mp-{1_000_000 + number}.json.gz" for number in IDS] if keep else [])
    if keep:
        for part in place.folder.glob("work/10-exact/*"):
            part.unlink()
        place.densities(table, keep_raw=True)
        assert standin.count("chgcars/mp-") == 3


def test_no_key_is_needed(
    place: Workplace, table: Any, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MP_API_KEY")
    assert len(place.densities(table)) == 3
    assert all(KEY not in asked.headers.values() for asked in standin.asked if "chg" in asked.path)


def test_lost_electrons_are_a_reason(place: Workplace, standin: Standin) -> None:
    """A mode of index 10 stands for a constant on a grid of 10."""
    content = document(1, 24)
    x = np.cos(2 * np.pi * 10 * np.arange(24) / 24)
    values = np.asarray(content["data"]["data"]["total"]["data"]) + x[:, None, None]
    content["data"]["data"]["total"]["data"] = values.tolist()
    standin.add(1, content=packed(content))
    failure = place.densities(place.table())[0]
    assert "electrons on the grid of 10^3 points" in failure.reason
