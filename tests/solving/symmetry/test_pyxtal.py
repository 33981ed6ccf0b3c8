"""Wyckoff positions of all 230 groups against the table that pyxtal carries.

It is that of the Bilbao Crystallographic Server, so that neither gemmi nor spglib, of which ours
are made, has a part in it. `pip install --no-deps pyxtal` is enough: nothing of it is imported.
"""

import csv
import importlib.util
import json
import re
from pathlib import Path

import gemmi
import numpy as np
import pytest

from crystalnet.solving.lattice.cells import centring_vectors
from crystalnet.solving.search.analogues import on_position
from crystalnet.solving.symmetry.wyckoff import space_group

FOUND = importlib.util.find_spec("pyxtal")
GENERIC = np.array([0.1273, 0.3391, 0.2207])


@pytest.fixture(scope="module")
def listed() -> dict[int, list[list[str]]]:
    """By group: the points of each position, such as "x, -x+1/2, 1/4"."""
    assert FOUND is not None
    assert FOUND.origin is not None
    path = Path(FOUND.origin).parent / "database" / "wyckoff_list.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return {int(number): json.loads(told.replace("'", '"')) for number, told in rows[2:]}


def point(told: str) -> np.ndarray:
    """A point at the generic values of x, y and z."""
    op = gemmi.Op(re.sub(r"(\d)([xyz])", r"\1*\2", told.replace(" ", "")))
    return (np.array(op.rot) @ GENERIC + np.array(op.tran)) / gemmi.Op.DEN


@pytest.mark.slow
@pytest.mark.skipif(FOUND is None, reason="pyxtal is not installed")
@pytest.mark.parametrize("number", range(1, 231))
def test_positions_are_those_of_pyxtal(number: int, listed: dict[int, list[list[str]]]) -> None:
    group = space_group(number)
    centring = centring_vectors(group.centring)
    # Theirs are of the second choice of origin.
    shift = np.array(gemmi.find_spacegroup_by_number(number).basisop.tran) / gemmi.Op.DEN
    theirs = {}
    for row, told in enumerate(listed[number]):
        points = (np.array([point(each) for each in told]) + shift) % 1
        freedom = len(set(re.findall("[xyz]", " ".join(told))))
        for place, position in enumerate(group.positions):
            if (position.multiplicity, position.freedom) != (len(points), freedom):
                continue
            values = on_position(points, position, 1e-9)
            if values is None:
                continue
            own = (position.orbit(values[None])[0][:, None] + centring).reshape(-1, 3)
            apart = own[:, None] - points
            nearest = np.abs(apart - np.rint(apart)).max(axis=2).min(axis=1)
            assert nearest.max() < 1e-9
            theirs.setdefault(row, place)
    assert sorted(theirs.values()) == list(range(len(group.positions)))
    assert len(theirs) == len(listed[number])
