"""From the bytes of a stored density to values on a grid; runs in processes of its own.

Neither pymatgen's nor monty's decoders are used: they would build Python objects that nothing
needs. simdjson
hands a million numbers over as one buffer, and igzip unpacks twice as fast as zlib.
"""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import simdjson
from isal import isal_zlib
from jaxtyping import Float, Int
from numpy import ndarray
from pymatgen.core import Element

from crystalnet.crystallography.resampling import Resample, resample, resample_pyrho

# Points of a density lie at least so far apart, in A: VASP's finest grids (twice the cut-off of
# 520 eV and more, for the augmentation charges) stay above 0.05.
FINEST_SPACING = 0.04
# Text of one number of a density with its comma, and there are a total and a magnetisation; of one
# atom with its augmentation occupancies; of what else stands in an object.
_BYTES_PER_VALUE = 32
_BYTES_PER_ATOM = 2**16
_FIXED_BYTES = 2**20


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
        atomic_numbers, frac_coords: of the atoms of that cell.
        task_id: the calculation that the object names, if it names one.
    """

    density: Float[ndarray, "g g g"]
    electrons: float
    shape: tuple[int, int, int]
    lattice: Float[ndarray, "3 3"]
    atomic_numbers: Int[ndarray, " atoms"]
    frac_coords: Float[ndarray, "atoms 3"]
    task_id: str | None


def most_bytes(atoms: int, volume: float) -> int:
    """The size of the largest object that a density of a crystal can be, unpacked.

    Args:
        atoms: in the cell.
        volume: of the cell, A^3.
    """
    points = volume / FINEST_SPACING**3
    return int(_FIXED_BYTES + atoms * _BYTES_PER_ATOM + 2 * points * _BYTES_PER_VALUE)


def parse(raw: bytes, grid: int, method: Resample, limit: int) -> Parsed:
    """Unpack, decode and resample one object: gzip of JSON, values are density times volume.

    Args:
        limit: bytes that the object may have unpacked; no more are unpacked.

    Raises:
        Unreadable: for bytes that are damaged, or hold something else.
    """
    text = _unpacked(raw, limit)
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
        sites = structure["sites"]
        numbers = [Element(str(site["species"][0]["element"])).Z for site in sites]
        coordinates = np.array([site["abc"].as_list() for site in sites], dtype=np.float64)
        coordinates = coordinates.reshape(-1, 3)
        task = document.get("task_id")
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
    if not (len(numbers) and np.isfinite(coordinates).all()):
        raise Unreadable("a cell without atoms, or with atoms nowhere", True)
    route = resample if method == "exact" else resample_pyrho
    return Parsed(
        (route(values, grid) / volume).astype(np.float32),
        float(values.mean()),
        (values.shape[0], values.shape[1], values.shape[2]),
        lattice,
        np.array(numbers, dtype=np.int64),
        coordinates,
        task if isinstance(task, str) else None,
    )


def _unpacked(raw: bytes, limit: int) -> bytes:
    """All members of a gzip file, at most `limit` bytes of them.

    Raises:
        Unreadable: for bytes that are no gzip, damaged, or hold more.
    """
    text = bytearray()
    rest = raw
    try:
        while rest:
            member = isal_zlib.decompressobj(wbits=31)
            # One byte more than allowed tells that there is more.
            text += member.decompress(rest, limit - len(text) + 1)
            if len(text) > limit:
                raise Unreadable(
                    f"it unpacks to more than the {limit} bytes that the density of such a cell "
                    "can need",
                    True,
                )
            if not member.eof:
                raise EOFError("it ends before its end mark")
            # Bytes of nothing may fill the last block.
            rest = member.unused_data.lstrip(b"\0")
    except (EOFError, OSError, isal_zlib.error) as error:  # type: ignore[misc]
        raise Unreadable(f"gzip is cut short or damaged ({error})", False) from None
    return bytes(text)


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
