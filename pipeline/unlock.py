"""Remove the lock that a killed Snakemake left behind, if nothing is at work here any more."""

import os
import shutil
from pathlib import Path

import psutil

from crystalnet.errors import CrystalNetError
from pipeline.steps import command

LOCKS = Path(".snakemake/locks")


def at_work(folder: Path) -> list[int]:
    """The processes that run Snakemake or a step in a folder, this one and its parents aside.

    A step lives on where Snakemake alone was killed with -9, and with it what it started:
    processes of a pool, of torchrun.
    """
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: set[int] = set()
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if process.pid in mine or process.cwd() != str(folder):
                continue
            if any("snakemake" in word or "pipeline.steps." in word for word in words):
                found |= {process.pid, *(child.pid for child in process.children(recursive=True))}
            elif "multiprocessing" in " ".join(words):
                found.add(process.pid)
        except psutil.Error:
            continue
    return sorted(found)


def main() -> None:
    if not LOCKS.is_dir() or not any(LOCKS.iterdir()):
        return
    if found := at_work(Path.cwd()):
        one = len(found) == 1
        pids = ", ".join(map(str, found))
        raise CrystalNetError(
            f"{LOCKS}: process{'' if one else 'es'} {pids} {'is' if one else 'are'} still at work "
            f"in this folder; wait for {'it' if one else 'them'}, or: kill {pids.replace(',', '')}"
        )
    shutil.rmtree(LOCKS)
    print("a lock of a run that was killed is removed")


if __name__ == "__main__":
    command.run(main)
