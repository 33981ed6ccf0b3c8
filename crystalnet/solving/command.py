"""What `crystalnet solve` does: one pattern, or every one of a folder."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import FrameType

from crystalnet.errors import CrystalNetError
from crystalnet.files import shown
from crystalnet.solving.budget import Budget
from crystalnet.solving.output import SUMMARY, check_folder
from crystalnet.solving.pattern import formats
from crystalnet.solving.pattern.file import may_be_pattern
from crystalnet.solving.question import Question
from crystalnet.solving.solve import Solution, solve

INTERRUPTED = 130
"""The exit status of a program that Ctrl-C ended."""


@dataclass(frozen=True)
class Request:
    """What the command was given.

    Attributes:
        pattern: a file, or a folder of them.
        output: where the results go; None is beside the pattern.
        plot: where a picture of the peaks goes.
        again: whether what is solved already is solved again.
    """

    pattern: Path
    question: Question
    output: Path | None = None
    plot: Path | None = None
    again: bool = False


def run(request: Request) -> int:
    """Solve, write and tell; the exit status.

    Raises:
        CrystalNetError: for anything that the user can mend, before any work where that can be.
    """
    with warnings.catch_warnings():
        # Other people's packages speak of what they were not asked.
        warnings.simplefilter("ignore")
        return _run(request)


def _run(request: Request) -> int:
    folder = _is_folder(request.pattern)
    if request.plot:
        if folder:
            raise CrystalNetError("--plot is for one pattern; give the file instead of its folder")
        # Loaded only where it is wanted: it takes a second.
        from crystalnet.solving.output.peaks_plot import check_plot

        check_plot(request.plot)
    place = _place(request.pattern, request.output, folder)
    check_folder(place)
    patterns, passed = _patterns(request.pattern) if folder else ([request.pattern], [])
    if folder:
        for line in passed:
            _say(line)
        return _solve_folder(patterns, len(passed), place, request)
    interrupted = _solve_one(request.pattern, place, request)
    return INTERRUPTED if interrupted else 0


def _solve_folder(
    patterns: Sequence[Path],
    passed: int,
    place: Path,
    request: Request,
) -> int:
    failed, interrupted, started = 0, False, time.monotonic()
    for number, pattern in enumerate(patterns, start=1):
        folder = place / f"{pattern.name}-solved"
        head = f"[{number}/{len(patterns)}] {pattern.name}"
        known = request.question.answered_by(folder / SUMMARY, pattern)
        if known and not request.again:
            _say(f"{head}: solved already, in {folder}")
            continue
        _say(head)
        try:
            check_folder(folder)
            interrupted = _solve_one(pattern, folder, request)
        except CrystalNetError as error:
            failed += 1
            print(shown(f"error: {error}"), file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            interrupted = True
        if interrupted:
            _say(f"interrupted at {pattern.name}; what was solved is kept: run it again to go on")
            return INTERRUPTED
    left = f"; {passed} other files passed over" if passed else ""
    _say(
        f"{len(patterns) - failed} of {len(patterns)} patterns solved, {failed} failed{left}; "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if failed else 0


def _solve_one(pattern: Path, folder: Path, request: Request) -> bool:
    """Solve one pattern and write what was found; whether it was interrupted."""
    question = request.question
    asked = {each.name: getattr(question, each.name) for each in fields(question)}
    budget = Budget(asked.pop("time_limit"), _say)
    with _until_interrupted(budget):
        try:
            solution = solve(pattern, **asked, time_limit=budget, progress=_say)
        except CrystalNetError:
            if budget.stopped:
                raise KeyboardInterrupt from None
            raise
    if request.plot:
        from crystalnet.solving.output.peaks_plot import plot_peaks

        plot_peaks(solution.found, request.plot)
        _say(f"peaks: {request.plot}")
    _tell(solution)
    solution.write(folder)
    _say(f"{solution.seconds:.1f} s; open {folder / 'report.html'}")
    return budget.stopped


def _tell(solution: Solution) -> None:
    _say(f"{'rank':>4} {'formula':<16} {'space group':<12} {'Rwp':>6} {'corr.':>6}  lattice")
    for each in solution.candidates:
        structure = each.crystal.to_structure()
        _say(
            f"{each.rank:>4} {structure.composition.reduced_formula:<16} "
            f"{each.space_group_symbol:<12} {each.match.rwp:>6.3f} {each.match.correlation:>6.3f}  "
            f"{each.system} {each.centring}, {structure.lattice.volume:.1f} A^3"
        )
    _say(f"verdict: {solution.verdict.word}")
    for reason in solution.verdict.reasons:
        _say(f"  {reason}")
    if solution.cut_short:
        _say(
            f"cut short: {solution.cut_short} before everything was tried, so what is found hangs "
            "on the speed of this machine; --time gives it more"
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise CrystalNetError(f"{path}: cannot be read ({error.strerror})") from None


def _place(pattern: Path, output: Path | None, folder: bool) -> Path:
    """Where the result of a pattern goes, or the results of a folder."""
    if output is not None:
        return output
    # With its ending: a.xy and a.txt are two patterns.
    return pattern if folder else pattern.with_name(f"{pattern.name}-solved")


def _patterns(folder: Path) -> tuple[list[Path], list[str]]:
    """The patterns of a folder, and what is said of files that are passed over.

    Raises:
        CrystalNetError: for a folder without a pattern, or that cannot be read.
    """
    patterns, passed = [], []
    sure = [ending for each in formats.FORMATS for ending in each.endings]
    perhaps = [ending for each in formats.FORMATS for ending in each.shared_endings]
    try:
        files = sorted(each for each in folder.iterdir() if not each.is_dir())
    except OSError as error:
        raise CrystalNetError(f"{folder}: cannot be read ({error.strerror})") from None
    for file in files:
        suffix = file.suffix.lower()
        if suffix in sure:
            patterns.append(file)
        elif suffix in perhaps:
            try:
                if may_be_pattern(file):
                    patterns.append(file)
                    continue
                reason = "holds no pattern"
            except CrystalNetError as error:
                reason = str(error).removeprefix(f"{file}: ")
            passed.append(f"{file.name}: passed over, {reason}")
    if not patterns:
        raise CrystalNetError(
            f"{folder}: holds no pattern (a file of numbers that ends in "
            f"{', '.join(sure + perhaps)})"
        )
    return patterns, passed


@contextmanager
def _until_interrupted(budget: Budget) -> Iterator[None]:
    """Ctrl-C ends the search, and what was found is kept; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

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


def _say(line: str) -> None:
    print(shown(line), flush=True)
