"""What became of each fetched object, in a file of its own, so that no object is fetched twice.

The names hold the task, the version of its object and the grid: other splits, systems or limits
find the same files again. What is kept tells of the object alone, never of a crystal that asked for
it: which crystal the density is of is looked at whenever one is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.files import atomic_write, locked
from pipeline.sources.materials_project.objects import StoredObject

Facts = dict[str, str | float]

_ATOMS = ("atomic_numbers", "frac_coords")


@dataclass(frozen=True, eq=False)
class Part:
    """A resampled density, or the reason why there is none.

    Attributes:
        density: float32, e/A^3; None for an object that cannot be used.
        facts: what is known of it; `reason` where there is no density.
        cell: the cell and atoms of the calculation, named by its task; whoever takes the density
            compares them with the crystal's. None where there is no density.
    """

    density: Float[ndarray, "g g g"] | None
    facts: Facts
    cell: Crystal | None = None


class Parts:
    """The files of one grid and one way of resampling."""

    def __init__(self, folder: Path, grid: int, resample: str) -> None:
        self.folder = folder / f"{grid}-{resample}"

    def write(self, stored: StoredObject, part: Part) -> None:
        """Keep a part, under its final name only when it is whole."""
        arrays: dict[str, ndarray] = {
            "facts": np.frombuffer(orjson.dumps(part.facts), dtype=np.uint8)
        }
        if part.density is not None and part.cell is not None:
            arrays |= {"density": part.density, "lattice": part.cell.lattice}
            arrays |= {name: getattr(part.cell, name) for name in _ATOMS}
        # Another shard, in a process of its own, may want the same object.
        with (
            locked(self.folder),
            atomic_write(self._path(stored)) as temporary,
            temporary.open("wb") as stream,
        ):
            np.savez(stream, **arrays)  # type: ignore[arg-type]

    def read(self, stored: StoredObject) -> Part | None:
        """The kept part; None where there is none, or it is damaged (its checksum says so)."""
        try:
            # Opened here: numpy leaves a file open that is no archive.
            with (
                self._path(stored).open("rb") as stream,
                np.load(stream, allow_pickle=False) as arrays,
            ):
                facts: Facts = orjson.loads(arrays["facts"].tobytes())
                if "reason" in facts:
                    return Part(None, facts)
                numbers, coordinates = (arrays[name] for name in _ATOMS)
                cell = Crystal(stored.task_id, arrays["lattice"], numbers, coordinates)
                return Part(arrays["density"], facts, cell)
        # A damaged archive fails in as many ways as there are bytes in its headers.
        except Exception:
            return None

    def has(self, stored: StoredObject) -> bool:
        """Whether a part is there, without looking into it."""
        return self._path(stored).is_file()

    def _path(self, stored: StoredObject) -> Path:
        return self.folder / f"{stored.task_id}-{stored.etag[:16]}.npz"


def stored_objects(table: Mapping[str, ndarray]) -> dict[str, StoredObject]:
    """The objects of the crystals of a table, by material id."""
    columns = ("material_id", "task_id", "object_bytes", "object_etag", "object_modified")
    return {
        str(material_id): StoredObject(str(task), int(size), str(etag), str(modified))
        for material_id, task, size, etag, modified in zip(
            *(table[name] for name in columns), strict=True
        )
    }
