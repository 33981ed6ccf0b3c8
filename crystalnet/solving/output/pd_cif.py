"""What a fit of the profile adds to a CIF: the items of the IUCr's powder and core dictionaries."""

import gemmi
import numpy as np
from pymatgen.core import Element

from crystalnet.solving.pattern.peak_shape import ALPHA_2
from crystalnet.solving.profile_fit.results import StructureFit, Value

CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")


def refinement_items(fit: StructureFit) -> dict[str, str]:
    """Cell and refinement, with standard deviations in brackets."""
    points = fit.points
    left = float(np.abs(points.intensity - fit.calculated).sum())
    oriented = "none"
    if fit.texture is not None:
        axis = " ".join(map(str, fit.texture[0]))
        oriented = f"March-Dollase, along {axis}, r = {fit.texture[1].told()}"
    profile = ", ".join(f"{name} = {value.told()}" for name, value in fit.profile.items())
    return {
        **{f"_cell_{name}": number(each) for name, each in zip(CELL, fit.cell, strict=True)},
        "_cell_volume": number(fit.volume),
        "_exptl_crystal_density_diffrn": f"{fit.crystal.to_structure().density:.4f}",
        "_pd_calc_method": quoted("Rietveld Refinement"),
        "_pd_proc_number_of_points": str(len(points.two_theta)),
        "_pd_proc_ls_prof_R_factor": f"{left / float(np.abs(points.intensity).sum()):.5f}",
        "_pd_proc_ls_prof_wR_factor": f"{fit.rwp:.5f}",
        "_pd_proc_ls_prof_wR_expected": f"{fit.rexp:.5f}",
        "_pd_proc_ls_background_function": quoted(
            f"found between the peaks, and {len(fit.chebyshev)} Chebyshev polynomials: "
            + " ".join(f"{each:.5g}" for each in fit.chebyshev)
        ),
        "_pd_proc_ls_profile_function": quoted(
            f"Thompson-Cox-Hastings pseudo-Voigt (degrees): {profile}"
        ),
        "_pd_proc_ls_pref_orient_corr": quoted(oriented),
        "_pd_calib_2theta_offset": number(fit.zero),
        "_refine_ls_structure_factor_coef": "Inet",
        "_refine_ls_matrix_type": "full",
        "_refine_ls_number_parameters": str(fit.parameters),
        "_refine_ls_goodness_of_fit_all": f"{np.sqrt(fit.chi_squared):.4f}",
        "_refine_ls_R_I_factor": f"{fit.r_bragg:.5f}",
        "_refine_ls_number_reflns": str(len(fit.lines.d)),
        "_crystalnet_displacement_degrees": number(fit.displacement),
        "_crystalnet_note": quoted(fit.note) if fit.note else ".",
    }


def add_wavelengths(block: gemmi.cif.Block, fit: StructureFit) -> None:
    """Of a doublet both, with their weights."""
    beam = fit.points.radiation
    if beam.alpha_1 is None or beam.alpha_2 is None:
        block.set_pair("_diffrn_radiation_wavelength", f"{beam.wavelength:.6g}")
        return
    loop = block.init_loop("_diffrn_radiation_wavelength", ["_id", "", "_wt"])
    loop.add_row(["1", f"{beam.alpha_1:.6g}", "1"])
    loop.add_row(["2", f"{beam.alpha_2:.6g}", f"{ALPHA_2:g}"])


def add_sites(block: gemmi.cif.Block, fit: StructureFit) -> None:
    """The atoms, one row a site."""
    loop = block.init_loop(
        "_atom_site_",
        [
            "label", "type_symbol", "site_symmetry_multiplicity", "Wyckoff_symbol", "fract_x",
            "fract_y", "fract_z", "U_iso_or_equiv", "adp_type", "occupancy",
        ],
    )  # fmt: skip
    for site in fit.sites:
        symbol = str(Element.from_Z(site.atomic_number).symbol)
        place = [number(each) for each in site.place]
        loop.add_row(
            [
                *(site.label, symbol, str(site.multiplicity), site.wyckoff),
                *(*place, number(site.u), "Uiso", "1"),
            ]
        )


def add_lines(block: gemmi.cif.Block, fit: StructureFit) -> None:
    """Areas of the lines, observed and calculated."""
    loop = block.init_loop(
        "_refln_",
        [
            "index_h", "index_k", "index_l", "symmetry_multiplicity", "d_spacing",
            "intensity_meas", "intensity_calc",
        ],
    )  # fmt: skip
    lines = fit.lines
    for row in range(len(lines.d)):
        loop.add_row(
            [
                *map(str, lines.hkl[row].tolist()),
                str(int(lines.multiplicity[row])),
                f"{lines.d[row]:.5f}",
                f"{lines.observed[row]:.6g}",
                f"{lines.calculated[row]:.6g}",
            ]
        )


def add_profile(block: gemmi.cif.Block, fit: StructureFit) -> None:
    """The points, measured and calculated."""
    loop = block.init_loop(
        "_pd_",
        [
            "meas_2theta_scan", "meas_intensity_total", "calc_intensity_total",
            "proc_intensity_bkg_calc", "proc_ls_weight",
        ],
    )  # fmt: skip
    points = fit.points
    columns = (points.intensity, fit.calculated, fit.background, points.weight)
    for place, *values in zip(points.two_theta, *columns, strict=True):
        loop.add_row([f"{place:.5f}", *(f"{value:.6g}" for value in values)])


def number(value: Value) -> str:
    """With its standard deviation; where it has none eight digits, which tell 1/3 from its like."""
    if value.esd > 0:
        return value.told()
    return f"{round(value.value, 8) + 0.0:.8f}".rstrip("0").removesuffix(".")


def quoted(text: str) -> str:
    """As CIF wants it."""
    return str(gemmi.cif.quote(text))
