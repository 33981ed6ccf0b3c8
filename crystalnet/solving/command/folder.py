"""Every pattern of a folder: none is solved twice, and one table at the end."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from crystalnet.files import shown
from crystalnet.solving.command.request import INTERRUPTED, Request
from crystalnet.solving.command.table import Row, as_json, row_of, write_table
from crystalnet.solving.command.workers import Outcome, attempted, in_processes
from crystalnet.solving.output import SUMMARY


def solve_folder(patterns: Sequence[Path], passed: int, place: Path, request: Request) -> int:
    """Solve patterns, each into a folder of its own; the exit status.

    Args:
        passed: other files in the folder.
        place: where the folders of the results and the table go.
    """
    started = time.monotonic()
    folders = {pattern: place / f"{pattern.name}-solved" for pattern in patterns}
    todo, rows = [], {}
    for pattern, folder in folders.items():
        if not request.again and request.question.answered_by(folder / SUMMARY, pattern):
            request.say(f"{pattern.name}: solved already, in {folder}")
            rows[pattern] = row_of(pattern, folder)
        else:
            todo.append((pattern, folder))
    interrupted = ""
    jobs = min(request.jobs or _cores(), len(todo))
    for pattern, outcome in (
        in_processes(todo, request, jobs) if jobs > 1 else _in_turn(todo, request)
    ):
        if outcome.interrupted:
            interrupted = interrupted or pattern.name
        if outcome.error:
            print(shown(f"error: {outcome.error}"), file=sys.stderr, flush=True)
        if outcome.error or not outcome.interrupted:
            rows[pattern] = _row(pattern, folders[pattern], outcome)
            if jobs > 1:
                request.say(f"[{len(rows)}/{len(patterns)}] {pattern.name}: {rows[pattern].line()}")
    ordered = [rows[pattern] for pattern in patterns if pattern in rows]
    if ordered:
        write_table(place, ordered)
    request.show(as_json(ordered))
    if interrupted or len(ordered) < len(patterns):
        at = f" at {interrupted}" if interrupted else ""
        request.say(f"interrupted{at}; what was solved is kept: run it again to go on")
        return INTERRUPTED
    failed = sum(bool(row.error) for row in ordered)
    left = f"; {passed} other files passed over" if passed else ""
    request.say(
        f"{len(patterns) - failed} of {len(patterns)} patterns solved, {failed} failed{left}; "
        f"{time.monotonic() - started:.0f} s; open {place / 'solved.html'}"
    )
    return 1 if failed else 0


def _in_turn(todo: Sequence[tuple[Path, Path]], request: Request) -> Iterator[tuple[Path, Outcome]]:
    """One after the other, with all that is said of each; Ctrl-C ends it."""
    for number, (pattern, folder) in enumerate(todo, start=1):
        request.say(f"[{number}/{len(todo)}] {pattern.name}")
        outcome = attempted(pattern, folder, request)
        yield pattern, outcome
        if outcome.interrupted:
            return


def _row(pattern: Path, folder: Path, outcome: Outcome) -> Row:
    return row_of(pattern, folder, outcome.error.removeprefix(f"{pattern}: "))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
