"""The command `crystalnet`."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from crystalnet.cli import options
from crystalnet.errors import CrystalNetError
from crystalnet.files import shown

EXAMPLES = """examples:
  crystalnet solve quartz.xy --wavelength CuKa --elements Si,O
  crystalnet solve peaks.csv --formula Gd2Hf2O7 --system cubic --lattice 10.5
  crystalnet solve scan.xrdml --formula CaSO4.2H2O --range 10,70 --exclude 28,29 --z 4
  crystalnet solve beamline.dat --energy 17.4 --formula LaB6 --space-group Pm-3m
  crystalnet solve folder/ --wavelength CuKa --formula NaCl --output results --jobs 4
"""


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
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    solve.set_defaults(run=_solve)
    options.parts(options.pattern(solve, "a pattern, or a folder of patterns"))
    options.contents(solve)
    options.limits(options.cell(solve))
    options.search(solve)
    options.output(solve)
    predict = commands.add_parser(
        "predict",
        help="from a measured pattern and a formula to ranked densities alone",
        description="From a measured pattern and a formula to ranked densities alone, in seconds.",
    )
    predict.set_defaults(run=_predict)
    options.pattern(predict, "a pattern")
    predict.add_argument("--formula", required=True, help="such as Gd2Hf2O7")
    options.cell(predict)
    predict.add_argument("--guesses", type=int, default=5, help="densities, at most (5)")
    predict.add_argument("--grid", type=int, default=50, help="points per axis (50)")
    predict.add_argument(
        "--kind", choices=["dft", "iam"],
        help="densities as DFT gives them, or superposed free atoms (dft)",
    )  # fmt: skip
    predict.add_argument("--output", type=Path, help="folder (the pattern's name with -predicted)")
    return parser


def _solve(given: argparse.Namespace) -> int:
    # Loaded here: `crystalnet --help` answers at once.
    from crystalnet.solving.arguments import edges, symbols
    from crystalnet.solving.command import Request, run
    from crystalnet.solving.question import Question
    from crystalnet.solving.settings.changes import settings_with

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
        two_theta_range=given.range,
        excluded=tuple(given.exclude),
        impurities=given.impurity,
        units=given.z,
        density=given.density,
        seed=given.seed,
        effort=given.effort,
        time_limit=None if given.time == float("inf") else given.time,
        settings=settings_with(given.background_width, given.background_terms, given.tolerance),
    )
    return run(
        Request(
            given.pattern,
            question,
            given.output,
            given.plot,
            given.again,
            "json" if given.json else "nothing" if given.quiet else "lines",
            given.jobs,
        )
    )


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
