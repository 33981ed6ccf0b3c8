"""Remove the lock that a killed Snakemake left behind, if none is at work here any more."""

import shutil
from pathlib import Path

import psutil

from crystalnet.errors import CrystalNetError
from pipeline.steps import command

LOCKS = Path(".snakemake/locks")


def main() -> None:
    if not LOCKS.is_dir() or not any(LOCKS.iterdir()):
        return
    here = str(Path.cwd())
    for process in psutil.process_iter():
        try:
            if process.cwd() == here and any("snakemake" in part for part in process.cmdline()):
                raise CrystalNetError(
                    f"{LOCKS}: process {process.pid} is still at work in this folder; "
                    "wait for it or stop it"
                )
        except psutil.Error:
            continue
    shutil.rmtree(LOCKS)
    print("a lock of a run that was killed is removed")


if __name__ == "__main__":
    command.run(main)
