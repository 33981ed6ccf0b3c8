"""Mutilated files of every format: each is read, or refused in one line, soon and in little memory.

    python -m benchmarks.reader_fuzzing --each 60000

Prints a row for each format: inputs, how many were read as a pattern, refused, and the slowest; and
every input that broke the promise, as bytes. Exit status 1 if there is one.
"""

import argparse
import gzip
import io
import resource
import signal
import sys
import time
import traceback
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.reader_samples import SAMPLES
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.file import pattern_of
from crystalnet.solving.pattern.formats.content import content_of
from crystalnet.solving.pattern.formats.pattern_format import Choice
from crystalnet.solving.pattern.radiation import radiation

PATH = Path("fuzzed")
CU = radiation("CuKa")
# Seconds that an input of a few thousand bytes may take, on a machine beside other work.
LIMIT = 5.0
MEMORY = 2_000_000_000
NUMBERS = (b"nan", b"inf", b"-1", b"0", b"1e999", b"-1e-320", b"4294967295", b"9" * 20,
           b"1,5", b"", b"x", b"1e5", b"180.0001", b"0x10", b"1_0", b"\xd9\xa1")  # fmt: skip


@dataclass
class Tally:
    """What became of the inputs made from one sample."""

    inputs: int = 0
    patterns: int = 0
    refused: int = 0
    slowest: float = 0.0
    broken: list[tuple[bytes, str]] = field(default_factory=list)


def mutilated(raw: bytes, other: bytes, generator: np.random.Generator) -> bytes:
    """One to four changes to a file: bits, numbers, pieces, lines, the end, parts of another."""
    changed = bytearray(raw)
    for _ in range(generator.integers(1, 5)):
        size = max(len(changed), 1)
        at = int(generator.integers(size))
        end = min(size, at + int(generator.integers(1, 60)))
        match generator.integers(9):
            case 0:
                changed[at : at + 1] = bytes([int(generator.integers(256))])
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end] * int(generator.integers(1, 20))
            case 3:
                del changed[at:]
            case 4:
                changed[at:end] = generator.bytes(int(generator.integers(0, 12)))
            case 5:
                # The word around a place becomes another number.
                first = max(changed.rfind(mark, 0, at) for mark in b" >\n,\"'") + 1
                ends = [changed.find(mark, at) for mark in b" <\n,\"'"]
                last = min([place for place in ends if place >= 0], default=size)
                changed[first:last] = NUMBERS[int(generator.integers(len(NUMBERS)))]
            case 6:
                start = int(generator.integers(max(len(other), 1)))
                changed[at:end] = other[start : start + int(generator.integers(1, 80))]
            case 7:
                lines = changed.split(b"\n")
                one, two = generator.integers(len(lines), size=2)
                lines[one], lines[two] = lines[two], lines[one]
                changed = bytearray(b"\n".join(lines))
            case _:
                width = int(generator.choice([1, 2, 4, 8]))
                extreme = bytes([int(generator.choice([0, 1, 0x7F, 0x80, 0xFF]))]) * width
                changed[at : at + width] = extreme
    return bytes(changed)


def inputs(name: str, generator: np.random.Generator) -> Iterator[bytes]:
    """Mutilated files of a sample without end; of archives what is in them too."""
    raw = SAMPLES[name]()
    others = [each() for each in SAMPLES.values()]
    while True:
        other = others[int(generator.integers(len(others)))]
        inside = generator.random() < 0.7
        if inside and raw.startswith(b"PK"):
            yield _packed_again(raw, other, generator)
        elif inside and raw.startswith(b"\x1f\x8b"):
            yield gzip.compress(mutilated(gzip.decompress(raw), other, generator), 1)
        else:
            yield mutilated(raw, other, generator)


def _packed_again(raw: bytes, other: bytes, generator: np.random.Generator) -> bytes:
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as new,
    ):
        for each in old.namelist():
            content = old.read(each)
            if generator.random() < 0.7:
                content = mutilated(content, other, generator)
            new.writestr(zipfile.ZipInfo(each), content)
    return memory.getvalue()


class TooLong(BaseException):
    """An input took too long."""


def _stop(*_: object) -> None:
    raise TooLong


def tried(raw: bytes, tally: Tally) -> None:
    """Read one input and count what became of it."""
    tally.inputs += 1
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        found = pattern_of(content_of(PATH, raw), Choice(), CU)
        tally.patterns += 1
        angles, intensity = found.two_theta, found.intensity
        rising = (np.diff(angles) > 0).all() and angles[0] >= 0 and angles[-1] <= 180
        if not (rising and np.isfinite(intensity).all() and intensity.min() >= 0):
            tally.broken.append((raw, "a pattern that is none"))
    except CrystalNetError as error:
        tally.refused += 1
        if "\n" in str(error) or not str(error).startswith(str(PATH)):
            tally.broken.append((raw, f"no line about the file: {error}"))
    except (Exception, TooLong):
        tally.broken.append((raw, traceback.format_exc()))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    tally.slowest = max(tally.slowest, time.perf_counter() - started)


def fuzzed(name: str, count: int, seed: int) -> Tally:
    """Try so many inputs made from a sample; needs the main thread."""
    generator = np.random.default_rng([seed, *name.encode()])
    before = signal.signal(signal.SIGALRM, _stop)
    tally = Tally()
    try:
        with warnings.catch_warnings():
            # What numpy warns of is a number that nobody looked at.
            warnings.simplefilter("error")
            for raw, _ in zip(inputs(name, generator), range(count), strict=False):
                tried(raw, tally)
    finally:
        signal.signal(signal.SIGALRM, before)
    return tally


def main() -> int:
    """Print the table; whether a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=60_000, help="inputs for each sample")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    limit = max(MEMORY, 4 * used)
    resource.setrlimit(resource.RLIMIT_AS, (limit * 2, limit * 2))
    print("| sample | inputs | patterns | refused | broken | slowest (ms) |")
    print("|---|---|---|---|---|---|")
    broken = 0
    total = Tally()
    for name in SAMPLES:
        tally = fuzzed(name, given.each, given.seed)
        print(f"| {name} | {tally.inputs} | {tally.patterns} | {tally.refused} | "
              f"{len(tally.broken)} | {1e3 * tally.slowest:.0f} |", flush=True)  # fmt: skip
        total.inputs += tally.inputs
        total.patterns += tally.patterns
        total.refused += tally.refused
        broken += len(tally.broken)
        for raw, why in tally.broken[:5]:
            print(f"{name}: {why}\n{raw!r}", file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| all | {total.inputs} | {total.patterns} | {total.refused} | {broken} | |")
    print(f"memory: {peak:.2f} GB at most")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
