"""Charges that add up to none, beside pymatgen's guesses."""

import pytest
from pymatgen.core import Composition

from crystalnet.solving.verdict.charges import balanced


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("NaCl", True), ("NaCl2", False), ("Fe3O4", True), ("FeS2", True), ("BaSO4", True),
        ("CaCO3", True), ("Al2O3", True), ("Mg2O3", False), ("SiO2", True), ("AlO2", False),
        ("NaO4", False), ("KMnO4", True),
    ],
)  # fmt: skip
def test_formulas_of_ions(formula: str, expected: bool) -> None:
    composition = Composition(formula)
    counts = {element.Z: int(count) for element, count in composition.items()}
    assert balanced(counts) is expected
    if formula != "FeS2":  # pymatgen guesses no S2 pairs
        assert bool(composition.oxi_state_guesses()) is expected


@pytest.mark.parametrize("counts", [{14: 1}, {67: 1, 5: 2}, {29: 3, 79: 1}])
def test_elements_and_alloys_have_no_ions(counts: dict[int, int]) -> None:
    assert balanced(counts) is None
