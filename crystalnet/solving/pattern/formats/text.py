"""The text of a pattern file, read no further than a pattern may go."""

import stat
from pathlib import Path

from crystalnet.errors import CrystalNetError

LARGEST = 100_000_000
"""Bytes of a file that are read at most."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def pattern_text(path: Path) -> str:
    """What a file says: UTF-8, UTF-16 with its mark, or else Latin-1.

    Raises:
        CrystalNetError: for what is no file, cannot be read, is too large, empty or binary.
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
    if len(raw) > LARGEST:
        raise CrystalNetError(
            f"{path}: more than {LARGEST / 1e6:.0f} MB, which no powder pattern has; give the "
            "integrated pattern"
        )
    if not raw.strip():
        raise CrystalNetError(f"{path}: the file is empty; give a pattern")
    if b"\0" in raw[:10_000] and raw[:2] not in _UTF_16:
        raise CrystalNetError(
            f"{path}: a binary file; export the pattern as text, two columns (.xy) or CIF"
        )
    try:
        return raw.decode("utf-16" if raw[:2] in _UTF_16 else "utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
