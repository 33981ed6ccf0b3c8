"""Several patterns at once, each in a process of its own."""

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from pathlib import Path

from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import Budget
from crystalnet.solving.command.one import solve_one
from crystalnet.solving.command.request import Request
from crystalnet.solving.output import check_folder

# Seconds between two looks at whether to stop.
LOOK = 0.2
# What libraries may not do beside each other: every process has one core.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Outcome:
    """What became of a pattern.

    Attributes:
        error: why it has no result, "" if it has.
        interrupted: whether it was ended early.
    """

    error: str = ""
    interrupted: bool = False


def attempted(pattern: Path, folder: Path, request: Request, stop: Event | None = None) -> Outcome:
    """Solve a pattern; whatever goes wrong is its own."""

    def watch(budget: Budget) -> None:
        assert stop is not None
        while not done.wait(LOOK):
            if stop.is_set():
                budget.stop()

    done = threading.Event()

    def until(budget: Budget) -> None:
        threading.Thread(target=watch, args=(budget,), daemon=True).start()

    try:
        check_folder(folder)
        return Outcome(
            interrupted=solve_one(pattern, folder, request, None if stop is None else until)
        )
    except CrystalNetError as error:
        return Outcome(str(error))
    except KeyboardInterrupt:
        return Outcome(interrupted=True)
    except Exception as error:
        # A fault of this program: the other patterns are not to suffer from it.
        return Outcome(f"{pattern}: a fault of the program ({type(error).__name__}: {error})")
    finally:
        done.set()


def in_processes(
    tasks: Sequence[tuple[Path, Path]], request: Request, jobs: int
) -> Iterator[tuple[Path, Outcome]]:
    """Solve patterns into folders, so many at once; each as soon as it is done.

    Ctrl-C ends those that are being worked on early, and begins no other. A pattern whose process
    is ended by the system has that for its error.
    """
    request = replace(request, said="nothing")
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    left = list(tasks)
    while left:
        lost: list[tuple[Path, Path]] = []
        with _one_thread_each(), ProcessPoolExecutor(jobs, context, _begin, (stop,)) as pool:
            running: dict[Future[Outcome], tuple[Path, Path]] = {}
            while (left and not lost and not stop.is_set()) or running:
                while left and not lost and not stop.is_set() and len(running) < jobs:
                    task = left.pop(0)
                    running[pool.submit(_work, *task, request)] = task
                try:
                    done, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
                except KeyboardInterrupt:
                    if stop.is_set():
                        _end_children()
                        raise
                    stop.set()
                    continue
                for each in done:
                    task = running.pop(each)
                    try:
                        yield task[0], each.result()
                    except BrokenProcessPool:
                        lost.append(task)
        if stop.is_set():
            return
        if len(lost) == 1 and jobs == 1:
            yield lost[0][0], Outcome(f"{lost[0][0]}: its process was ended (too little memory?)")
        elif lost:
            # Which of them it was shows when each is alone.
            for task in lost:
                yield from in_processes([task], request, 1)


_STOP: Event | None = None


def _begin(stop: Event) -> None:
    """In a new process: Ctrl-C is its parent's to see."""
    global _STOP
    _STOP = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")


def _work(pattern: Path, folder: Path, request: Request) -> Outcome:
    return attempted(pattern, folder, request, _STOP)


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.terminate()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """New processes have one thread of each library, unless the user says otherwise."""
    missing = [name for name in ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(missing, "1"))
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
