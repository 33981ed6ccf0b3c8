"""Files in a zip archive, unpacked no further than a pattern may go."""

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.formats.content import LARGEST, Content

MOST_FILES = 10_000
"""Files of an archive."""
ZIP = b"PK\x03\x04"


class Archive:
    """A zip archive in memory.

    Raises:
        CrystalNetError: if it is broken, or of too many files.
    """

    def __init__(self, path: Path, raw: bytes) -> None:
        self._path, self._left = path, LARGEST
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            self._files = {each.filename: each for each in self._zip.infolist()}
        except _BROKEN as error:
            raise self._broken(error) from None
        if len(self._files) > MOST_FILES:
            raise CrystalNetError(
                f"{path}: an archive of {len(self._files)} files; want one measurement"
            )

    def named(self, pattern: str) -> list[str]:
        """Names that a regular expression matches wholly, numbers in them in their order."""
        found = [name for name in self._files if re.fullmatch(pattern, name, re.I)]
        return sorted(found, key=lambda name: [int(n) for n in re.findall(r"\d{1,9}", name)])

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            CrystalNetError: if it is broken, or all that was read is too large.
        """
        packed = self._files[name].compress_type
        if packed not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Others may take any memory, and no instrument's program uses them.
            raise CrystalNetError(f"{self._path}: {name} is packed in an unusual way; export anew")
        try:
            with self._zip.open(self._files[name]) as stream:
                # What an archive says of a size need not be so.
                content = stream.read(self._left + 1)
        except _BROKEN as error:
            raise self._broken(error) from None
        self._left -= len(content)
        if self._left < 0:
            raise CrystalNetError(
                f"{self._path}: unpacks to more than {LARGEST / 1e6:.0f} MB, which no powder "
                "pattern has; export it as text"
            )
        return content

    def _broken(self, error: Exception) -> CrystalNetError:
        return CrystalNetError(
            f"{self._path}: the archive cannot be unpacked "
            f"({str(error)[:80] or type(error).__name__}); copy it once more"
        )


# What zipfile raises for one: a password is a RuntimeError, a packing of its own NotImplemented.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, LookupError,
    NotImplementedError, struct.error,
)  # fmt: skip


def holds(content: Content, name: bytes) -> bool:
    """Whether an archive seems to hold a file, without unpacking anything."""
    return content.raw.startswith(ZIP) and name in content.raw
