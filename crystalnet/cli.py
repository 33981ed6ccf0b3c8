"""The command `crystalnet`."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from crystalnet.errors import CrystalNetError

# An Rwp above this is of no structure that is right.
DOUBTFUL = 0.4
# Files of a folder that are taken for patterns.
SUFFIXES = (".xy", ".xye", ".dat", ".csv", ".tsv", ".chi", ".txt", ".cif")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; what the user can mend is said in one line, with exit status 1."""
    parsed = _parser().parse_args(arguments)
    try:
        return _solve(parsed)
    except CrystalNetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `| head` does.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
        return 1
    except KeyboardInterrupt:
        print("interrupted; patterns that were solved are kept", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="crystalnet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    solve = commands.add_parser(
        "solve",
        help="from a measured pattern to ranked densities and structures",
        description="From a measured pattern to ranked densities and structures.",
    )
    solve.add_argument("pattern", type=Path, help="a pattern, or a folder of patterns")
    solve.add_argument(
        "--wavelength", help="CuKa, MoKa, CoKa ..., or in A; may be left out where the file says it"
    )
    solve.add_argument(
        "--quantity", choices=["two_theta", "q", "d"], help="of the first column, if not in it"
    )
    known = solve.add_mutually_exclusive_group()
    known.add_argument("--formula", help="such as Gd2Hf2O7")
    known.add_argument("--elements", help="all that are there, such as Si,O")
    known.add_argument("--contains", help="some of those that are there, such as Si")
    solve.add_argument("--system", choices=["cubic", "trigonal"], help="without it both are tried")
    solve.add_argument(
        "--lattice", help="a, or a,c in hexagonal axes, in A; without it found from the peaks"
    )
    solve.add_argument("--guesses", type=int, default=5, help="samples a model and lattice (5)")
    solve.add_argument("--seed", type=int, default=0, help="of the samples (0)")
    solve.add_argument(
        "--effort",
        type=float,
        default=1.0,
        help="of the search by symmetry, and of guesses in large cells; 1 is the usual",
    )
    solve.add_argument("--models", type=Path, help="folder of weights, instead of those included")
    solve.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 (cpu)")
    solve.add_argument("--output", type=Path, help="folder (the pattern's name with -solved)")
    solve.add_argument("--plot", type=Path, help="a picture of the pattern and its peaks")
    solve.add_argument("--again", action="store_true", help="also what is solved already")
    return parser


def _solve(given: argparse.Namespace) -> int:
    # Loaded here: `crystalnet --help` answers at once.
    from crystalnet.solving.models import WEIGHTS, load_models

    if given.guesses < 1:
        raise CrystalNetError(f"--guesses {given.guesses}; want at least 1")
    if not 0 <= given.effort <= 1000:
        raise CrystalNetError(f"--effort {given.effort}; want 0 (none) to 1000")
    options = {
        "wavelength": given.wavelength,
        "quantity": given.quantity,
        "formula": given.formula,
        "elements": _symbols(given.elements or given.contains),
        "complete": given.contains is None,
        "system": given.system,
        "lattice": _lattice(given.lattice),
        "guesses": given.guesses,
        "seed": given.seed,
        "effort": given.effort,
    }
    systems = [given.system] if given.system else None
    models = load_models(systems, given.models or WEIGHTS, given.device)
    if not given.pattern.is_dir():
        folder = given.output or given.pattern.with_name(f"{given.pattern.stem}-solved")
        _solve_one(given.pattern, folder, given.plot, {**options, "models": models})
        return 0
    if given.plot:
        raise CrystalNetError("--plot is for one pattern; give the file instead of its folder")
    files = sorted(p for p in given.pattern.iterdir() if p.suffix.lower() in SUFFIXES)
    if not files:
        raise CrystalNetError(f"{given.pattern}: holds no pattern ({', '.join(SUFFIXES)})")
    failed = 0
    started = time.monotonic()
    for done, file in enumerate(files):
        folder = (given.output or given.pattern) / f"{file.stem}-solved"
        if not given.again and _solved(folder, file):
            print(f"[{done + 1}/{len(files)}] {file.name}: solved already, in {folder}")
            continue
        print(f"[{done + 1}/{len(files)}] {file.name}", flush=True)
        try:
            _solve_one(file, folder, None, {**options, "models": models})
        except CrystalNetError as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr, flush=True)
    solved, seconds = len(files) - failed, time.monotonic() - started
    print(f"{solved} of {len(files)} patterns solved, {failed} failed; {seconds:.0f} s")
    return 1 if failed else 0


def _solve_one(file: Path, folder: Path, plot: Path | None, options: dict[str, Any]) -> None:
    from crystalnet.solving.plot import plot_peaks
    from crystalnet.solving.solve import solve

    solution = solve(file, **options, progress=print)
    if plot:
        plot_peaks(solution.found, plot)
        print(f"peaks: {plot}")
    print(f"{'rank':>4} {'formula':<16} {'space group':<12} {'Rwp':>6} {'corr.':>6}  lattice")
    for each in solution.candidates:
        lengths = each.crystal.to_structure().lattice
        print(
            f"{each.rank:>4} {each.crystal.to_structure().composition.reduced_formula:<16} "
            f"{each.space_group_symbol:<12} {each.match.rwp:>6.3f} {each.match.correlation:>6.3f}  "
            f"{each.system} {each.centring}, {lengths.volume:.1f} A^3"
        )
    if solution.candidates[0].match.rwp > DOUBTFUL:
        print(
            f"none of these explains the pattern (Rwp above {DOUBTFUL}): give it more time "
            "(--effort 10), or check wavelength, composition and lattice"
        )
    solution.write(folder)
    print(f"{solution.seconds:.1f} s; open {folder / 'report.html'}", flush=True)


def _symbols(text: str | None) -> list[str] | None:
    return None if text is None else [each.strip() for each in text.split(",")]


def _lattice(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        lengths = tuple(float(each) for each in text.split(","))
    except ValueError:
        raise CrystalNetError(
            f"--lattice {text!r}; want numbers in A, such as 10.5 or 4.91,5.40"
        ) from None
    if not all(0.5 < length < 100 for length in lengths):
        raise CrystalNetError(f"--lattice {text}; want lengths of 0.5 to 100 A")
    return lengths


def _solved(folder: Path, file: Path) -> bool:
    """Whether a folder holds the whole result of a file."""
    try:
        told = json.loads((folder / "summary.json").read_text())["told"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(told.get("pattern") == str(file))


if __name__ == "__main__":
    sys.exit(main())
