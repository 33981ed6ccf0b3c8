"""Each crystal gets the density of its own calculation, whoever else asks for the object."""

import gzip
import json
from typing import Any

import numpy as np
import pytest

from pipeline.sources.base import DensityFailure, DensityRecord
from tests.standin.crystals import document, structure
from tests.standin.materials_project import Standin

Workplace = Any


def packed(value: object) -> bytes:
    return gzip.compress(json.dumps(value).encode(), mtime=0)


def in_cell(matrix: list[list[float]]) -> bytes:
    """The density of the first crystal, said to be of another cell."""
    content = document(1, 8)
    content["data"]["poscar"]["structure"]["lattice"] = {"matrix": matrix}
    return packed(content)


def share_object(standin: Standin, element: str) -> None:
    """Silicon, and a crystal whose calculation is said to be silicon's."""
    standin.add(1)
    other = standin.add(2, element=element, structure=structure(1, element))
    standin.core[other]["calc_types"] = {"mp-1000001": "GGA Static"}
    standin.core[other]["origins"] = []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_kept_density_is_not_handed_to_another_crystal(
    place: Workplace, standin: Standin, order: tuple[int, int]
) -> None:
    share_object(standin, "Ge")
    frame = place.table()
    assert frame["task_id"].tolist() == ["mp-1000001"] * 2
    # One after the other, as in two shards: the second finds what the first has kept.
    found = [place.densities(frame.iloc[[row]])[0] for row in order]
    silicon, germanium = (found[order.index(row)] for row in (0, 1))
    assert isinstance(silicon, DensityRecord)
    assert germanium == DensityFailure(
        "mp-2", "mp-2: its density is of a cell of Si1, the crystal's holds Ge1"
    )
    assert standin.count("mp-1000001.json") == 1


@pytest.mark.parametrize("keep_raw", [False, True])
def test_two_crystals_of_one_object_in_one_shard(
    place: Workplace, standin: Standin, keep_raw: bool
) -> None:
    share_object(standin, "Si")
    one, other = place.densities(place.table(), keep_raw=keep_raw)
    np.testing.assert_array_equal(one.density, other.density)
    assert (one.material_id, other.material_id) == ("mp-1", "mp-2")
    assert standin.count("mp-1000001.json") == 1


EDGE = structure(1)["lattice"]["matrix"][0][0]


@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        ((1.3 * EDGE * np.eye(3)).tolist(), "edges 3.9013"),
        ((1.015 * EDGE * np.eye(3)).tolist(), "edges 3.0460"),
        # Fcc with edges of the same length.
        ((EDGE / 2**0.5 * (1 - np.eye(3))).tolist(), "angles 60.00, 60.00, 60.00"),
    ],
    ids=["+30%", "+1.5%", "fcc"],
)
def test_a_density_of_another_cell_is_left_out(
    place: Workplace, standin: Standin, matrix: list[list[float]], seen: str
) -> None:
    standin.add(1, content=in_cell(matrix))
    standin.add(2)
    failure, whole = place.densities(place.table())
    assert failure.reason.startswith("mp-1: its density is of a cell with")
    assert seen in failure.reason
    assert f"the crystal's has edges {EDGE:.4f}" in failure.reason
    assert isinstance(whole, DensityRecord)


def test_the_cell_may_lie_otherwise_and_differ_a_little(place: Workplace, standin: Standin) -> None:
    turned = 1.004 * EDGE * np.array([[0, 0.6, 0.8], [0, -0.8, 0.6], [1, 0, 0]])
    standin.add(1, content=in_cell(turned.tolist()))
    record = place.densities(place.table())[0]
    assert isinstance(record, DensityRecord)
    # The electrons are counted in the cell that they were computed in.
    assert record.provenance["volume"] == pytest.approx((1.004 * EDGE) ** 3)
    assert record.provenance["grid_electrons"] == pytest.approx(4, rel=1e-6)


def test_an_object_of_another_calculation(place: Workplace, standin: Standin) -> None:
    """Some objects name their calculation: here the name of the file belies it."""
    content = {**document(1, 8), "task_id": "mp-77"}
    standin.add(1, content=packed(content))
    failure = place.densities(place.table())[0]
    assert "chgcars/mp-1000001.json.gz says it is of the calculation mp-77" in failure.reason


@pytest.mark.parametrize(
    ("calculations", "structure_from", "reason"),
    [
        (
            {"mp-1000001": "GGA Static", "mp-5": "r2SCAN Structure Optimization"},
            "mp-5",
            "comes from another functional (mp-5: r2SCAN Structure Optimization)",
        ),
        (
            {"mp-1000001": "GGA Static", "mp-5": "r2SCAN Structure Optimization"},
            None,
            "may come from another functional (mp-5: r2SCAN Structure Optimization)",
        ),
        ({"mp-1000001": "GGA Static"}, "mp-6", "mp-6, of which the service lists no type"),
        ({"mp-1000001": "r2SCAN Static"}, "mp-1000001", "no static GGA or GGA+U calculation"),
        ({"mp-1000001": "PBEsol Static"}, "mp-1000001", "no static GGA or GGA+U calculation"),
        ({"mp-1000001": "GGA Static", "mp-5": "r2SCAN Static"}, "mp-1000001", None),
        ({"mp-1000001": "GGA+U Static", "mp-5": "GGA Structure Optimization"}, None, None),
    ],
)
def test_only_one_functional_for_cell_and_density(
    place: Workplace,
    standin: Standin,
    calculations: dict[str, str],
    structure_from: str | None,
    reason: str | None,
) -> None:
    material = standin.add(1)
    standin.add(2)
    standin.core[material]["calc_types"] = calculations
    standin.core[material]["origins"] = (
        None if structure_from is None else [{"name": "structure", "task_id": structure_from}]
    )
    source = place.source()
    ids = source.crystals()["material_id"].tolist()
    assert ids == (["mp-2"] if reason else ["mp-1", "mp-2"])
    assert (reason or "") in source.left_out.get("mp-1", "")


def test_a_bomb_is_not_unpacked(place: Workplace, standin: Standin) -> None:
    """A gigabyte of numbers in a megabyte, for a crystal whose density needs some 30 MB."""
    numbers = b'{"data": {"data": {"total": [[[' + b"0.0," * 2**24 + b"0.0]]]}}}"
    standin.add(1, content=gzip.compress(numbers, 1, mtime=0))
    standin.add(2)
    frame = place.table()
    failure, whole = place.densities(frame)
    assert "unpacks to more than the 2" in failure.reason
    assert isinstance(whole, DensityRecord)
    assert place.densities(frame)[0] == failure
    assert standin.count("mp-1000001.json") == 1


def test_what_was_too_large_for_one_crystal_is_looked_at_for_a_larger_one(
    place: Workplace, standin: Standin
) -> None:
    """The smaller one asked first; what is kept must not speak for the other."""
    large = structure(2)
    for axis in range(3):
        large["lattice"]["matrix"][axis][axis] *= 3
    content = document(2, 8)
    content["data"]["poscar"]["structure"] = large
    # 32 MB of blanks: more than a density of the smaller cell can need.
    text = json.dumps(content).encode() + b" " * 2**25
    standin.add(2, structure=large, content=gzip.compress(text, 1, mtime=0))
    small = standin.add(1)
    standin.core[small]["calc_types"] = {"mp-1000002": "GGA Static"}
    standin.core[small]["origins"] = []
    frame = place.table()
    assert "unpacks to more than" in place.densities(frame.iloc[[0]])[0].reason
    assert isinstance(place.densities(frame.iloc[[1]])[0], DensityRecord)
    assert "edges 9.0" in place.densities(frame.iloc[[0]])[0].reason


def test_a_flipped_byte_in_a_kept_density_is_never_a_value(
    place: Workplace, standin: Standin
) -> None:
    standin.add(1)
    frame = place.table()
    record = place.densities(frame)[0]
    part = next(place.folder.glob("work/10-exact/*.npz"))
    whole = part.read_bytes()
    from pipeline.sources.materials_project.parts import Parts, stored_objects

    objects = stored_objects({name: frame[name].to_numpy() for name in frame})
    parts = Parts(place.folder / "work", 10, "exact")
    for position in (*range(0, len(whole), 41), *range(len(whole) - 400, len(whole))):
        damaged = bytearray(whole)
        damaged[position] ^= 0x41
        part.write_bytes(damaged)
        found = parts.read(objects["mp-1"])
        if found is not None:
            np.testing.assert_array_equal(found.density, record.density, str(position))
            assert found.facts["electrons"] == record.electrons
