"""The measured patterns of minerals of all seven systems, and what their manifest says of them."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Composition, Lattice

from benchmarks.minerals import LITERATURE, built
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.symmetry.contacts import too_near
from crystalnet.solving.symmetry.conventional import space_group_of
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.sources import DATA, structures_file
from pipeline.tables import read_table

FOLDER = DATA / "measured_patterns"
ENTRIES = json.loads((FOLDER / "manifest_seven_systems.json").read_bytes())
# Of each system one whose crystal is among the embedded ones.
KNOWN = [
    "rockjock_rutile.xy",
    "rockjock_celestine.xy",
    "rockjock_pyroxene_diopside.xy",
    "rockjock_ordered_microcline.xy",
    "rockjock_zincite.xy",
    "rockjock_siderite.xy",
]


def test_every_pattern_is_named_with_where_it_comes_from() -> None:
    first = json.loads((FOLDER / "manifest.json").read_bytes())
    named = [entry["file"] for entry in (*first, *ENTRIES)]
    assert sorted(named) == sorted(path.name for path in FOLDER.glob("*.xy"))
    assert all(entry["source"] and entry["licence"] for entry in (*first, *ENTRIES))
    assert {entry["crystal_system"] for entry in ENTRIES} == {
        "tetragonal", "orthorhombic", "monoclinic", "triclinic", "hexagonal", "trigonal",
    }  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_they_hold_the_lines_of_their_crystal(name: str) -> None:
    entry: dict[str, Any] = next(each for each in ENTRIES if each["file"] == name)
    peaks = find_peaks(read_pattern(FOLDER / name, wavelength=entry["wavelength_A"])).peaks
    crystal = embedded(entry["crystal_system"], entry["mp_candidate"])
    scaled = crystal.lattice * entry["check"]["lattice_scale"]
    there = Crystal(crystal.material_id, scaled, crystal.atomic_numbers, crystal.frac_coords)
    pattern = powder_pattern(there, entry["wavelength_A"], (10.0, entry["two_theta_range"][1] - 1))
    strongest = pattern.two_theta[np.argsort(-pattern.intensity)[:3]]
    # Their lattices are scaled ones of a calculation: right to half a per cent.
    assert np.abs(strongest[:, None] - peaks.two_theta).min(axis=1).max() < 0.2


def test_structures_from_the_literature_are_those_of_the_minerals() -> None:
    entries = {each["file"]: each for each in ENTRIES}
    for file, told in json.loads(LITERATURE.read_bytes()).items():
        structure = built(told)
        # One of them is known without its hydrogen.
        wanted = Composition(entries[file]["formula"])
        heavy = Composition({e: n for e, n in wanted.items() if e.symbol != "H"})
        has = structure.composition
        assert has.reduced_formula in (wanted.reduced_formula, heavy.reduced_formula), file
        crystal = Crystal.from_structure(structure.get_primitive_structure())
        assert space_group_of(crystal)[0] == entries[file]["space_group"], file
        assert too_near(crystal) is None, file
        primitive = Lattice.from_parameters(*entries[file]["lattice_as_measured_approx"])
        assert structure.volume == pytest.approx(
            primitive.volume * round(structure.volume / primitive.volume), rel=0.03
        ), file


def embedded(system: str, material_id: str) -> Crystal:
    table: pd.DataFrame = read_table(structures_file(system), CRYSTAL_COLUMNS, [material_id])
    return crystals_of(table)[0]
