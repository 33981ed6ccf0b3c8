"""What became of each fetched object, in a file of its own, so that no object is fetched twice.

The names hold the task, the version of its object and the grid: other splits, systems or limits
find the same files again.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from jaxtyping import Float
from numpy import ndarray

from crystalnet.files import atomic_write
from pipeline.sources.materials_project.objects import StoredObject

Facts = dict[str, str | float]


@dataclass(frozen=True, eq=False)
class Part:
    """A resampled density, or the reason why there is none.

    Attributes:
        density: float32, e/A^3; None for an object that cannot be used.
        facts: what is known of it; `reason` where there is no density.
    """

    density: Float[ndarray, "g g g"] | None
    facts: Facts


class Parts:
    """The files of one grid and one way of resampling."""

    def __init__(self, folder: Path, grid: int, resample: str) -> None:
        self.folder = folder / f"{grid}-{resample}"

    def write(self, stored: StoredObject, part: Part) -> None:
        """Keep a part, under its final name only when it is whole."""
        arrays: dict[str, ndarray] = {
            "facts": np.frombuffer(orjson.dumps(part.facts), dtype=np.uint8)
        }
        if part.density is not None:
            arrays["density"] = part.density
        with atomic_write(self._path(stored)) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]

    def read(self, stored: StoredObject) -> Part | None:
        """The kept part; None where there is none, or it is damaged (its checksum says so)."""
        try:
            with np.load(self._path(stored), allow_pickle=False) as arrays:
                facts: Facts = orjson.loads(arrays["facts"].tobytes())
                return Part(arrays.get("density"), facts)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
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
