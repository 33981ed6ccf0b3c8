"""The measured patterns and the structures that they are of."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
from pymatgen.core import Lattice, Structure

from benchmarks.decoding import DATA
from crystalnet.crystallography.crystal import Crystal
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

FOLDER = DATA / "measured_patterns"
LITERATURE = Path(__file__).with_name("minerals.json")
"""Structures that are not among the embedded crystals, from the literature."""

# Embedded crystals of the same structure where the mineral itself is not among them: its elements
# for theirs.
ISOTYPES = {"rockjock_thenardite.xy": ("mp-5625", {"Ag": "Na"})}
# Names that are not those of the files.
NAMES = {
    "labpdfproc_CeO2_635um_accum_0.xy": "ceria",
    "rockjock_fosterite.xy": "forsterite",
    "rockjock_andalucite.xy": "andalusite",
    "rockjock_pyroxene_diopside.xy": "diopside",
    "rockjock_ordered_microcline.xy": "microcline",
    "rockjock_albite_cleavelandite.xy": "albite",
    "pbso4_round_robin_x.xy": "anglesite",
}
# The embedded crystal of a mineral whose own entry is another calculation.
OTHERS = {"rockjock_titanite.xy": "mp-704836"}


@dataclass(frozen=True, eq=False)
class Mineral:
    """A pattern and what it is of.

    Attributes:
        file: of the pattern.
        wavelength: in A.
        formula: as it is told.
        truth: its structure, with computed or measured edges.
    """

    file: str
    wavelength: float
    formula: str
    truth: Crystal

    @property
    def name(self) -> str:
        """What a person calls it."""
        return NAMES.get(self.file) or self.file.removesuffix(".xy").removeprefix("rockjock_")


def minerals() -> list[Mineral]:
    """All measured patterns, in the order of the manifests."""
    entries: list[dict[str, Any]] = []
    for manifest in ("manifest.json", "manifest_seven_systems.json"):
        entries += json.loads((FOLDER / manifest).read_bytes())
    return [
        Mineral(each["file"], each["wavelength_A"], each["formula"], truth_of(each))
        for each in entries
    ]


def truth_of(entry: dict[str, Any]) -> Crystal:
    """The structure of an entry of a manifest."""
    file = entry["file"]
    literature = json.loads(LITERATURE.read_bytes())
    if file in literature:
        return Crystal.from_structure(built(literature[file]).get_primitive_structure())
    material, exchanged = ISOTYPES.get(file, (None, {}))
    material = material or OTHERS.get(file) or entry.get("mp_candidate") or entry["material_id"]
    structure = embedded(material).to_structure()
    structure.replace_species(exchanged)
    return Crystal.from_structure(structure.get_primitive_structure())


def built(entry: dict[str, Any]) -> Structure:
    """A structure from its group, cell and sites."""
    group = gemmi.find_spacegroup_by_name(entry["group"].replace("_", ""))
    lattice = Lattice.from_parameters(*entry["cell"])
    elements, places = [], np.empty((0, 3))
    for element, *place in entry["sites"]:
        kept = np.empty((0, 3))
        for operation in group.operations():
            image = np.array(operation.apply_to_xyz(place)) % 1
            apart = kept - image
            if not (np.abs(apart - np.rint(apart)).max(axis=1) < 1e-3).any():
                kept = np.concatenate([kept, image[None]])
        elements += [element] * len(kept)
        places = np.concatenate([places, kept])
    return Structure(lattice, elements, places)


def embedded(material: str) -> Crystal:
    """A crystal of the tables by its Materials Project id."""
    return _crystals()[material]


@lru_cache
def _crystals() -> dict[str, Crystal]:
    wanted = set(OTHERS.values()) | {material for material, _ in ISOTYPES.values()}
    for manifest in ("manifest.json", "manifest_seven_systems.json"):
        for each in json.loads((FOLDER / manifest).read_bytes()):
            wanted.add(each.get("mp_candidate", each.get("material_id")))
    table = embedded_crystals()
    found = crystals_of(table[table["material_id"].isin(wanted)])
    return {each.material_id: each for each in found}
