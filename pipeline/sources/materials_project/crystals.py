"""The crystals of one system that the service flags with a charge density."""

from functools import partial
from typing import Any

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from pipeline.sources.materials_project.client import Service
from pipeline.sources.materials_project.ids import canonical_id
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.retry import Permanent, Transient

PAGE = 1000
FIELDS = [
    "material_id", "formula_pretty", "symmetry", "structure", "energy_above_hull", "theoretical",
    "deprecated", "builder_meta",
]  # fmt: skip
# GNoME's entries have terms of their own; the service marks them by batch and by licence.
GNOME_BATCH = "gnome_r2scan_statics"
GNOME_LICENCE = "BY-NC"

Row = dict[str, Any]
LeftOut = dict[str, str]


def crystals_of_system(service: Service, system: str, kept: Kept) -> tuple[list[Row], LeftOut]:
    """Every crystal of a system with a charge density, as rows, and those left out with reasons.

    Pages are asked for one by one, in the order of the ids, and each is kept: the client's own
    search loses all pages if one fails.

    Raises:
        CrystalNetError: if the service's pages do not add up to the number it gives.
    """
    criteria = {"crystal_system": system.capitalize(), "has_props": "charge_density"}

    def count() -> int:
        found = service.ask(
            f"number of {system} crystals",
            lambda client: client.materials.summary.count(
                {**criteria, "batch_id_not_eq": GNOME_BATCH, "_limit": 1, "_fields": "material_id"}
            ),
        )
        return int(found)

    total = int(kept.get(f"{system}-count", count))
    rows: dict[str, Row] = {}
    left_out: LeftOut = {}
    names = [f"{system}-page-{page:04d}" for page in range(1, -(-total // PAGE) + 1)]
    for page, name in enumerate(names, start=1):
        expected = min(PAGE, total - PAGE * (page - 1))
        found = kept.get(name, partial(_page, service, system, page, expected))
        rows.update({row["material_id"]: row for row in found["rows"]})
        left_out.update(found["left_out"])
    if len(rows.keys() | left_out.keys()) != total:
        for name in (f"{system}-count", *names):
            kept.forget(name)
        raise CrystalNetError(
            f"{system}: the Materials Project says {total} crystals, but its pages hold "
            f"{len(rows.keys() | left_out.keys())} different ones; its database may be changing: "
            "run again"
        )
    return list(rows.values()), left_out


def _page(service: Service, system: str, page: int, expected: int) -> dict[str, Any]:
    def search(client: Any) -> list[Any]:
        documents = client.materials.summary.search(
            crystal_system=system.capitalize(),
            has_props=["charge_density"],
            include_gnome=False,
            fields=FIELDS,
            chunk_size=PAGE,
            _page=page,
            _sort_fields="material_id",
        )
        # Without a total in its answer the client silently keeps one document.
        if len(documents) != expected:
            raise Transient(f"{len(documents)} documents on a page of {expected}")
        return list(documents)

    rows, left_out = [], {}
    for document in service.ask(f"{system} crystals, page {page}", search):
        material_id = canonical_id(document["material_id"])
        try:
            rows.append(row_of(document, material_id))
        except Permanent as error:
            left_out[material_id] = str(error)
    return {"rows": rows, "left_out": left_out}


def row_of(document: dict[str, Any], material_id: str) -> Row:
    """The columns of a crystal, from one document of the summary.

    Whether it is stable is null where the service gives no energy above the hull.

    Raises:
        Permanent: for a crystal that cannot be used, with the reason.
    """
    meta = document.get("builder_meta") or {}
    if meta.get("batch_id") == GNOME_BATCH or meta.get("license") == GNOME_LICENCE:
        raise Permanent("an entry of GNoME, which has terms of its own")
    if document.get("deprecated"):
        raise Permanent("deprecated by the Materials Project")
    symmetry = document.get("symmetry") or {}
    wanted = {
        "structure": document.get("structure"),
        "formula_pretty": document.get("formula_pretty"),
        "symmetry.number": symmetry.get("number"),
        "symmetry.crystal_system": symmetry.get("crystal_system"),
    }
    for name, value in wanted.items():
        if value is None:
            raise Permanent(f"its {name} is null")
    crystal = _crystal(document["structure"], material_id)
    above = document.get("energy_above_hull")
    return {
        "material_id": material_id,
        "formula_pretty": str(document["formula_pretty"]),
        "spacegroup_number": int(symmetry["number"]),
        "crystal_system": str(symmetry["crystal_system"]).lower(),
        "nsites": len(crystal.atomic_numbers),
        "lattice": crystal.lattice.ravel().tolist(),
        "atomic_numbers": crystal.atomic_numbers.tolist(),
        "frac_coords": crystal.frac_coords.ravel().tolist(),
        "energy_above_hull": above,
        "is_stable": None if above is None else above <= 0,
        "theoretical": document.get("theoretical"),
    }


def _crystal(structure: Any, material_id: str) -> Crystal:
    from pymatgen.core import Element

    try:
        sites = structure["sites"]
        for site in sites:
            if len(site["species"]) != 1 or site["species"][0]["occu"] != 1:
                raise Permanent("its structure is disordered")
        return Crystal(
            material_id,
            np.array(structure["lattice"]["matrix"], dtype=np.float64).reshape(3, 3),
            np.array([Element(site["species"][0]["element"]).Z for site in sites], dtype=np.int64),
            np.array([site["abc"] for site in sites], dtype=np.float64).reshape(-1, 3),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Permanent(f"its structure cannot be read ({type(error).__name__})") from None
    except CrystalNetError as error:
        raise Permanent(f"its structure is none: {error}") from None
