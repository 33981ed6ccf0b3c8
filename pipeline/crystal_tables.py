"""Tables with one row per crystal: their columns, their order, and the crystals in them."""

import re

import numpy as np
import pandas as pd

from crystalnet.crystallography.crystal import Crystal

CRYSTAL_COLUMNS = (
    "material_id",
    "formula_pretty",
    "spacegroup_number",
    "crystal_system",
    "nsites",
    "lattice",
    "atomic_numbers",
    "frac_coords",
    "is_stable",
    "split",
)

# Where each density is stored, for a source that fetches them one by one.
OBJECT_COLUMNS = (
    "task_id",
    "object_bytes",
    "object_etag",
    "object_modified",
    "database_version",
    "queried",
    "energy_above_hull",
)


def id_key(material_id: str) -> tuple[str, int, str]:
    """Sort key of a material id: mp-9 comes before mp-10."""
    match = re.fullmatch(r"(.*?)(\d+)", material_id)
    return (match[1], int(match[2]), "") if match else (material_id, -1, material_id)


def by_id(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of their ids, whatever order they came in."""
    return frame.iloc[sorted(range(len(frame)), key=lambda i: id_key(frame["material_id"].iat[i]))]


def known_stable(frame: pd.DataFrame) -> np.ndarray:
    """Which crystals are known to be stable (e_above_hull = 0); unknown counts as not."""
    return np.array([bool(pd.notna(value) and value) for value in frame["is_stable"]], dtype=bool)


def crystals_of(frame: pd.DataFrame) -> list[Crystal]:
    """The crystals of a table, in its order.

    Raises:
        CrystalNetError: for a row that holds no crystal.
    """
    return [
        Crystal(
            row.material_id,
            np.asarray(row.lattice, dtype=np.float64).reshape(3, 3),
            np.asarray(row.atomic_numbers, dtype=np.int64),
            np.asarray(row.frac_coords, dtype=np.float64).reshape(-1, 3),
        )
        for row in frame.itertuples(index=False)
    ]
