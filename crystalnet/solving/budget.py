"""How long a pattern may take, and whether that cut something short."""

import time
from collections.abc import Callable

from crystalnet.errors import CrystalNetError

# Seconds after which a person is told again what is being done.
TELL = 10.0


class Budget:
    """Time that runs from when it is made; whoever works long asks it whether to go on.

    Attributes:
        seconds: the limit, None for none.
        doing: what is being done, for a person to read.
        stopped: whether somebody, not the clock, ended it.
        cut: whether something was left out because it was over.
    """

    def __init__(
        self,
        seconds: float | None = None,
        tell: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            seconds: None is for as long as it takes.
            tell: is called every ten seconds with what is being done.

        Raises:
            CrystalNetError: for seconds that are not above 0.
        """
        if seconds is not None and not seconds > 0:
            raise CrystalNetError(f"a time of {seconds} s; want more than 0, or none for no limit")
        self.doing = ""
        self.stopped = self.cut = False
        self.seconds, self._tell, self._clock = seconds, tell, clock
        self.start()

    def start(self) -> None:
        """Let the time run from now."""
        self._started = self._told = self._clock()

    @property
    def spent(self) -> float:
        """Seconds since it was made."""
        return self._clock() - self._started

    def stop(self) -> None:
        """End it now, as a signal handler may."""
        self.stopped = True

    def over(self, grace: float = 0.0) -> bool:
        """Whether to stop, and leave out what is not done.

        Args:
            grace: seconds beyond the limit that what is asked for may take.
        """
        now = self._clock()
        if self._tell is not None and self.doing and now - self._told >= TELL:
            self._told = now
            self._tell(f"{self.spent:.0f} s: {self.doing}")
        late = self.seconds is not None and now - self._started > self.seconds + grace
        if late or self.stopped:
            self.cut = True
        return late or self.stopped

    @property
    def cut_short(self) -> str | None:
        """What cut something short, in words; None where nothing was left out."""
        if not self.cut:
            return None
        if self.stopped:
            return "it was interrupted"
        return f"the time of {self.seconds:g} s was over"


UNBOUNDED = Budget()
"""For as long as it takes."""
