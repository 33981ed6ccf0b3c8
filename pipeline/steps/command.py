"""What all steps share: how they start, how they fail, how they tell of progress."""

import errno
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from crystalnet.errors import CrystalNetError

T = TypeVar("T")


def run(main: Callable[[], None]) -> None:
    """Run a step; what the user can mend is said in one line, with exit status 1."""
    try:
        main()
    except CrystalNetError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f" while writing {error.filename}" if error.filename else ""
        sys.exit(
            f"error: the disk is full{where}; nothing half-written was kept: "
            "free some space and run again"
        )


def progress(items: Iterable[T], what: str, every: float = 5.0) -> Iterator[T]:
    """Pass items on; every few seconds say how many are done and how long the rest takes."""
    total = len(items) if isinstance(items, Sized) else None
    start = last = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - last >= every:
            last = now
            of = f" of {total}" if total else ""
            left = f", {(now - start) / done * (total - done):.0f} s left" if total and done else ""
            print(f"{what}: {done}{of}{left}", flush=True)
        yield item


def counter(what: str, every: float = 5.0) -> Callable[[int, int], None]:
    """A function (done, total) that says so every few seconds."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= every:
            last = time.monotonic()
            print(f"{what}: {done} of {total}", flush=True)

    return tell
