"""Measured patterns fitted: the lattice alone, and the atoms of the known structure.

    python -m benchmarks.profile_fits

The atoms are those of the database in the lattice that the pattern has; lattices are compared with
those of published refinements.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core import Lattice
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from benchmarks.machine import machine
from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.given import given_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.profile_fit.le_bail import fit_lattice
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.rietveld import fit_structure
from crystalnet.solving.symmetry.conventional import conventional_cell, space_group_of
from pipeline.embedded import embedded_crystals

DATA = Path(__file__).parents[1] / "data"
HANDBOOK = "Handbook of Mineralogy"
"""J. W. Anthony et al., Mineral Data Publishing, 2001-2005: the sheet of the mineral."""
# Free cell parameters in A and degrees at room temperature, and where they were read; a question
# mark is for what was not found again.
PUBLISHED: dict[str, tuple[tuple[float, ...], str]] = {
    "halite": ((5.6401,), "Walker et al. 2004, as pyFAI has it"),
    "fluorite": ((5.463,), "Wyckoff 1963, COD 9009005"),
    "magnetite": ((8.396,), "PDF 19-629 ?"),
    "pyrite": ((5.4179,), HANDBOOK),
    "corundum": ((4.759091, 12.991779), "NIST SRM 676a, as GSAS-II has it"),
    "quartz": ((4.916, 5.4054), "Levien et al. 1980, as pyFAI has it"),
    "calcite": ((4.9896, 17.0610), HANDBOOK),
    "CeO2": ((5.411651,), "NIST SRM 674b, as GSAS-II has it"),
    "rutile": ((4.5939, 2.9589), "NIST SRM 674b, as pyFAI has it"),
    "zircon": ((6.607, 5.982), HANDBOOK),
    "zincite": ((3.2499, 5.2065), "NIST SRM 674b, as pyFAI has it"),
    "barite": ((8.884, 5.457, 7.157), HANDBOOK),
    "celestine": ((8.359, 5.352, 6.866), HANDBOOK),
    "siderite": ((4.6916, 15.3796), "J. R. Smyth, University of Colorado"),
    "pbso4": ((8.482, 5.398, 6.959), "Miyake et al. 1978 ?"),
}


def fits(only: str | None = None) -> pd.DataFrame:
    """One row a pattern.

    Args:
        only: part of the name of the patterns that are fitted; all if none.
    """
    folder = DATA / "measured_patterns"
    manifests = ("manifest.json", "manifest_seven_systems.json")
    table = embedded_crystals().set_index("material_id")
    rows = []
    for each in (row for name in manifests for row in json.loads((folder / name).read_bytes())):
        name = each.get("material_id") or each["mp_candidate"]
        if name not in table.index or (only and only not in each["file"]):
            continue
        rows.append(_fit(folder / each["file"], each, _crystal(name, table.loc[name])))
    return pd.DataFrame(rows)


def _crystal(name: str, row: Any) -> Crystal:
    """In its conventional cell, as symmetric as the database says."""
    bare = Crystal(
        name,
        np.asarray(row["lattice"], dtype=np.float64).reshape(3, 3),
        np.asarray(row["atomic_numbers"], dtype=np.int64),
        np.asarray(row["frac_coords"], dtype=np.float64).reshape(-1, 3),
    )
    return Crystal.from_structure(
        SpacegroupAnalyzer(bare.to_structure(), 0.1).get_refined_structure()
    )


def _fit(path: Path, told: dict[str, Any], crystal: Crystal) -> dict[str, object]:
    group, symbol = space_group_of(crystal)
    cell = conventional_cell(crystal, group)
    kind = next(kind for kind in KINDS.values() if group in kind.groups)
    file = read_pattern(path, wavelength=told["wavelength_A"])
    found = find_peaks(file)
    points = ProfilePoints.of(file, found)
    named = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), cell.parameters, strict=True))
    lattice = given_lattices([kind.system], [named[e] for e in kind.edges], found.peaks)[0]
    lattice = _in_axes_of(cell.parameters, lattice)
    width = float(np.median(found.width))
    start = time.process_time()
    alone = fit_lattice(points, lattice, width)
    middle = time.process_time()
    there = Lattice.from_parameters(*(value.value for value in alone.cell)).matrix
    placed = Crystal(
        crystal.material_id,
        np.asarray(there),
        cell.crystal.atomic_numbers,
        cell.crystal.frac_coords,
    )
    fit = fit_structure(points, placed, group, alone)
    end = time.process_time()
    edges = [value for name, value in zip(named, fit.cell, strict=True) if name in kind.edges]
    published = next((v for key, v in PUBLISHED.items() if key in path.name), None)
    off = None
    if published is not None:
        of_both = zip(edges, published[0], strict=True)
        off = max(abs(value.value / known - 1) for value, known in of_both)
    return {
        "pattern": path.stem.removeprefix("rockjock_"),
        "formula": told["formula"],
        "space group": symbol,
        "lines": len(fit.lines.d),
        "Le Bail Rwp": alone.rwp,
        "Rietveld Rwp": fit.rwp,
        "Rexp": fit.rexp,
        "R_Bragg": fit.r_bragg,
        "lattice": ", ".join(value.told() for value in edges),
        "published": "" if published is None else ", ".join(map(str, published[0])),
        "source": "" if published is None else published[1],
        "off by": "" if off is None else f"{100 * off:.3f} %",
        "seconds of the processor": f"{middle - start:.1f} + {end - middle:.1f}",
        "note": fit.note,
    }


def _in_axes_of(cell: tuple[float, ...], lattice: IndexedLattice) -> IndexedLattice:
    """An orthorhombic lattice with its edges in the order of a crystal's; others as they are."""
    if lattice.system != "orthorhombic":
        return lattice
    order = np.argsort(np.argsort(cell[:3]))
    edges = tuple(np.sort(lattice.edges)[order].tolist())
    kind = KINDS["orthorhombic"]
    return IndexedLattice(
        lattice.system, lattice.centring, edges, kind.primitive(lattice.centring, edges),
        zero_shift=lattice.zero_shift,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="part of the name of a pattern")
    arguments = parser.parse_args()
    print(machine())
    print(fits(arguments.only).to_markdown(index=False, floatfmt=".4f"))


if __name__ == "__main__":
    main()
