"""Text files, compressed or not, read no further than what they can mean."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crystalnet.errors import CrystalNetError

_OPEN: dict[bytes, Callable[[io.BufferedReader], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
_PIECE = 1 << 20


class Stream:
    """The text of a file from its beginning, as far as it was asked for."""

    def __init__(self, path: Path, file: io.BufferedIOBase) -> None:
        self._path, self._file = path, file
        self._text = b""

    def until(self, mark: re.Pattern[bytes], most: int) -> bytes:
        """The text up to the mark and somewhat further, or its first `most` bytes or so."""
        while len(self._text) < most and (piece := self._file.read(_PIECE)):
            self._text += piece
            if mark.search(self._text):
                # The line that holds the mark, whole.
                self._text += self._file.read(_PIECE)
                break
        return self._text

    def rest(self, kept: int, most: int) -> bytes:
        """The first `kept` bytes; the file is read to its end, which tells whether it is whole.

        Raises:
            CrystalNetError: if it goes on for more than `most` bytes.
        """
        pieces, done = [self._text], len(self._text)
        while piece := self._file.read(_PIECE):
            if done < kept:
                pieces.append(piece)
            done += len(piece)
            if done > most:
                raise CrystalNetError(
                    f"{self._path}: goes on for more than {most} bytes, which its header does not "
                    "ask for; the file is damaged: copy it again"
                )
        return b"".join(pieces)


@contextmanager
def reading(path: Path) -> Iterator[Stream]:
    """A file, plain or compressed by gzip, bzip2 or xz (told by its first bytes).

    Raises:
        CrystalNetError: for a file that is missing, cannot be read, or is cut short or damaged.
    """
    try:
        with path.open("rb") as raw:
            first = raw.read(6)
            if first.startswith(b"\x28\xb5\x2f\xfd"):
                raise CrystalNetError(
                    f"{path}: compressed by zstd, which is not read; compress it with gzip, bzip2 "
                    "or xz"
                )
            raw.seek(0)
            unpack = next((each for magic, each in _OPEN.items() if first.startswith(magic)), None)
            if unpack is None:
                yield Stream(path, raw)
                return
            with unpack(raw) as file:
                yield Stream(path, file)
    except FileNotFoundError:
        raise CrystalNetError(f"{path}: no such file") from None
    except (EOFError, ValueError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise CrystalNetError(
            f"{path}: the compressed file is cut short or damaged ({error}); copy it again"
        ) from None
    except OSError as error:
        raise CrystalNetError(f"{path}: cannot be read, or is damaged ({error})") from None
