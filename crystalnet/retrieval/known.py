"""What retrieval knows, as one file: training structures, atomic volumes, free atoms.

A numpy archive without pickles, compressed by LZMA: lattices, atomic numbers and coordinates of the
training crystals of one system in canonical settings, the volume that each element takes in them,
and the Gaussians of free atoms, from which a structure's density is made.
"""

import io
import lzma
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from crystalnet.settings import CrystalSystem

# Coordinates are kept in these parts of a cell edge, lattices to float32.
_PARTS = 1 << 16


@dataclass(frozen=True, eq=False)
class Known:
    """The training crystals of one system.

    Attributes:
        system: of all crystals.
        crystals: in canonical settings.
        volumes: A^3 an atom by atomic number.
        gaussians: of free atoms.
    """

    system: CrystalSystem
    crystals: list[Crystal]
    volumes: Float[ndarray, " numbers"]
    gaussians: ValenceGaussians


def save_known(path: Path | str, known: Known) -> None:
    """Write what retrieval knows, atomically; the same bytes for the same content."""
    counts = [len(crystal.atomic_numbers) for crystal in known.crystals]
    coordinates = np.concatenate([crystal.frac_coords for crystal in known.crystals])
    arrays = {
        "system": np.array(known.system),
        "ids": np.array([crystal.material_id for crystal in known.crystals]),
        "atoms": np.array(counts, dtype=np.uint16),
        "lattices": np.array([crystal.lattice for crystal in known.crystals], dtype=np.float32),
        "numbers": np.concatenate([c.atomic_numbers for c in known.crystals]).astype(np.uint8),
        "coordinates": (np.rint(coordinates * _PARTS) % _PARTS).astype(np.uint16),
        "volumes": known.volumes,
        "valence": known.gaussians.valence,
        "gaussians_a": known.gaussians.a,
        "gaussians_b": known.gaussians.b,
    }
    with (
        atomic_write(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_LZMA) as archive,
    ):
        for name, values in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, values, allow_pickle=False)
            # Without a date, so that equal content has equal bytes.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_LZMA)


def load_known(path: Path | str) -> Known:
    """Read what `save_known` wrote.

    Raises:
        CrystalNetError: if the file is missing, damaged or of another kind.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        stops = np.cumsum(arrays["atoms"].astype(np.int64))
        numbers = arrays["numbers"].astype(np.int64)
        coordinates = arrays["coordinates"].astype(np.float64) / _PARTS
        crystals = [
            Crystal(str(name), lattice.astype(np.float64), numbers[part], coordinates[part])
            for name, lattice, part in zip(
                arrays["ids"],
                arrays["lattices"],
                map(slice, np.append(0, stops[:-1]), stops),
                strict=True,
            )
        ]
        a, b = arrays["gaussians_a"], arrays["gaussians_b"]
        gaussians = ValenceGaussians(Path(path), arrays["valence"], a, b, a, b)
        system = str(arrays["system"])
        if system not in get_args(CrystalSystem):
            raise ValueError(f"crystal system {system!r}")
        return Known(cast(CrystalSystem, system), crystals, arrays["volumes"], gaussians)
    except FileNotFoundError:
        raise CrystalNetError(f"{path}: no such file; fetch the project's weights again") from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise CrystalNetError(
            f"{path}: not a whole file of known structures ({error}); fetch it again"
        ) from None
