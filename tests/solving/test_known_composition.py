"""What is known of a composition."""

import pytest

from crystalnet.errors import CrystalNetError
from crystalnet.solving.known_composition import KnownComposition


def test_formula_keeps_only_its_ratios():
    known = KnownComposition.from_formula("Gd4Hf4O14")
    assert known == KnownComposition((8, 64, 72), (7, 2, 2))
    assert KnownComposition.from_formula("Ca0.5Mg0.5O") == KnownComposition.from_formula("CaMgO2")


def test_elements_in_any_order():
    assert KnownComposition.from_elements(["Si", "O", "O"]) == KnownComposition((8, 14))
    assert not KnownComposition.from_elements(["Si"], complete=False).complete


@pytest.mark.parametrize("formula", ["Fe0.947O", "xyz", ""])
def test_formulas_refused(formula):
    with pytest.raises(CrystalNetError, match=r"formula|ratios"):
        KnownComposition.from_formula(formula)


def test_no_element():
    with pytest.raises(CrystalNetError, match="'Xx' is no element"):
        KnownComposition.from_elements(["Si", "Xx"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((14, 8),), "in order"),
        (((8, 119),), "1 to 118"),
        (((),), "without elements"),
        (((8, 14), (2,)), "one of at least 1"),
        (((8,), (0,)), "one of at least 1"),
        (((8,), (1,), False), "not complete"),
    ],
)
def test_contradictions(arguments, message):
    with pytest.raises(CrystalNetError, match=message):
        KnownComposition(*arguments)
