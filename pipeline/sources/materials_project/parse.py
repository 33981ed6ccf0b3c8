"""From the bytes of a stored density to values on a grid; runs in processes of its own.

Neither pymatgen nor monty is used: they would build Python objects that nothing needs. simdjson
hands a million numbers over as one buffer, and igzip unpacks twice as fast as zlib.
"""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import simdjson
from isal import igzip, isal_zlib
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.resampling import Resample, resample, resample_pyrho


class Unreadable(Exception):
    """Bytes that hold no density.

    Attributes:
        packed_whole: the compression's own checksum says that the bytes are as they were packed.
    """

    def __init__(self, reason: str, packed_whole: bool) -> None:
        # All arguments go to the base class, so that the error survives the way between processes.
        super().__init__(reason, packed_whole)
        self.reason = reason
        self.packed_whole = packed_whole


@dataclass(frozen=True, eq=False)
class Parsed:
    """A density as it was stored, on the wanted grid.

    Attributes:
        density: e/A^3, at the fractional coordinates i/g of each axis of `lattice`.
        electrons: its integral over the cell.
        shape: points of the stored grid.
        lattice: of the calculation's own cell, rows in A.
        elements: symbol of each atom of that cell.
    """

    density: Float[ndarray, "g g g"]
    electrons: float
    shape: tuple[int, int, int]
    lattice: Float[ndarray, "3 3"]
    elements: list[str]


def parse(raw: bytes, grid: int, method: Resample) -> Parsed:
    """Unpack, decode and resample one object: gzip of JSON, values are density times volume.

    Raises:
        Unreadable: for bytes that are damaged, or hold something else.
    """
    try:
        text = igzip.decompress(raw)
    except (EOFError, OSError, isal_zlib.error) as error:  # type: ignore[misc]
        raise Unreadable(f"gzip is cut short or damaged ({error})", False) from None
    try:
        document: Any = simdjson.Parser().parse(text)
    except ValueError as error:
        raise Unreadable(f"no JSON ({error})", True) from None
    try:
        data = document["data"]
        values = _array(data["data"]["total"])
        structure = data["poscar"]["structure"]
        lattice = np.array(structure["lattice"]["matrix"].as_list(), dtype=np.float64)
        lattice = lattice.reshape(3, 3)
        elements = [str(site["species"][0]["element"]) for site in structure["sites"]]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        what = "a list" if isinstance(document, simdjson.Array) else type(document).__name__
        if isinstance(document, simdjson.Object):
            what = "data: null" if document.get("data") is None else "another object"
        raise Unreadable(f"no charge density in it, but {what} ({error!r})", True) from None
    if values.ndim != 3 or not values.size:
        raise Unreadable(f"a total of shape {values.shape}; want three axes", True)
    if not np.isfinite(values).all():
        raise Unreadable("values that are not finite", True)
    volume = float(abs(np.linalg.det(lattice)))
    if not volume > 1e-3:
        raise Unreadable("a cell without volume", True)
    route = resample if method == "exact" else resample_pyrho
    return Parsed(
        (route(values, grid) / volume).astype(np.float32),
        float(values.mean()),
        (values.shape[0], values.shape[1], values.shape[2]),
        lattice,
        elements,
    )


def _array(value: Any) -> Float[ndarray, "..."]:
    """The numbers of an array, bare or in the wrapping of its encoder, without Python's objects.

    Raises:
        ValueError: for rows of different lengths.
    """
    rows: Any = value["data"] if isinstance(value, simdjson.Object) else value
    if not isinstance(rows, simdjson.Array):
        return np.empty(())
    shape: list[int] = []
    first: Any = rows
    while isinstance(first, simdjson.Array):
        shape.append(len(first))
        first = first[0] if len(first) else None
    return np.frombuffer(rows.as_buffer(of_type="d"), dtype=np.float64).reshape(shape)


def end_with_parent() -> None:
    """Let this process end when its parent is gone, also if that was killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
