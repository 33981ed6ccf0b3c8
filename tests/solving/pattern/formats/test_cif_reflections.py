"""Structure factors in a CIF are turned into what a powder shows of them."""

import itertools
from pathlib import Path

import gemmi
import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.file import PatternFile, read_pattern

WAVELENGTH = 1.5406
QUARTZ = Structure.from_spacegroup(
    "P3_221", Lattice.hexagonal(4.913, 5.405), ["Si", "O"],
    [[0.4697, 0, 2 / 3], [0.4135, 0.2669, 0.7858]],
)  # fmt: skip
HALITE = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
CASES = {"quartz": (QUARTZ, "P 32 2 1"), "halite": (HALITE, "F m -3 m")}


def factors(structure: Structure) -> dict[tuple[int, int, int], float]:
    """gemmi's |F|^2 of all reflections with d above 1 A."""
    small = gemmi.SmallStructure()
    small.cell = gemmi.UnitCell(*structure.lattice.parameters)
    for number, site in enumerate(structure):
        atom = gemmi.SmallStructure.Site()
        atom.label, atom.element = f"A{number}", gemmi.Element(site.specie.symbol)
        atom.type_symbol, atom.occ = site.specie.symbol, 1.0
        atom.fract = gemmi.Fractional(*map(float, site.frac_coords))
        small.add_site(atom)
    calculator = gemmi.StructureFactorCalculatorX(small.cell)
    found = {}
    for hkl in itertools.product(range(-6, 7), repeat=3):
        if hkl != (0, 0, 0) and small.cell.calculate_d(hkl) > 1.0:
            found[hkl] = abs(calculator.calculate_sf_from_small_structure(small, hkl)) ** 2
    return found


def write(
    path: Path,
    structure: Structure,
    group: str | None,
    *,
    item: str = "_refln_F_squared_meas",
    unique: bool = True,
    columns: bool = False,
) -> Path:
    """A CIF of structure factors, of unique reflections or of all; with d and multiplicity."""
    squared = factors(structure)
    operations = gemmi.SpaceGroup(group or "P 1").operations()
    lines = ["data_x"]
    for name, value in zip(("a", "b", "c"), structure.lattice.abc, strict=True):
        lines.append(f"_cell_length_{name} {value}")
    for name, value in zip(("alpha", "beta", "gamma"), structure.lattice.angles, strict=True):
        lines.append(f"_cell_angle_{name} {value}")
    if group:
        lines.append(f"_symmetry_space_group_name_H-M '{group}'")
    lines += ["loop_", "_refln_index_h", "_refln_index_k", "_refln_index_l", item]
    lines += ["_refln_d_spacing", "_refln_symmetry_multiplicity"] if columns else []
    seen: set[tuple[int, ...]] = set()
    for hkl, value in squared.items():
        family = {tuple(op.apply_to_hkl(hkl)) for op in operations.sym_ops}
        family |= {tuple(-index for index in each) for each in family}
        if unique and seen & family:
            continue
        seen |= {hkl}
        shown = value if "squared" in item else value**0.5
        row = f"{hkl[0]} {hkl[1]} {hkl[2]} {shown:.6g}"
        spacing = gemmi.UnitCell(*structure.lattice.parameters).calculate_d(hkl)
        lines.append(row + (f" {spacing:.7f} {len(family)}" if columns else ""))
    path.write_text("\n".join(lines) + "\n")
    return path


def agrees(found: PatternFile, structure: Structure) -> None:
    """With pymatgen's pattern, whose form factors differ by a percent or so."""
    wanted = XRDCalculator(WAVELENGTH).get_pattern(structure, two_theta_range=(0, 100))
    assert found.is_peaks
    areas = np.array([found.intensity[np.abs(found.two_theta - x) < 0.02].sum() for x in wanted.x])
    assert areas.sum() == pytest.approx(found.intensity[found.two_theta < 100].sum(), rel=1e-3)
    np.testing.assert_allclose(100 * areas / areas.max(), wanted.y, atol=1.5)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("item", ["_refln_F_squared_meas", "_refln_F_meas", "_refln_F_calc"])
def test_unique_reflections_and_a_space_group(tmp_path: Path, name: str, item: str) -> None:
    structure, group = CASES[name]
    path = write(tmp_path / "x.cif", structure, group, item=item)
    agrees(read_pattern(path, wavelength=WAVELENGTH), structure)


@pytest.mark.parametrize("name", CASES)
def test_equivalent_rows_count_once(tmp_path: Path, name: str) -> None:
    structure, group = CASES[name]
    path = write(tmp_path / "x.cif", structure, group, unique=False)
    agrees(read_pattern(path, wavelength=WAVELENGTH), structure)


@pytest.mark.parametrize("name", CASES)
def test_columns_of_spacing_and_multiplicity(tmp_path: Path, name: str) -> None:
    structure, group = CASES[name]
    path = write(tmp_path / "x.cif", structure, group, columns=True)
    agrees(read_pattern(path, wavelength=WAVELENGTH), structure)


def test_without_symmetry_or_multiplicity_it_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.cif", HALITE, None, unique=False)
    with pytest.raises(CrystalNetError, match=r"x\.cif: .* give _refln_symmetry_multiplicity"):
        read_pattern(path, wavelength=WAVELENGTH)
