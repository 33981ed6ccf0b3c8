"""Distances by pair of elements: of which crystals they are, and that the table is read back."""

import numpy as np
import pytest

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.symmetry import known_distances as table
from pipeline.steps.known_distances import FEWEST, known

EDGES = np.linspace(5.2, 5.8, FEWEST)


def rock_salt(edge: float) -> Crystal:
    lattice = edge / 2 * (1 - np.eye(3))
    return Crystal("NaCl", lattice, np.array([17, 11]), np.array([[0.0] * 3, [0.5] * 3]))


def test_the_shortest_is_of_training_crystals_and_the_ends_are_of_all() -> None:
    crystals = [(rock_salt(edge), edge > 5.3) for edge in EDGES]
    # Atoms of one element are too far from each other to be told.
    (pair,) = (row for _, row in known(crystals).iterrows())
    assert pair[["one", "other"]].tolist() == ["Na", "Cl"]
    training = EDGES[EDGES > 5.3]
    assert pair["crystals"] == len(training)
    assert pair["shortest"] == pytest.approx(training.min() / 2)
    wanted = [np.percentile(EDGES / 2, share) for share in (5, 50, 95)]
    assert pair[["least", "usual", "largest"]].tolist() == pytest.approx(wanted)


def test_few_crystals_are_no_distribution() -> None:
    rows = known([(rock_salt(edge), True) for edge in EDGES[1:]])
    assert rows[["least", "usual", "largest"]].isna().all(axis=None)


def test_the_table_that_comes_along_is_one_that_the_step_writes() -> None:
    lines = table.TABLE.read_text().splitlines()
    assert lines[0] == ",".join(known([(rock_salt(5.6), True)]).columns)
    assert table.known_distances(17, 11) == table.known_distances(11, 17)
    salt = table.known_distances(11, 17)
    assert salt.shortest is not None
    assert salt.nearest is not None
    assert salt.shortest <= salt.nearest[0] <= 2.82 <= salt.nearest[2]
    assert table.known_distances(2, 86) == (0, None, None)
