"""Stopping in an orderly way when the system asks for it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def terminate_as_exit() -> Iterator[None]:
    """Inside, SIGTERM unwinds the stack like Ctrl-C, so that what is unsaved can be written."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may change signal handlers.
        return

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
