"""Writing files so that a final name never holds half a file."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block succeeds.

    The block may create a file or a directory under the temporary name. A failure, an
    interrupt or a full disk leaves `path` as it was; only kill -9 can leave the temporary
    name behind, and the next write of the same path clears it away.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    _remove(temporary)
    try:
        yield temporary
        _flush(temporary)
        if path.is_dir():
            # A directory cannot be replaced in one call: the old one steps aside first.
            aside = path.with_name(f".{path.name}.replaced")
            _remove(aside)
            os.replace(path, aside)
            os.replace(temporary, path)
            _remove(aside)
        else:
            os.replace(temporary, path)
        _flush(path.parent)
    except BaseException:
        _remove(temporary)
        raise


def probe(folder: Path | str) -> None:
    """Find out whether files can be made in a folder, which need not be there; nothing stays.

    A file is made and removed: what permissions say does not hold for everybody, nor for every
    file system.

    Raises:
        OSError: if they cannot.
    """
    folder = Path(folder)
    made: list[Path] = []
    try:
        for each in (*reversed(folder.parents), folder):
            if not each.is_dir():
                each.mkdir()
                made.append(each)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".probe-") as inner:
            (Path(inner) / "file").write_bytes(b"0")
    finally:
        for each in reversed(made):
            each.rmdir()


def shown(text: Path | str) -> str:
    """A text that can be printed in one line and stored: escapes for what is no character."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


@contextmanager
def locked(folder: Path | str) -> Iterator[None]:
    """Hold a folder for this thread alone, by a file `lock` in it; others wait.

    The lock ends with the block or, by whatever way, with the process.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sha256(path: Path | str) -> str:
    """SHA-256 of a file, or of a directory's relative names and contents, in hexadecimal."""
    path = Path(path)
    if path.is_dir():
        digest = hashlib.sha256()
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{sha256(file)}\0".encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """fsync a file, or a directory with everything in it, so that the rename comes last."""
    if path.is_dir() and path.name.endswith(".partial"):
        for inner in path.rglob("*"):
            if inner.is_file():
                _flush(inner)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
