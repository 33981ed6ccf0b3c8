"""The eight measured patterns: at which rank the right structure is."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core import Element
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from benchmarks.decoding import DATA, knowledge, matches
from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.solve import solve


def measured_table(kind: str) -> pd.DataFrame:
    """The eight measured patterns: at which rank the right structure is.

    Args:
        kind: what is told of the composition, as `benchmarks.decoding` names it.
    """
    rows = []
    generator = np.random.default_rng(2024)
    structures = pd.read_parquet(DATA / "structures.parquet").set_index("material_id")
    folder = DATA / "measured_patterns"
    for each in json.loads((folder / "manifest.json").read_bytes()):
        row = structures.loc[each["material_id"]]
        truth = Crystal(
            each["material_id"],
            np.asarray(row["lattice"], dtype=np.float64).reshape(3, 3),
            np.asarray(row["atomic_numbers"], dtype=np.int64),
            np.asarray(row["frac_coords"], dtype=np.float64).reshape(-1, 3),
        )
        cell = SpacegroupAnalyzer(truth.to_structure(), 0.1).get_conventional_standard_structure()
        system = row["crystal_system"]
        given = (cell.lattice.a,) if system == "cubic" else (cell.lattice.a, cell.lattice.c)
        known = knowledge(truth, kind, generator)
        told: dict[str, Any] = {"formula": each["formula"]}
        if known.amounts is None:
            symbols = [Element.from_Z(z).symbol for z in known.elements]
            told = {"elements": symbols or None, "complete": known.complete}
        for lattice in (given, None):
            result: dict[str, object] = {
                "pattern": each["file"],
                "formula": each["formula"],
                "lattice": "given" if lattice else "found",
            }
            try:
                solution = solve(
                    folder / each["file"],
                    wavelength=each["wavelength_A"],
                    **told,
                    lattice=lattice,
                )
                right = [c for c in solution.candidates if matches(truth, c.crystal)]
                result |= {
                    "peaks": len(solution.found.peaks.two_theta),
                    "rank": right[0].rank if right else "-",
                    "of": len(solution.candidates),
                    "Rwp of first": round(solution.candidates[0].match.rwp, 3),
                    "Rwp of right": round(right[0].match.rwp, 3) if right else "-",
                    "seconds": round(solution.seconds, 1),
                    "Rwp of truth": _rwp_in(truth, solution.lattices[0], solution.found.peaks),
                    "lattice tried first": _cell(solution.lattices[0]),
                }
            except CrystalNetError as error:
                result |= {"rank": "-", "lattice tried first": str(error)[:80]}
            rows.append(result)
    return pd.DataFrame(rows).fillna("-")


def _rwp_in(truth: Crystal, lattice: IndexedLattice, peaks: MeasuredPeaks) -> float | str:
    """Rwp of the true atoms in the lattice that was measured, if it is of the same kind."""
    volume = abs(np.linalg.det(lattice.primitive))
    if abs(volume / truth.volume - 1) > 0.1:
        return "-"
    # Database and indexing hold primitive cells alike, so the coordinates stay.
    there = Crystal("truth", lattice.primitive, truth.atomic_numbers, truth.frac_coords)
    shifted = replace(peaks, two_theta=peaks.two_theta - lattice.zero_shift)
    return round(match_pattern(there, shifted).rwp, 3)


def _cell(lattice: IndexedLattice) -> str:
    lengths = f"{lattice.a:.3f}" + (f", {lattice.c:.3f}" if lattice.c else "")
    return f"{lattice.system} {lattice.centring} {lengths}"
