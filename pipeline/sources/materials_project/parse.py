"""From the bytes of a stored density to values on a grid; runs in processes of its own.

Neither pymatgen nor monty is used: they would build Python objects that nothing needs.
"""

import gc
import gzip
import os
import threading
import time
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
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
        text = gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise Unreadable(f"gzip is cut short or damaged ({error})", False) from None
    # A million new numbers hold no cycles; looking for some takes a third of the decoding.
    collecting = gc.isenabled()
    gc.disable()
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"no JSON ({error})", True) from None
    finally:
        if collecting:
            gc.enable()
    try:
        data = document["data"]
        values = np.asarray(_array(data["data"]["total"]), dtype=np.float64)
        structure = data["poscar"]["structure"]
        lattice = np.asarray(structure["lattice"]["matrix"], dtype=np.float64).reshape(3, 3)
        elements = [str(site["species"][0]["element"]) for site in structure["sites"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        what = type(document).__name__
        if isinstance(document, dict):
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


def _array(value: Any) -> Any:
    """The numbers of an array, bare or in the wrapping of its encoder."""
    return value["data"] if isinstance(value, dict) else value


def end_with_parent() -> None:
    """Let this process end when its parent is gone, also if that was killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
