"""Reading and writing Parquet tables, with one clear error for each way a file can be broken."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write


def read_table(
    path: Path | str,
    columns: Iterable[str],
    material_ids: Collection[str] | None = None,
    optional: Iterable[str] = (),
) -> pd.DataFrame:
    """Read the named columns of a table, of all rows or of the crystals named.

    The columns of `optional` are read as well where the file has them.

    Rows keep the order of the file. Only what is asked for is turned into Python objects.

    Raises:
        CrystalNetError: for a file that is missing, cut short or damaged, or lacks a column.
    """
    path, columns = Path(path), list(columns)
    try:
        names = pq.read_schema(path).names
        missing = sorted(set(columns) - set(names))
        if missing:
            raise CrystalNetError(
                f"{path}: lacks the columns {missing}; it was made by another version: "
                "make it again, or restore it from git"
            )
        table = pq.read_table(
            path,
            columns=[*columns, *(name for name in optional if name in names)],
            filters=None
            if material_ids is None
            else [("material_id", "in", pa.array(sorted(material_ids), pa.string()))],
            page_checksum_verification=True,
            # A folder's name must never turn into a column.
            partitioning=None,
        )
    except FileNotFoundError:
        raise CrystalNetError(
            f"{path}: no such file; make it by running the pipeline, or restore it from git"
        ) from None
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise CrystalNetError(
            f"{path}: not a readable Parquet file ({reason}); it is cut short or damaged: "
            "delete it and make it again, or restore it from git"
        ) from None
    return table.to_pandas()


def write_table(path: Path | str, frame: pd.DataFrame, metadata: Mapping[str, str]) -> None:
    """Write a table whose bytes depend on its values and metadata alone.

    Pages carry checksums, so that a damaged file is noticed when it is read.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # pandas would leave its version in the file.
    table = table.replace_schema_metadata(dict(sorted(metadata.items())))
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def refuse_repeats(frame: pd.DataFrame, path: Path | str) -> None:
    """Refuse a table in which a crystal stands twice.

    Raises:
        CrystalNetError: naming the first such material id.
    """
    repeated = frame.loc[frame["material_id"].duplicated(), "material_id"]
    if len(repeated):
        raise CrystalNetError(
            f"{path}: {repeated.iloc[0]} stands in "
            f"{int((frame['material_id'] == repeated.iloc[0]).sum())} rows; "
            "give every crystal an id of its own"
        )


def table_metadata(path: Path | str) -> dict[str, str]:
    """The metadata that `write_table` put into a file, without what Parquet adds."""
    found = pq.read_schema(path).metadata or {}
    return {key.decode(): value.decode() for key, value in found.items() if key != b"ARROW:schema"}
