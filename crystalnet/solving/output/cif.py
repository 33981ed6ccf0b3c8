"""Candidates as CIF files, symmetrised."""

from importlib.metadata import version
from pathlib import Path

import gemmi
import numpy as np
from pymatgen.core import Element

from crystalnet.files import atomic_write
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.output.pd_cif import (
    CELL,
    add_lines,
    add_profile,
    add_sites,
    add_wavelengths,
    quoted,
    refinement_items,
)
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.symmetry.conventional import ConventionalCell, conventional_cell

FITTED = """# Solved and refined by CrystalNet from a powder pattern, which is below with what was
# calculated. The items _crystalnet_pattern_... are of the atoms as they were found: how well their
# peaks, all drawn with one width, agree with the measured ones. The cell is the conventional one;
# the density's files are in the cell that was used for solving.
"""
NOTE = """# Solved by CrystalNet from a powder pattern; not refined. The items _crystalnet_... say
# how well the peaks computed for these atoms agree with the measured ones, at the best scale and
# overall displacement, all peaks drawn with one width: Rwp (as a fraction) is no figure of a
# Rietveld refinement. The cell is the conventional one; the density's files are in the cell that
# was used for solving.
"""


def write_cif(path: Path | str, candidate: Candidate, measured: MeasuredPeaks) -> None:
    """Write the conventional cell of a candidate with the operations of its space group.

    A candidate that was fitted to the profile is written as it was fitted, with standard
    deviations, agreement, lines and points (pdCIF).

    Items of this program's own begin with _crystalnet_. Lengths are in A, angles in degrees.

    Args:
        path: the file to write.
        candidate: the structure.
        measured: for the wavelength and the range of 2-theta that the agreement is over.
    """
    cell = conventional_cell(candidate.crystal, candidate.space_group)
    document = gemmi.cif.Document()
    block = document.add_new_block(f"crystalnet_{candidate.rank}_{candidate.formula}")
    fit = candidate.fit
    for name, value in {
        "_audit_creation_method": quoted(f"CrystalNet {version('crystalnet')}"),
        **_chemistry(cell),
        **{f"_cell_{c}": f"{v:.6f}" for c, v in zip(CELL, cell.parameters, strict=True)},
        "_cell_volume": f"{cell.crystal.volume:.5f}",
        "_space_group_IT_number": str(cell.space_group.number),
        "_space_group_name_H-M_alt": quoted(cell.space_group.xhm()),
        "_space_group_name_Hall": quoted(cell.space_group.hall),
        "_diffrn_radiation_probe": "x-ray",
        "_pd_meas_2theta_range_min": f"{measured.two_theta_range[0]:.6g}",
        "_pd_meas_2theta_range_max": f"{measured.two_theta_range[1]:.6g}",
        **({} if fit is None else refinement_items(fit)),
        "_crystalnet_rank": str(candidate.rank),
        "_crystalnet_pattern_Rwp": f"{candidate.match.rwp:.5f}",
        "_crystalnet_pattern_correlation": f"{candidate.match.correlation:.5f}",
        "_crystalnet_displacement_B": f"{candidate.match.displacement:.4g}",
        "_crystalnet_analogue_of": quoted(candidate.analogue_of) if candidate.analogue_of else ".",
    }.items():
        block.set_pair(name, value)
    if fit is None:
        block.set_pair("_diffrn_radiation_wavelength", f"{measured.wavelength:.6g}")
    else:
        add_wavelengths(block, fit)
    operations = block.init_loop("_space_group_symop_", ["id", "operation_xyz"])
    for number, operation in enumerate(cell.operations, start=1):
        operations.add_row([str(number), quoted(operation.triplet())])
    if fit is None:
        _atoms(block, cell)
    else:
        add_sites(block, fit)
        add_lines(block, fit)
        add_profile(block, fit)
    with atomic_write(path) as temporary:
        temporary.write_text((FITTED if fit else NOTE) + document.as_string(), encoding="utf-8")


def _chemistry(cell: ConventionalCell) -> dict[str, str]:
    composition = cell.crystal.to_structure().composition
    formula, units = composition.get_integer_formula_and_factor()
    amounts = {e.symbol: round(n / units) for e, n in composition.items()}
    # Hill's order: with carbon, it and hydrogen come first; the rest by the alphabet.
    first = [symbol for symbol in ("C", "H") if "C" in amounts and symbol in amounts]
    order = first + sorted(set(amounts) - set(first))
    total = " ".join(f"{s}{amounts[s] if amounts[s] > 1 else ''}" for s in order)
    return {
        "_chemical_formula_structural": quoted(formula),
        "_chemical_formula_sum": quoted(total),
        "_cell_formula_units_Z": str(round(units)),
    }


def _atoms(block: gemmi.cif.Block, cell: ConventionalCell) -> None:
    names = ["label", "type_symbol", "site_symmetry_multiplicity", "fract_x", "fract_y", "fract_z"]
    loop = block.init_loop("_atom_site_", [*names, "occupancy"])
    seen: dict[str, int] = {}
    for atom in np.unique(cell.orbit).tolist():
        symbol = str(Element.from_Z(int(cell.crystal.atomic_numbers[atom])).symbol)
        seen[symbol] = seen.get(symbol, 0) + 1
        multiplicity = int((cell.orbit == atom).sum())
        # Eight digits, and no negative zero: 1/3 is told from what is only near to it.
        x = [f"{value % 1.0:.8f}" for value in np.round(cell.crystal.frac_coords[atom], 8) + 0.0]
        loop.add_row([f"{symbol}{seen[symbol]}", symbol, str(multiplicity), *x, "1"])
