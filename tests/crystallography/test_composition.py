import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Element

from crystalnet.crystallography.composition import (
    ELEMENTS,
    FORMS,
    SHARES,
    composition_input,
    formula_fractions,
    molar_fractions,
)
from crystalnet.errors import CrystalNetError

ATOMS = st.lists(st.integers(1, 118), min_size=1, max_size=40).map(
    lambda numbers: np.array(numbers, dtype=np.int64)
)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_water() -> None:
    fractions = molar_fractions(np.array([8, 1, 1]))
    assert fractions.shape == (119,)
    assert {int(z): float(fractions[z]) for z in np.flatnonzero(fractions)} == {1: 2 / 3, 8: 1 / 3}


def test_formula() -> None:
    fractions = formula_fractions("Gd2Hf2O7")
    expected = np.zeros(ELEMENTS)
    expected[[64, 72, 8]] = [2 / 11, 2 / 11, 7 / 11]
    np.testing.assert_allclose(fractions, expected, atol=1e-15)
    np.testing.assert_allclose(formula_fractions("Ca(OH)2")[[20, 8, 1]], [0.2, 0.4, 0.4])


@given(ATOMS)
def test_atoms_and_their_formula_agree(atomic_numbers: np.ndarray) -> None:
    fractions = molar_fractions(atomic_numbers)
    assert fractions[0] == 0
    assert fractions.sum() == pytest.approx(1)
    symbols, counts = np.unique(
        [Element.from_Z(int(z)).symbol for z in atomic_numbers], return_counts=True
    )
    formula = "".join(f"{symbol}{count}" for symbol, count in zip(symbols, counts, strict=True))
    np.testing.assert_allclose(formula_fractions(formula), fractions, atol=1e-12)


@given(ATOMS, st.integers(0, 2**32 - 1))
def test_the_four_forms(atomic_numbers: np.ndarray, seed: int) -> None:
    fractions = molar_fractions(atomic_numbers)
    present = fractions > 0
    forms = {
        form: composition_input(fractions, form, generator(seed))
        for form in ("baseline", "no_ratios", "drop_element", "no_formula")
    }
    np.testing.assert_array_equal(forms["baseline"], fractions)
    np.testing.assert_array_equal(forms["no_ratios"], present.astype(float))
    assert not forms["no_formula"].any()
    left = forms["drop_element"]
    assert left.sum() == max(1, present.sum() - 1)
    assert (left <= forms["no_ratios"]).all()
    np.testing.assert_array_equal(
        left, composition_input(fractions, "drop_element", generator(seed))
    )


def test_every_element_may_be_dropped_equally_often() -> None:
    fractions, draws = formula_fractions("BaTiO3"), generator()
    dropped = 300 - sum(composition_input(fractions, "drop_element", draws) for _ in range(300))
    # Each count is binomial(300, 1/3): 100 with a standard deviation of 8.
    assert (np.abs(dropped[[56, 22, 8]] - 100) < 40).all()


def test_the_input_is_left_as_it_was() -> None:
    fractions = formula_fractions("NaCl")
    composition_input(fractions, "baseline", generator())[:] = 5
    np.testing.assert_array_equal(fractions, formula_fractions("NaCl"))


@pytest.mark.parametrize(
    ("hydrate", "plain"),
    [
        ("CaSO4.2H2O", "CaSO4(H2O)2"),
        ("CuSO4\u00b75H2O", "CuSO4(H2O)5"),
        ("MgCl2*6 H2O", "MgCl2(H2O)6"),
        ("CaSO4.0.5H2O", "Ca2S2O8H2O"),
        ("2CaSO4\u00b7H2O", "Ca2S2O8H2O"),
        ("Mg(OH)2.H2O", "Mg(OH)2H2O"),
        ("CaCl2.2D2O", "CaCl2(H2O)2"),
        # A point between digits is a decimal one, unless water follows it.
        ("Ca0.5Mg0.5O", "CaMgO2"),
        ("Li0.5H2O", "LiH4O2"),
    ],
)
def test_water_of_crystallisation(hydrate: str, plain: str) -> None:
    np.testing.assert_allclose(formula_fractions(hydrate), formula_fractions(plain))


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "  ",
        "2",
        "Xx2O3",
        "H2O)",
        "(",
        "gd2o3",
        "H2O@",
        "CaSO4\u00b7",
        "Fe-3",
        "Fe0",
        "Fe1e400",
        "Na+",
    ],
)
def test_an_impossible_formula_is_refused(formula: str) -> None:
    with pytest.raises(CrystalNetError, match=r"the formula .*; want element symbols"):
        formula_fractions(formula)


@pytest.mark.parametrize("numbers", [[], [0, 8], [8, 119], [-1]])
def test_impossible_atoms_are_refused(numbers: list[int]) -> None:
    with pytest.raises(CrystalNetError, match="want at least one atom"):
        molar_fractions(np.array(numbers, dtype=np.int64))


def test_the_forms_of_a_training_are_drawn_with_shares_of_one() -> None:
    assert len(SHARES) == len(FORMS) == len(set(FORMS))
    assert sum(SHARES) == pytest.approx(1)
