"""The command `crystalnet`."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

from crystalnet.errors import CrystalNetError
from crystalnet.files import shown


def main(arguments: list[str] | None = None) -> int:
    """Run the command; what the user can mend is said in one line, with exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that knows no such character is given its number.
            stream.reconfigure(errors="backslashreplace")
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except CrystalNetError as error:
        print(shown(f"error: {error}"), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `| head` does.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
        return 1
    except KeyboardInterrupt:
        print("interrupted before anything was found; what was solved is kept", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """Says in one line what it does not understand, with exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {shown(message)}; {self.prog} --help lists what there is\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="crystalnet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    solve = commands.add_parser(
        "solve",
        help="from a measured pattern to ranked densities and structures",
        description="From a measured pattern to ranked densities and structures.",
    )
    solve.set_defaults(run=_solve)
    _pattern(solve, "a pattern, or a folder of patterns")
    solve.add_argument(
        "--columns", type=_whole_numbers, metavar="X,Y[,S]",
        help="of text: numbers of the columns of position, intensity and its standard deviation",
    )  # fmt: skip
    solve.add_argument("--scan", type=int, help="which of several scans in the file, from 1")
    known = solve.add_mutually_exclusive_group()
    known.add_argument("--formula", help="such as Gd2Hf2O7")
    known.add_argument("--elements", help="all that are there, such as Si,O")
    known.add_argument("--contains", help="some of those that are there, such as Si")
    _cell(solve)
    solve.add_argument("--space-group", help="number or symbol, such as 62 or Pnma, if it is known")
    solve.add_argument("--seed", type=int, default=0, help="of the places that are tried (0)")
    solve.add_argument(
        "--effort",
        type=float,
        default=1.0,
        help="of the search by symmetry; 1 is the usual",
    )
    solve.add_argument(
        "--time", type=float, default=60.0, help="seconds a pattern, at most (60); inf for no limit"
    )
    solve.add_argument("--output", type=Path, help="folder (the pattern's name with -solved)")
    solve.add_argument("--plot", type=Path, help="a picture of the pattern and its peaks")
    solve.add_argument("--again", action="store_true", help="also what is solved already")
    predict = commands.add_parser(
        "predict",
        help="from a measured pattern and a formula to ranked densities alone",
        description="From a measured pattern and a formula to ranked densities alone, in seconds.",
    )
    predict.set_defaults(run=_predict)
    _pattern(predict, "a pattern")
    predict.add_argument("--formula", required=True, help="such as Gd2Hf2O7")
    _cell(predict)
    predict.add_argument("--guesses", type=int, default=5, help="densities, at most (5)")
    predict.add_argument("--grid", type=int, default=50, help="points per axis (50)")
    predict.add_argument(
        "--kind", choices=["dft", "iam"],
        help="densities as DFT gives them, or superposed free atoms (dft where it was learnt)",
    )  # fmt: skip
    predict.add_argument("--output", type=Path, help="folder (the pattern's name with -predicted)")
    return parser


def _system(name: str) -> str:
    # Loaded where it is said: `crystalnet --help` answers at once.
    from crystalnet.solving.lattice.kinds import KINDS

    if name not in KINDS:
        known = ", ".join(map(repr, KINDS))
        raise argparse.ArgumentTypeError(f"invalid choice: {name!r} (choose from {known})")
    return name


def _whole_numbers(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\d{1,3}(,\d{1,3})*", text):
        raise argparse.ArgumentTypeError(f"{text!r}; want numbers such as 1,3")
    return tuple(int(each) for each in text.split(","))


def _pattern(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("pattern", type=Path, help=what)
    parser.add_argument(
        "--wavelength", help="CuKa, MoKa, CoKa ..., or in A; may be left out where the file says it"
    )
    parser.add_argument(
        "--quantity", choices=["two_theta", "q", "d"], help="of the first column, if not in it"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--peaks", action="store_true", default=None, help="it is a list of peaks, and"
    )
    kind.add_argument(
        "--profile", dest="peaks", action="store_false", help="it is a profile; seen without"
    )


def _cell(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--system", type=_system, help="cubic to triclinic; without it all seven")
    parser.add_argument(
        "--lattice",
        help="free cell parameters in A and degrees: a, or a,c, a,b,c, a,b,c,beta or all six; "
        "without it found from the peaks",
    )


def _solve(given: argparse.Namespace) -> int:
    # Loaded here: `crystalnet --help` answers at once.
    from crystalnet.solving.command import Request, run
    from crystalnet.solving.question import Question, edges, symbols

    question = Question(
        wavelength=given.wavelength,
        formula=given.formula,
        elements=symbols(given.contains if given.elements is None else given.elements),
        complete=given.contains is None,
        system=given.system,
        lattice=edges(given.lattice),
        space_group=given.space_group,
        quantity=given.quantity,
        peaks=given.peaks,
        columns=given.columns,
        scan=given.scan,
        seed=given.seed,
        effort=given.effort,
        time_limit=None if given.time == float("inf") else given.time,
    )
    return run(Request(given.pattern, question, given.output, given.plot, given.again))


def _predict(given: argparse.Namespace) -> int:
    from crystalnet.solving.predict_command import run

    folder = given.output or given.pattern.with_name(f"{given.pattern.name}-predicted")
    asked = {
        name: getattr(given, name)
        for name in (
            "formula", "wavelength", "system", "lattice", "quantity", "peaks", "guesses", "grid",
            "kind",
        )
    }  # fmt: skip
    return run(given.pattern, folder, asked)


if __name__ == "__main__":
    sys.exit(main())
