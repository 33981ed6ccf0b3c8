"""The one place that knows artifact paths, array names, shapes and dtypes.

Arrays are Zarr v3, one crystal a chunk, many crystals a file; every chunk carries a CRC-32C and
every store the checksums of its metadata, so a damaged file is noticed when it is read. Their
attributes hold units and provenance.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from jaxtyping import Float
from numpy import ndarray
from zarr.codecs import BloscCodec, Crc32cCodec

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write, sha256

ARTIFACTS = Path("artifacts")
METRICS = Path("metrics")
WORK = Path("work")
# What was asked and fetched, found again by every split and every scale.
MATERIALS_PROJECT_WORK = WORK / "materials_project"

FINGERPRINTS = Path("fingerprints.yaml")
STRUCTURES = ARTIFACTS / "structures.parquet"
CRYSTALS = ARTIFACTS / "crystals.parquet"
DUPLICATES = ARTIFACTS / "duplicates.parquet"
SPLIT = ARTIFACTS / "split.parquet"
PATTERNS = ARTIFACTS / "patterns.zarr"
DENSITIES = ARTIFACTS / "densities.zarr"
DATASET = ARTIFACTS / "dataset.parquet"
ABLATION = ARTIFACTS / "ablation.parquet"
LEFT_OUT = ARTIFACTS / "left_out.parquet"

# Patterns in the braces of both engines; `.format(model=...)` or `.format(system=...)` fills them.
WEIGHTS = "artifacts/models/{model}/model.safetensors"
CARD = "artifacts/models/{model}/card.yaml"
CURVES = "artifacts/models/{model}/curves"
MODEL_SCORES = "artifacts/scores/{model}.parquet"
MODEL_METRICS = "metrics/models/{model}.json"
GROUP_METRICS = "metrics/groups/{model}.json"
FOCUS_METRICS = METRICS / "focus.json"
FOCUS_DISTRIBUTION = METRICS / "focus_distribution.csv"
BASELINE_SCORES = "artifacts/scores/baselines/{system}.parquet"
BASELINE_METRICS = "metrics/baselines/{system}.json"

# The crystals as the architecture `modes` is trained on them, and its density modes.
CANONICAL_CRYSTALS = "artifacts/canonical/{system}.parquet"
CANONICAL_MODES = "artifacts/canonical/{system}.safetensors"
CANONICAL_METRICS = "metrics/canonical/{system}.json"

# What comes with the project, and what it scores.
LEARNED_SYSTEMS = (
    "cubic", "trigonal", "hexagonal", "tetragonal", "orthorhombic", "monoclinic", "triclinic",
)  # fmt: skip
LEARNED_WEIGHTS = "crystalnet/predicting/weights/{system}.safetensors"
LEARNED_KNOWN = "crystalnet/predicting/weights/{system}.npz"
LEARNED_CARD = "crystalnet/predicting/weights/{system}.yaml"
LEARNED_SCORES = "artifacts/scores/learned/{system}.parquet"
MODES_METRICS = "metrics/modes/{system}.json"
# The whole test sets where the networks are trained; else the crystals of a DFT density alone.
LEARNED_METRICS = METRICS / "learned.json"
LEARNED_DFT_METRICS = METRICS / "learned_dft.json"

REPORT = Path("reports/index.html")
FIGURES = Path("reports/figures")
TABLES = Path("reports/tables")

# In each store: the checksums of its metadata, attributes and shapes.
METADATA_SUMS = "metadata.sha256"

SPLITS = ("train", "val", "test")

# The tables QUANTITY.tsv of a learning curve, one for each that has a value an epoch.
CURVE_QUANTITIES = ("loss", "l1", "kl_pattern", "kl_formula", "learning_rate", "validation_ssim")

# Key in the provenance of a crystal whose density could not be had: the reason. Its row in the
# arrays is zero, and the data set leaves it out.
LEFT_OUT_BECAUSE = "left_out"

# The arrays of each store, and what their numbers mean.
ARRAYS = {"patterns": ("patterns",), "densities": ("densities", "electrons")}
ARRAY_UNITS = {
    "patterns": "intensity, strongest peak = 1, over equal bins of 2-theta",
    "densities": "e/A^3 on a grid of fractional coordinates, index i at i/N",
    "electrons": "electrons in the cell",
}


def canonical_files(system: str) -> list[str]:
    """What the architecture `modes` is given of the crystals of a system."""
    return [path.format(system=system) for path in (CANONICAL_CRYSTALS, CANONICAL_MODES)]


def learned_files(system: str) -> list[str]:
    """Weights, known structures and card that come along."""
    patterns = (LEARNED_WEIGHTS, LEARNED_KNOWN, LEARNED_CARD)
    return [pattern.format(system=system) for pattern in patterns]


@dataclass(frozen=True)
class Shard:
    """A contiguous run of crystals that is worked on alone; file boundaries are its own."""

    first: int
    last: int

    @classmethod
    def of(cls, index: int, shards: int, crystals: int, crystals_per_file: int) -> "Shard":
        """The shard `index` of `shards`, aligned to whole files; later ones can be empty."""
        files = -(-crystals // crystals_per_file)
        size = -(-files // shards) * crystals_per_file
        return cls(min(index * size, crystals), min((index + 1) * size, crystals))

    def __len__(self) -> int:
        return self.last - self.first


def write_arrays(
    path: Path | str,
    blocks: Iterable[Mapping[str, ndarray]],
    *,
    crystals: int,
    crystals_per_file: int,
    attributes: Mapping[str, Any],
) -> None:
    """Write a Zarr group from blocks of consecutive crystals, under its final name at the end.

    Each block maps array names to arrays whose first axis counts crystals. Blocks other than the
    last must hold a multiple of `crystals_per_file` crystals. The attributes are read after the
    last block, so that what is learnt on the way can stand in them.

    Raises:
        CrystalNetError: if the blocks do not add up to `crystals`.
    """
    with atomic_write(path) as temporary:
        group = zarr.open_group(temporary, mode="w-")
        done = 0
        for block in blocks:
            size = len(next(iter(block.values())))
            for name, values in block.items():
                if name not in group:
                    _create(group, name, values, crystals, crystals_per_file)
                group[name][done : done + size] = values
            done += size
        if done != crystals:
            raise CrystalNetError(f"{path}: {done} crystals came for a store of {crystals}")
        group.attrs.update(attributes)
        (temporary / METADATA_SUMS).write_text(_metadata_sums(temporary), encoding="utf-8")


def _metadata_sums(path: Path) -> str:
    """A line for each metadata file of a store: Zarr itself guards the chunks alone."""
    files = sorted(path.rglob("zarr.json"))
    return "".join(f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in files)


def _create(
    group: zarr.Group, name: str, sample: ndarray, crystals: int, crystals_per_file: int
) -> None:
    per_crystal = sample.shape[1:]
    group.create_array(
        name,
        shape=(crystals, *per_crystal),
        dtype=sample.dtype,
        chunks=(1, *per_crystal),
        shards=(crystals_per_file, *per_crystal),
        compressors=[
            BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=sample.dtype.itemsize),
            Crc32cCodec(),
        ],
        # What a lost file reads as: never a value that a crystal could have.
        fill_value=np.nan,
        attributes={"units": ARRAY_UNITS[name]},
    )


class Arrays:
    """A Zarr group of arrays whose first axis counts crystals, opened for reading.

    Raises:
        CrystalNetError: if the store is missing, is no Zarr group, or lacks an array.
    """

    def __init__(self, path: Path | str, names: Iterable[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise CrystalNetError(f"{self.path}: no such store; make it with `snakemake {path}`")
        try:
            group = zarr.open_group(self.path, mode="r")
            self._arrays = {name: group[name] for name in names}
            self.attributes: dict[str, Any] = dict(group.attrs)
        except Exception as error:
            raise CrystalNetError(
                f"{self.path}: not a readable Zarr group with the arrays {sorted(names)} "
                f"({type(error).__name__}: {error}); delete it and run again"
            ) from error
        sums = self.path / METADATA_SUMS
        if not sums.is_file() or sums.read_bytes() != _metadata_sums(self.path).encode():
            raise CrystalNetError(
                f"{self.path}: its zarr.json files are not those of {METADATA_SUMS}; delete the "
                "store and run again, and it is made anew"
            )

    def __len__(self) -> int:
        return int(next(iter(self._arrays.values())).shape[0])

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of one array."""
        return tuple(self._arrays[name].shape)

    def read(self, name: str, rows: slice | int = slice(None)) -> ndarray:
        """One array's rows, as stored.

        Raises:
            CrystalNetError: if a chunk is missing, cut short or fails its checksum.
        """
        try:
            values = np.asarray(self._arrays[name][rows])
            if np.isnan(values).any():
                raise ValueError("a file of the array is lost")
            return values
        except Exception as error:
            raise CrystalNetError(
                f"{self.path}: {name} of crystals {rows} cannot be read ({type(error).__name__}: "
                f"{error}); delete the store and run again, and it is made anew"
            ) from error

    def blocks(self, size: int) -> Iterator[dict[str, ndarray]]:
        """All arrays, `size` crystals at a time."""
        for first in range(0, len(self), size):
            rows = slice(first, min(first + size, len(self)))
            yield {name: self.read(name, rows) for name in self._arrays}


def check_densities(
    densities: Float[ndarray, "crystals x y z"], material_ids: Iterable[str], where: str
) -> None:
    """Refuse densities that are not finite or are zero everywhere.

    Raises:
        CrystalNetError: naming the first such crystal.
    """
    for material_id, density in zip(material_ids, densities, strict=True):
        if not np.isfinite(density).all():
            count = int((~np.isfinite(density)).sum())
            raise CrystalNetError(
                f"{where}: the density of {material_id} holds {count} values that are not finite"
            )
        if not density.any():
            raise CrystalNetError(f"{where}: the density of {material_id} is zero everywhere")
