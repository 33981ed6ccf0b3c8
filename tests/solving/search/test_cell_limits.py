"""Formula units and density leave those contents that have them."""

from pathlib import Path

import pytest

import crystalnet
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.search.cell_limits import (
    FREE,
    CellLimits,
    check_limits,
    contents_within,
)

HALITE = Path(__file__).resolve().parents[3] / "data" / "measured_patterns" / "rockjock_halite.xy"
SALT = KnownComposition.from_formula("NaCl")


def cubic(centring: str, edge: float = 5.64) -> IndexedLattice:
    return next(e for e in conventional_lattices("cubic", edge) if e.centring == centring)


def test_units_are_of_the_conventional_cell() -> None:
    four = CellLimits(units=4)
    assert contents_within(four, SALT, cubic("F")) == [{11: 1, 17: 1}]
    assert contents_within(four, SALT, cubic("I")) == [{11: 2, 17: 2}]
    assert contents_within(four, SALT, cubic("P")) == [{11: 4, 17: 4}]
    assert contents_within(CellLimits(units=2), SALT, cubic("F")) == []


def test_a_density_is_right_to_a_tenth() -> None:
    assert contents_within(CellLimits(density=2.16), SALT, cubic("P")) == [{11: 4, 17: 4}]
    assert contents_within(CellLimits(density=2.0), SALT, cubic("F")) == [{11: 1, 17: 1}]
    assert contents_within(CellLimits(density=1.8), SALT, cubic("F")) == []
    # Elements alone: every mixture that is as heavy.
    elements = KnownComposition.from_elements(["Na", "Cl"])
    found = contents_within(CellLimits(density=2.16), elements, cubic("P"))
    assert {11: 4, 17: 4} in found
    assert len(found) < len(contents_within(FREE, elements, cubic("P")))


def test_limits_that_fit_no_lattice_are_told() -> None:
    with pytest.raises(CrystalNetError, match=r"Z = 3 fits none of the lattices \(cubic F of 179"):
        check_limits(CellLimits(units=3), SALT, [cubic("F")])
    check_limits(FREE, SALT, [cubic("F")])
    for wrong in ({"units": 0}, {"units": 2000}, {"density": 0.0}, {"density": float("nan")}):
        with pytest.raises(CrystalNetError, match="want"):
            CellLimits(**wrong)


def test_a_pattern_is_solved_within_them() -> None:
    solution = crystalnet.solve(
        HALITE, wavelength="CuKa", formula="NaCl", lattice=5.64, effort=0.05, units=4, density=2.16
    )
    assert solution.candidates[0].space_group == 225
    assert solution.told["formula_units"] == 4
    with pytest.raises(CrystalNetError, match=r"Z = 7 and 2\.16 g/cm\^3 fits none"):
        crystalnet.solve(
            HALITE, wavelength="CuKa", formula="NaCl", lattice=5.64, effort=0.05, units=7,
            density=2.16,
        )  # fmt: skip
