"""Trying again what fails in passing, with pauses that grow and differ between clients."""

import random
from collections.abc import Callable
from typing import TypeVar

from crystalnet.errors import CrystalNetError
from pipeline.sections import MaterialsProject

T = TypeVar("T")


class Transient(Exception):
    """A failure that another try may not meet: a busy service, a lost connection, cut bytes."""


class Permanent(Exception):
    """A failure that no other try will mend; its text is the reason that is recorded."""


class Unreachable(CrystalNetError):
    """What still failed in passing after the last try."""


def with_backoff(
    call: Callable[[], T],
    what: str,
    settings: MaterialsProject,
    sleep: Callable[[float], object],
) -> T:
    """Call until it does not raise `Transient`, at most `settings.tries` times.

    The pauses double from `first_wait` to `longest_wait` seconds; each is cut by a random share
    of up to a half, so that many clients do not come back at the same moment.

    Raises:
        Unreachable: after the last try; says how often it was tried and what came.
    """
    wait = settings.first_wait
    for left in reversed(range(settings.tries)):
        try:
            return call()
        except Transient as error:
            if not left:
                raise Unreachable(
                    f"{what}: the Materials Project failed {settings.tries} times, last with: "
                    f"{error}; what came so far is kept: run again later"
                ) from None
        sleep(wait * random.uniform(0.5, 1.0))
        wait = min(2 * wait, settings.longest_wait)
    raise AssertionError("settings.tries is at least 1")
