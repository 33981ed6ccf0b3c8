"""The measured patterns of minerals of all seven systems, and what their manifest says of them."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import find_peaks
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


def embedded(system: str, material_id: str) -> Crystal:
    table: pd.DataFrame = read_table(structures_file(system), CRYSTAL_COLUMNS, [material_id])
    return crystals_of(table)[0]
