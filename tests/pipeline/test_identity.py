"""A density goes to the crystal that it was made for, and to no other."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from scipy.spatial.transform import Rotation

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from pipeline.crystal_tables import crystals_of
from pipeline.sources.base import density_record
from pipeline.sources.embedded import DftDensities, EmbeddedCrystals
from pipeline.sources.identity import (
    CALCULATED,
    COPIED,
    AnotherCrystal,
    Tolerance,
    refuse_another,
)

SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.469), ["Si"], [[0, 0, 0]])
PRIMITIVE = SILICON.get_primitive_structure()
ZINCBLENDE = Structure.from_spacegroup(
    "F-43m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.25, 0.25, 0.25]]
)
ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
QUARTZ = Structure.from_spacegroup(
    "P3_221", Lattice.hexagonal(4.91, 5.40), ["Si", "O"], [[0.47, 0, 2 / 3], [0.41, 0.27, 0.79]]
)


def crystal(structure: Structure, name: str = "mp-1") -> Crystal:
    return Crystal.from_structure(structure, name)


def changed(structure: Structure, matrix: np.ndarray) -> Crystal:
    """The same atoms in fractional coordinates of another cell."""
    return crystal(Structure(matrix, structure.species, structure.frac_coords))


@pytest.mark.parametrize("structure", [SILICON, ROCK_SALT, QUARTZ, PRIMITIVE])
@pytest.mark.parametrize("tolerance", [COPIED, CALCULATED])
@given(seed=st.integers(0, 2**32 - 1))
def test_the_same_crystal_in_another_orientation_and_order(
    structure: Structure, tolerance: Tolerance, seed: int
) -> None:
    random = np.random.default_rng(seed)
    order = random.permutation(len(structure))
    turned = Structure(
        structure.lattice.matrix @ Rotation.random(random_state=seed).as_matrix(),
        [structure.species[i] for i in order],
        structure.frac_coords[order] + random.integers(-2, 3, (len(structure), 3)),
    )
    refuse_another(crystal(structure), crystal(turned), tolerance)
    refuse_another(crystal(turned), crystal(structure), tolerance)


@pytest.mark.parametrize(
    ("ours", "of", "message"),
    [
        (SILICON, changed(SILICON, 1.3 * SILICON.lattice.matrix), "edges 7.1097"),
        (SILICON, changed(SILICON, 1.015 * SILICON.lattice.matrix), "edges to 0.01 relative"),
        (SILICON, crystal(PRIMITIVE), "a cell of Si2, .* holds Si8"),
        # The primitive cell's edges and atoms put into a cubic cell.
        (
            PRIMITIVE,
            changed(PRIMITIVE, 3.8672 * np.eye(3)),
            "angles 90.00, 90.00, 90.00 degrees, .* angles 60.00, 60.00, 60.00",
        ),
        # The same lattice in other axes: its grid runs otherwise.
        (QUARTZ, changed(QUARTZ, QUARTZ.lattice.matrix[[2, 0, 1]]), "edges 5.4000, 4.9100, 4.9100"),
        (
            QUARTZ,
            changed(QUARTZ, np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]]) @ QUARTZ.lattice.matrix),
            "angles 90.00, 90.00, 60.00",
        ),
        (SILICON, crystal(SILICON.copy().replace_species({"Si": "Ge"})), "Ge8, .* holds Si8"),
        (ROCK_SALT, crystal(ZINCBLENDE), r"is 2\.442 A from the next"),
        (ROCK_SALT, crystal(ROCK_SALT.copy().translate_sites(range(8), [0.1, 0, 0])), r"0\.564 A"),
    ],
    ids=["+30%", "+1.5%", "supercell", "fcc-cubic", "axes", "setting", "Ge", "polymorph", "origin"],
)  # fmt: skip
def test_another_crystal_is_refused_by_name(ours: Structure, of: Crystal, message: str) -> None:
    for tolerance in (COPIED, CALCULATED):
        limit = message.replace("0.01 ", f"{tolerance.edge:g} ")
        with pytest.raises(AnotherCrystal, match=f"^mp-7: .*{limit}"):
            refuse_another(crystal(ours, "mp-7"), of, tolerance)
    with pytest.raises(CrystalNetError, match="mp-7"):
        density_record(
            crystal(ours, "mp-7"), np.ones((4, 4, 4)), 8.0, {}, of=of, tolerance=CALCULATED
        )


def test_small_differences_between_calculations_are_none() -> None:
    relaxed = changed(SILICON, 1.004 * SILICON.lattice.matrix)
    refuse_another(crystal(SILICON), relaxed, CALCULATED)
    with pytest.raises(AnotherCrystal, match=r"edges 5\.4909"):
        refuse_another(crystal(SILICON), relaxed, COPIED)
    shifted = SILICON.copy().perturb(0.1)
    refuse_another(crystal(SILICON), crystal(shifted), CALCULATED)


def test_atoms_that_are_not_numbers_are_no_match() -> None:
    broken = crystal(SILICON)
    broken.frac_coords[0, 0] = np.nan
    with pytest.raises(AnotherCrystal, match="nan A"):
        refuse_another(crystal(SILICON), broken, CALCULATED)


def test_embedded_densities_are_of_the_embedded_crystals() -> None:
    """Every 40th, and none of them passes for the next one of as many atoms."""
    dft = DftDensities(Path("data/dft_densities.parquet"), 1e-4)
    table = EmbeddedCrystals([Path("data/structures.parquet")]).crystals()
    crystals = crystals_of(table[table["material_id"].isin(dft.available())].iloc[::40])
    assert len(crystals) > 20
    for ours, other in pairwise(crystals):
        refuse_another(ours, ours, COPIED)
        with pytest.raises(AnotherCrystal, match=ours.material_id):
            refuse_another(ours, other, CALCULATED)
