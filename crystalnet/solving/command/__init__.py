"""What `crystalnet solve` does: one pattern, or every one of a folder."""

import warnings
from pathlib import Path

from crystalnet.errors import CrystalNetError
from crystalnet.solving.command.folder import solve_folder
from crystalnet.solving.command.one import solve_one
from crystalnet.solving.command.patterns import patterns_of
from crystalnet.solving.command.request import INTERRUPTED, Request
from crystalnet.solving.output import check_folder

__all__ = ["INTERRUPTED", "Request", "run"]


def run(request: Request) -> int:
    """Solve, write and tell; the exit status.

    Raises:
        CrystalNetError: for anything that the user can mend, before any work where that can be.
    """
    with warnings.catch_warnings():
        # Other people's packages speak of what they were not asked.
        warnings.simplefilter("ignore")
        return _run(request)


def _run(request: Request) -> int:
    folder = _is_folder(request.pattern)
    if request.plot:
        if folder:
            raise CrystalNetError("--plot is for one pattern; give the file instead of its folder")
        # Loaded only where it is wanted: it takes a second.
        from crystalnet.solving.output.peaks_plot import check_plot

        check_plot(request.plot)
    place = _place(request.pattern, request.output, folder)
    check_folder(place)
    if not folder:
        return INTERRUPTED if solve_one(request.pattern, place, request) else 0
    patterns, passed = patterns_of(request.pattern)
    for line in passed:
        request.say(line)
    return solve_folder(patterns, len(passed), place, request)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise CrystalNetError(f"{path}: cannot be read ({error.strerror})") from None


def _place(pattern: Path, output: Path | None, folder: bool) -> Path:
    """Where the result of a pattern goes, or the results of a folder."""
    if output is not None:
        return output
    # With its ending: a.xy and a.txt are two patterns.
    return pattern if folder else pattern.with_name(f"{pattern.name}-solved")
