"""A given crystal system decides groups, structures and networks, not the lattice alone."""

from dataclasses import replace
from pathlib import Path

import gemmi
import pytest
from pymatgen.core import Lattice, Structure

import crystalnet
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.lattice.kinds import crystal_system_of
from crystalnet.solving.symmetry.frames import frames_of

ZINC_OXIDE = Structure.from_spacegroup(
    "P6_3mc",
    Lattice.hexagonal(3.25, 5.207),
    ["Zn", "O"],
    [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
)


@pytest.fixture(scope="module")
def wurtzite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pattern = powder_pattern(Crystal.from_structure(ZINC_OXIDE), 1.5406, (20.0, 90.0))
    file = tmp_path_factory.mktemp("wurtzite") / "wurtzite.csv"
    peaks = zip(pattern.two_theta, pattern.intensity, strict=True)
    file.write_text("".join(f"{place:.4f},{area:.3f}\n" for place, area in peaks))
    return file


def test_systems_of_groups_are_gemmis() -> None:
    for number in range(1, 231):
        group = gemmi.find_spacegroup_by_number(number)
        assert crystal_system_of(number) == group.crystal_system_str()


def test_groups_of_a_lattice_are_those_of_the_system() -> None:
    (hexagonal,) = conventional_lattices("hexagonal", 3.25, 5.21)
    (rhombohedral,) = conventional_lattices("trigonal", 4.99, 17.06)
    assert {crystal_system_of(number) for number in hexagonal.groups} == {"trigonal", "hexagonal"}
    assert hexagonal.crystal_systems == ("hexagonal", "trigonal")
    known = replace(hexagonal, crystal_system="hexagonal")
    assert known.groups == tuple(range(168, 195))
    assert known.crystal_systems == ("hexagonal",)
    trigonal = replace(hexagonal, crystal_system="trigonal")
    both = [*trigonal.groups, *replace(rhombohedral, crystal_system="trigonal").groups]
    assert sorted(both) == list(range(143, 168))
    assert {frame.group.number for frame in frames_of(known)} <= set(range(168, 195))
    assert {frame.group.number for frame in frames_of(trigonal)} <= set(range(143, 168))


@pytest.mark.parametrize("lattice", [(3.25, 5.207), (3.25, 3.25, 5.207), None])
def test_a_wurtzite_is_hexagonal(wurtzite: Path, lattice: tuple[float, ...] | None) -> None:
    solution = crystalnet.solve(
        wurtzite, wavelength="CuKa1", formula="ZnO", system="hexagonal", lattice=lattice,
        peaks=True, effort=0.05,
    )  # fmt: skip
    first = solution.candidates[0]
    assert (first.space_group_symbol, first.system, first.centring) == ("P6_3mc", "hexagonal", "P")
    assert {each.system for each in solution.candidates} == {"hexagonal"}


def test_a_wurtzite_is_never_called_trigonal(wurtzite: Path) -> None:
    solution = crystalnet.solve(
        wurtzite, wavelength="CuKa1", formula="ZnO", system="trigonal", lattice=(3.25, 5.207),
        peaks=True, effort=0.05,
    )  # fmt: skip
    # Trigonal structures of nearly the same pattern are there, but none that is hexagonal.
    assert {each.system for each in solution.candidates} == {"trigonal"}
    assert all(143 <= each.space_group <= 167 for each in solution.candidates)


def test_a_system_and_a_lattice_of_another_are_one_clear_error(wurtzite: Path) -> None:
    with pytest.raises(CrystalNetError, match="is cubic, but the crystal system is hexagonal"):
        crystalnet.solve(
            wurtzite, wavelength="CuKa1", formula="ZnO", system="hexagonal", lattice=5.2, peaks=True
        )
    with pytest.raises(CrystalNetError, match=r"no lattice of a = 4.1 A, c = 5.207 A explains"):
        crystalnet.solve(
            wurtzite, wavelength="CuKa1", formula="ZnO", lattice=(4.1, 4.1, 5.207), peaks=True,
            system="hexagonal",
        )  # fmt: skip


def test_networks_are_those_of_the_system(wurtzite: Path) -> None:
    told = {
        system: crystalnet.predict(
            wurtzite, formula="ZnO", wavelength="CuKa1", system=system, lattice=(3.25, 5.207),
            peaks=True, guesses=1, grid=16,
        ).told["system"]
        for system in ("hexagonal", "trigonal")
    }  # fmt: skip
    assert told == {"hexagonal": "hexagonal", "trigonal": "trigonal"}
