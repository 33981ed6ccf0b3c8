"""What is known of a composition."""

import pytest

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError


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


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("SiO\N{SUBSCRIPT TWO}", "SiO2"),
        ("Gd\N{SUBSCRIPT TWO}Hf\N{SUBSCRIPT TWO}O\N{SUBSCRIPT SEVEN}", "Gd2Hf2O7"),
        ("D2O", "H2O"),
        ("Ca(OD)2", "CaO2H2"),
        ("Na10Cl10", "NaCl"),
        ("Ca0.50Mg0.5O1.0", "CaMgO2"),
    ],
)
def test_ways_to_write_a_formula(formula, same):
    assert KnownComposition.from_formula(formula) == KnownComposition.from_formula(same)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Na0Cl", "amount of 0"),
        ("Na0.0Cl", "amount of 0"),
        ("(Na)0Cl", "amount of 0"),
        ("Na.0Cl", "amount of 0"),
        ("Na1e9Cl", "1e\\+09 atoms; want at most 1000"),
        ("NaCl0.00001", "want at most 1000"),
        ("Na1e400Cl", "holds no atoms"),
        ("Na1e99999999Cl", "formula"),
        ("NaCl2.5(", "cannot be read"),
        ("Xx", "cannot be read"),
        ("Na-1Cl", "cannot be read"),
        ("{x}", "cannot be read"),
        ("(" * 150 + "Na" + ")" * 150, "302 characters"),
        ("((((" * 20 + "Na", "cannot be read"),
    ],
)
def test_formulas_that_make_no_sense_are_one_line(formula, message):
    with pytest.raises(CrystalNetError, match=message) as caught:
        KnownComposition.from_formula(formula)
    assert len(str(caught.value).splitlines()) == 1
