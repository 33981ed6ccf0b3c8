"""Crystals that no model was trained on, and what a user may know of their lattices."""

import pandas as pd
from pymatgen.core import Composition
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from benchmarks.decoding import DATA, embedded
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.given import given_lattices
from crystalnet.solving.lattices_to_try import densest
from crystalnet.solving.pattern.measured import MeasuredPeaks
from pipeline.crystal_tables import crystals_of


def unseen_crystals(*, dft: bool) -> list[tuple[Crystal, str, bool]]:
    """Test crystals: crystal, system, whether its structure type was trained on.

    A structure type is an anonymous formula in a space group with the atoms of the cell.

    Args:
        dft: those with a DFT density alone, otherwise all in a random order.
    """
    structures = pd.read_parquet(DATA / "structures.parquet")
    kind = [
        f"{Composition(formula).anonymized_formula} {group} {count}"
        for formula, group, count in zip(
            structures["formula_pretty"],
            structures["spacegroup_number"],
            structures["nsites"],
            strict=True,
        )
    ]
    structures = structures.assign(kind=kind)
    trained = set(structures["kind"][structures["split"] == "train"])
    about = structures.set_index("material_id")
    if dft:
        crystals = [crystal for crystal, _ in embedded(split="test")]
    else:
        test = structures[structures["split"] == "test"].sort_values("material_id")
        crystals = crystals_of(test.sample(frac=1, random_state=1))
    return [
        (
            crystal,
            str(about.loc[crystal.material_id, "crystal_system"]),
            about.loc[crystal.material_id, "kind"] in trained,
        )
        for crystal in crystals
    ]


def lattice_of(crystal: Crystal, system: str, peaks: MeasuredPeaks) -> list[IndexedLattice]:
    """What a user who knows the conventional lattice constants gives."""
    cell = SpacegroupAnalyzer(crystal.to_structure(), 0.1).get_conventional_standard_structure()
    lengths = (cell.lattice.a,) if system == "cubic" else (cell.lattice.a, cell.lattice.c)
    known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
    return densest(given_lattices((system,), lengths, peaks), known)
