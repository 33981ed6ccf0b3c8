"""Every table of docs/solve.md as Markdown, in one go.

    python -m benchmarks.solve_documents [--output tables.md] [--every 1] [--parallel 2]
    make figures

Each section runs the command that its heading names, two of them side by side, each on one thread.
`--every n` takes every n-th of the crystals that the documents stand on, for a look.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.machine import machine
from crystalnet.files import atomic_write

SOLVING = ("benchmarks.solving", "--markdown")
# What the documents show: the command, and which share of the crystals. The longest first.
SECTIONS: list[tuple[tuple[str, ...], int]] = [
    (SOLVING, 1),
    ((*SOLVING, "--curves"), 8),
    ((*SOLVING, "--sizes"), 4),
    ((*SOLVING, "--sizes", "--only", "all", "--known", "elements"), 12),
    ((*SOLVING, "--ssim"), 4),
    (("benchmarks.ranking",), 1),
    (("benchmarks.indexing",), 1),
    (("benchmarks.decoding", "--known", "formula"), 1),
]
MEASURED = [
    ("benchmarks.measured_patterns", "--markdown"),
    ("benchmarks.measured_patterns", "--markdown", "--known", "none"),
]
# Crystals of each system and size, that no other command chooses from: one of n, of so many.
STRUCTURES = ("benchmarks.structures_by_system", "--markdown")
SYSTEMS: list[tuple[tuple[str, ...], int]] = [
    (("--largest", "20"), 40),
    (("--smallest", "21"), 10),
    (("--largest", "20", "--lattice", "found"), 10),
    (("--largest", "20", "--by", "symmetry", "charge flipping", "known structures"), 6),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="file; without it on the screen")
    parser.add_argument("--every", type=int, default=1, help="take every n-th crystal again")
    parser.add_argument("--parallel", type=int, default=2, help="commands side by side")
    given = parser.parse_args()
    commands = [(*command, "--every", str(every * given.every)) for command, every in SECTIONS]
    for options, each in SYSTEMS:
        commands.append((*STRUCTURES, *options, "--each", str(-(-each // given.every))))
    started = time.monotonic()
    with ThreadPoolExecutor(given.parallel) as pool:
        sections = list(pool.map(section, [*commands, *MEASURED]))
    minutes = (time.monotonic() - started) / 60
    text = (
        f"# Tables of docs/solve.md\n\n{machine()}; {given.parallel} commands side by side, "
        f"each on one thread; {minutes:.0f} minutes in all\n\n" + "\n".join(sections)
    )
    if given.output:
        with atomic_write(given.output) as temporary:
            temporary.write_text(text, encoding="utf-8")
        print(given.output)
    else:
        print(text)


def section(command: tuple[str, ...]) -> str:
    """The heading and the output of one command.

    Raises:
        SystemExit: if it fails; its own words are on the screen.
    """
    told = f"python -m {' '.join(command)}"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{told}: exit status {done.returncode}")
    print(f"{told}: {(time.monotonic() - started) / 60:.1f} minutes", file=sys.stderr)
    table = "--markdown" in command
    body = done.stdout if table else "```\n" + done.stdout + "```\n"
    return f"## `{told}`\n\n{body}"


if __name__ == "__main__":
    main()
