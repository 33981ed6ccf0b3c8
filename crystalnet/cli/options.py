"""The options of the commands, in groups."""

import argparse
from pathlib import Path

from crystalnet.cli.types import between, numbers, pair, system, whole_between, whole_numbers


def pattern(parser: argparse.ArgumentParser, what: str) -> argparse._ArgumentGroup:
    """The pattern and how it is read; what is common to all commands."""
    parser.add_argument("pattern", type=Path, help=what)
    group = parser.add_argument_group("the pattern")
    beam = group.add_mutually_exclusive_group()
    beam.add_argument(
        "--wavelength", help="CuKa, MoKa, CoKa ..., or in A; may be left out where the file says it"
    )
    beam.add_argument(
        "--energy", dest="wavelength", metavar="KEV", type=lambda text: f"{text} keV",
        help="of the photons in keV, instead of it",
    )  # fmt: skip
    group.add_argument(
        "--quantity", choices=["two_theta", "q", "d"], help="of the first column, if not in it"
    )
    kind = group.add_mutually_exclusive_group()
    kind.add_argument(
        "--peaks", action="store_true", default=None, help="it is a list of peaks, and"
    )
    kind.add_argument(
        "--profile", dest="peaks", action="store_false", help="it is a profile; seen without"
    )
    return group


def parts(group: argparse._ArgumentGroup) -> None:
    """Which part of a file is taken, and which of the pattern is looked at."""
    group.add_argument(
        "--columns", type=whole_numbers, metavar="X,Y[,S]",
        help="of text: numbers of the columns of position, intensity and its standard deviation",
    )  # fmt: skip
    group.add_argument("--scan", type=int, help="which of several scans in the file, from 1")
    group.add_argument(
        "--range", type=pair, metavar="FIRST,LAST", help="of 2-theta that is looked at, in degrees"
    )
    group.add_argument(
        "--exclude", type=pair, metavar="FIRST,LAST", action="append", default=[],
        help="a range of 2-theta that is left out; may be given several times",
    )  # fmt: skip
    group.add_argument(
        "--impurity", type=numbers, metavar="LINE[,LINE]", default=(),
        help="2-theta of lines of something else: what is within 0.3 degrees of them is left out",
    )  # fmt: skip
    group.add_argument(
        "--background-width", type=between(0.2, 30.0), metavar="DEGREES",
        help="what is wider than this is background (2)",
    )  # fmt: skip
    group.add_argument(
        "--background-terms", type=whole_between(1, 40), metavar="N",
        help="that the background of the fit has beside it (8)",
    )  # fmt: skip


def cell(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """What is known of the cell; what is common to all commands."""
    group = parser.add_argument_group("the cell, as far as it is known")
    group.add_argument("--system", type=system, help="cubic to triclinic; without it all seven")
    group.add_argument(
        "--lattice",
        help="free cell parameters in A and degrees: a, or a,c, a,b,c, a,b,c,beta or all six; "
        "without it found from the peaks",
    )
    return group


def contents(parser: argparse.ArgumentParser) -> None:
    """What is known of the composition."""
    group = parser.add_argument_group("the composition, as far as it is known")
    known = group.add_mutually_exclusive_group()
    known.add_argument("--formula", help="such as Gd2Hf2O7 or CaSO4.2H2O")
    known.add_argument("--elements", help="all that are there, such as Si,O")
    known.add_argument("--contains", help="some of those that are there, such as Si")


def limits(group: argparse._ArgumentGroup) -> None:
    """What is known of the cell beside its lattice."""
    group.add_argument(
        "--tolerance", type=between(0.01, 10.0), metavar="PERCENT",
        help="that the edges of --lattice may be wrong by (1)",
    )  # fmt: skip
    group.add_argument("--space-group", help="number or symbol, such as 62 or Pnma, if it is known")
    group.add_argument("--z", type=int, help="formula units in the conventional cell")
    group.add_argument("--density", type=float, help="g/cm^3, right to 10 %%")


def search(parser: argparse.ArgumentParser) -> None:
    """How much work is done."""
    group = parser.add_argument_group("the search")
    group.add_argument("--seed", type=int, default=0, help="of the places that are tried (0)")
    group.add_argument(
        "--effort", type=float, default=1.0, help="of the search by symmetry; 1 is the usual"
    )
    group.add_argument(
        "--time", type=float, default=60.0, help="seconds a pattern, at most (60); inf for no limit"
    )
    group.add_argument(
        "--jobs", type=whole_between(1, 256), metavar="N",
        help="patterns of a folder that are solved at once (as many as there are cores)",
    )  # fmt: skip


def output(parser: argparse.ArgumentParser) -> None:
    """What is written, and what is said."""
    group = parser.add_argument_group("what comes out")
    group.add_argument("--output", type=Path, help="folder (the pattern's name with -solved)")
    group.add_argument("--plot", type=Path, help="a picture of the pattern and its peaks")
    group.add_argument("--again", action="store_true", help="also what is solved already")
    said = group.add_mutually_exclusive_group()
    said.add_argument(
        "--json", action="store_true", help="say what summary.json holds, and nothing else"
    )
    said.add_argument("--quiet", action="store_true", help="say nothing but errors")
