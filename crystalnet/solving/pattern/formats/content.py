"""The content of a pattern file, read no further than a pattern may go."""

import io
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from crystalnet.errors import CrystalNetError

LARGEST = 100_000_000
"""Bytes of a file that are read at most, and that a compressed one may become."""
MOST_LINES = 5_000_000
"""Lines of a text: a scan of two million points, each on a line, with as many others and more."""

# Bytes that a format shows itself in: beamlines write long comments.
_HEAD = 8000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
# What binary files that are no patterns begin with.
_KNOWN = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"RAW_", "a STOE .raw file"),
    (b"FI\0", "a Rigaku .raw file"),
    (b"PK\x03\x04", "an archive of another program (an Excel sheet?)"),
)


@dataclass(frozen=True)
class Content:
    """What a file holds.

    Attributes:
        path: of the file, for messages.
        raw: its bytes, unpacked if it was compressed.
    """

    path: Path
    raw: bytes

    @property
    def is_binary(self) -> bool:
        """Whether it is no text."""
        return b"\0" in self.raw[:10_000] and self.raw[:2] not in _UTF_16

    @cached_property
    def head(self) -> str:
        """The first thousands of characters; of a binary file nothing that means anything."""
        code = "utf-16" if self.raw[:2] in _UTF_16 else "utf-8-sig"
        return self.raw[:_HEAD].decode(code, errors="replace")

    @cached_property
    def text(self) -> str:
        """As text: UTF-8, UTF-16 with its mark, or else Latin-1.

        Raises:
            CrystalNetError: for a binary file.
        """
        if self.is_binary:
            what = next((name for mark, name in _KNOWN if self.raw.startswith(mark)), None)
            raise CrystalNetError(
                f"{self.path}: {what or 'a binary file'}, which is not read; export the pattern "
                "as text, two columns (.xy) or CIF"
            )
        try:
            return self.raw.decode("utf-16" if self.raw[:2] in _UTF_16 else "utf-8-sig")
        except UnicodeDecodeError:
            return self.raw.decode("latin-1")

    def lines(self) -> Iterator[str]:
        """Its lines without their ends, one at a time: all together they take ten times as much."""
        return (line.rstrip("\n") for line in io.StringIO(self.text, newline=None))


def file_content(path: Path) -> Content:
    """What is in a file, unpacked if gzip has packed it.

    Raises:
        CrystalNetError: for what is no file, cannot be read, is too large or empty.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
        if kind in _KINDS:
            raise CrystalNetError(
                f"{path}: {_KINDS[kind]}, not a file; save the pattern in a file and give that"
            )
        with path.open("rb") as stream:
            # What a file says of its size need not be so.
            raw = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise CrystalNetError(f"{path}: no such file; check the name") from None
    except OSError as error:
        raise CrystalNetError(f"{path}: cannot be read ({error.strerror})") from None
    return content_of(path, raw)


def content_of(path: Path, raw: bytes) -> Content:
    """The content of a file from its bytes.

    Raises:
        CrystalNetError: if it is too large, of too many lines, empty, or packed and broken.
    """
    if raw.startswith(b"\x1f\x8b"):
        raw = _unpacked(path, raw)
    if len(raw) > LARGEST:
        raise CrystalNetError(
            f"{path}: more than {LARGEST / 1e6:.0f} MB, which no powder pattern has; give the "
            "integrated pattern"
        )
    if not raw.strip():
        raise CrystalNetError(f"{path}: the file is empty; give a pattern")
    content = Content(path, raw)
    # Lines end in either or both of the two.
    if max(raw.count(b"\n"), raw.count(b"\r")) > MOST_LINES and not content.is_binary:
        raise CrystalNetError(
            f"{path}: more than {MOST_LINES / 1e6:.0f} million lines, which no powder pattern has; "
            "give it without blank lines and comments"
        )
    return content


def _unpacked(path: Path, raw: bytes) -> bytes:
    """What gzip has packed, one byte beyond the largest at most."""
    parts, size = [], 0
    while raw.startswith(b"\x1f\x8b") and size <= LARGEST:
        packer = zlib.decompressobj(wbits=31)
        try:
            parts.append(packer.decompress(raw, LARGEST + 1 - size))
        except zlib.error as error:
            raise CrystalNetError(f"{path}: gzip cannot be unpacked ({error})") from None
        size += len(parts[-1])
        if not packer.eof:
            if size <= LARGEST:
                raise CrystalNetError(f"{path}: the gzip file is cut short; copy it once more")
            break
        raw = packer.unused_data
    return b"".join(parts)
