"""One pattern: solved, written, told."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import FrameType

from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import Budget
from crystalnet.solving.command.request import Request
from crystalnet.solving.output import SUMMARY
from crystalnet.solving.solution import Solution
from crystalnet.solving.solve import solve


def solve_one(
    pattern: Path,
    folder: Path,
    request: Request,
    until: Callable[[Budget], None] | None = None,
) -> bool:
    """Solve one pattern and write what was found; whether it was interrupted.

    Args:
        folder: where to.
        until: is handed the budget before the work begins, to end it; without it Ctrl-C does.

    Raises:
        CrystalNetError: if it cannot be solved.
        KeyboardInterrupt: if it was ended before anything was found.
    """
    question = request.question
    asked = {each.name: getattr(question, each.name) for each in fields(question)}
    budget = Budget(asked.pop("time_limit"), request.say)
    if until is not None:
        until(budget)
    with _until_interrupted(budget):
        try:
            solution = solve(pattern, **asked, time_limit=budget, progress=request.say)
        except CrystalNetError:
            if budget.stopped:
                raise KeyboardInterrupt from None
            raise
    if request.plot:
        from crystalnet.solving.output.peaks_plot import plot_peaks

        plot_peaks(solution.found, request.plot)
        request.say(f"peaks: {request.plot}")
    _tell(solution, request.say)
    solution.write(folder)
    request.say(f"{solution.seconds:.1f} s; open {folder / 'report.html'}")
    request.show((folder / SUMMARY).read_text(encoding="utf-8").rstrip())
    return budget.stopped


def _tell(solution: Solution, say: Callable[[str], None]) -> None:
    say(f"{'rank':>4} {'formula':<16} {'space group':<12} {'Rwp':>6} {'corr.':>6}  lattice")
    for each in solution.candidates:
        structure = each.crystal.to_structure()
        say(
            f"{each.rank:>4} {structure.composition.reduced_formula:<16} "
            f"{each.space_group_symbol:<12} {each.match.rwp:>6.3f} {each.match.correlation:>6.3f}  "
            f"{each.system} {each.centring}, {structure.lattice.volume:.1f} A^3"
        )
    for line in solution.foreign.lines():
        say(line)
    say(f"verdict: {solution.verdict.word}")
    for reason in solution.verdict.reasons:
        say(f"  {reason}")
    if solution.cut_short:
        say(
            f"cut short: {solution.cut_short} before everything was tried, so what is found hangs "
            "on the speed of this machine; --time gives it more"
        )


@contextmanager
def _until_interrupted(budget: Budget) -> Iterator[None]:
    """Ctrl-C ends the search, and what was found is kept; a second one ends the program."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        budget.stop()
        signal.signal(signal.SIGINT, before)
        # Printing is not allowed in here.
        os.write(2, b"interrupted: what was found is ranked; once more to leave without it\n")

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
