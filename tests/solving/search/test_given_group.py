"""A space group that was given: allowed, or one clear line of what would be."""

import pytest
from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.question import Question
from crystalnet.solving.search.cell_contents import check_room
from crystalnet.solving.search.given_group import (
    group_number,
    lattices_of_group,
    lattices_with_places,
)

CU = 1.5406
RUTILE = Structure.from_spacegroup(
    "P4_2/mnm", Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
)


@pytest.fixture(scope="module")
def peaks() -> MeasuredPeaks:
    pattern = powder_pattern(Crystal.from_structure(RUTILE), CU, (10.0, 90.0))
    return MeasuredPeaks(pattern.two_theta, pattern.intensity, CU, (10.0, 90.0))


def lattices() -> list[IndexedLattice]:
    return [conventional_lattices("tetragonal", 4.594, 2.959)[-1]]


@pytest.mark.parametrize(
    ("name", "number"),
    [(62, 62), ("62", 62), ("Pnma", 62), ("P b n m", 62), ("P2_1/c", 14), ("P21/n", 14),
     ("Fd-3m", 227), ("R-3c", 167)],
)  # fmt: skip
def test_groups_by_number_or_symbol(name: str | int, number: int) -> None:
    assert group_number(name) == number


@pytest.mark.parametrize("name", [0, 231, "", "Pxyz", "-3"])
def test_what_is_no_group_is_said(name: str | int) -> None:
    with pytest.raises(CrystalNetError, match="want a number from 1 to 230, or a symbol such as"):
        group_number(name)


def test_a_group_of_another_system_contradicts_the_system() -> None:
    assert Question(space_group="Pnma", system="orthorhombic").group == 62
    with pytest.raises(
        CrystalNetError, match=r"Pnma, orthorhombic P\) and the crystal system cubic"
    ):
        Question(space_group="Pnma", system="cubic")


def test_a_group_that_lattice_and_pattern_allow_is_taken(peaks: MeasuredPeaks) -> None:
    for number in (136, 102, 118, 123):
        assert lattices_of_group(lattices(), number, peaks)[0].centring == "P"


def test_a_group_of_another_lattice_is_told_what_would_fit(peaks: MeasuredPeaks) -> None:
    with pytest.raises(
        CrystalNetError, match=r"225 \(Fm-3m, cubic F\) is of none .* want one of 75"
    ):
        lattices_of_group(lattices(), 225, peaks)
    # The peaks are not those of a body-centred lattice.
    with pytest.raises(CrystalNetError, match=r"139 \(I4/mmm, tetragonal I\) is of none"):
        lattices_of_group(lattices(), 139, peaks)


def test_a_group_whose_absences_the_pattern_breaks_is_told_what_would_fit(
    peaks: MeasuredPeaks,
) -> None:
    # P4/nbm lacks hk0 of odd h + k, and 210 is one of the lines of rutile.
    with pytest.raises(CrystalNetError, match="forbids reflections that are strong") as raised:
        lattices_of_group(lattices(), 125, peaks)
    told = str(raised.value).split("want one of ")[1].split(", ")
    assert {"136", "123"} <= set(told)
    assert "125" not in told


def test_a_group_without_places_for_the_atoms_is_told_which_have_some(peaks: MeasuredPeaks) -> None:
    # Every position of P4_1 holds four atoms, and the cell of rutile two of titanium.
    formula = KnownComposition.from_formula("TiO2")
    with pytest.raises(
        CrystalNetError, match=r"has no places .* O4Ti2 or .*: .* hold 4 atoms"
    ) as raised:
        lattices_with_places(lattices(), 76, formula, peaks)
    told = str(raised.value).split("want one of ")[1].split(", ")
    assert {"136", "102"} <= set(told)
    assert not {"76", "91"} & set(told)
    assert len(lattices_with_places(lattices(), 136, formula, peaks)) == 1
    # Where nothing is known of the composition, nothing is refused.
    unknown = KnownComposition((), complete=False)
    assert len(lattices_with_places(lattices(), 76, unknown, peaks)) == 1


def test_a_cell_without_room_for_a_formula_unit_is_said() -> None:
    volume = RUTILE.volume
    check_room(KnownComposition.from_formula("TiO2"), [volume])
    with pytest.raises(CrystalNetError, match=r"O7Ti3Ba2 take about \d+ A\^3, .* has 20; want"):
        check_room(KnownComposition.from_formula("Ba2Ti3O7"), [20.0])
    check_room(KnownComposition.from_elements(["Ba"]), [1.0])
