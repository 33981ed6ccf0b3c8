"""What a solved pattern leaves behind: structures, densities, patterns, a summary, a page."""

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crystalnet.errors import CrystalNetError
from crystalnet.files import probe
from crystalnet.solving.candidate import (
    CCP4,
    CHGCAR,
    CIF,
    CUBE,
    FILES,
    PATTERN,
    Candidate,
)
from crystalnet.solving.foreign import NO_FOREIGN, ForeignPeaks
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.output.cif import write_cif
from crystalnet.solving.output.computed_pattern import write_pattern
from crystalnet.solving.output.maps import DensityMap, write_ccp4, write_chgcar, write_cube
from crystalnet.solving.output.page import Profile, write_page
from crystalnet.solving.output.summary import summary, write_summary
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.verdict.judgement import Verdict

__all__ = [
    "check_folder",
    "summary",
    "write_all",
    "write_ccp4",
    "write_chgcar",
    "write_cif",
    "write_cube",
    "write_page",
    "write_pattern",
    "write_summary",
]

SUMMARY, PAGE = "summary.json", "report.html"


def write_all(
    folder: Path | str,
    candidates: Sequence[Candidate],
    measured: MeasuredPeaks,
    told: Mapping[str, Any],
    profile: Profile | None = None,
    verdict: Verdict | None = None,
    lattices: Sequence[IndexedLattice] = (),
    foreign: ForeignPeaks = NO_FOREIGN,
) -> list[Path]:
    """Write everything about the candidates; the summary comes last, so it stands for all.

    Each file appears whole or not at all. What an earlier run left in the folder under the same
    names is replaced, its files of candidates that are no more are removed.

    Args:
        folder: where to; made if it is not there.
        candidates: best first.
        measured: the peaks that they were ranked by.
        told: what they were found from; wavelength (A) and range (degrees) are added.
        profile: 2-theta in degrees and counts of the measured pattern, for the page.
        verdict: how far the first candidate can be trusted, if that was asked.
        lattices: that were tried, the likeliest first.
        foreign: peaks that are of no line of the first candidate.

    Returns:
        The files: summary, page, then those of each candidate.

    Raises:
        CrystalNetError: for no candidates or two of one rank, or an element without form factor.
    """
    folder = Path(folder)
    if not candidates:
        raise CrystalNetError(f"{folder}: there are no candidates to write")
    if len({each.folder for each in candidates}) < len(candidates):
        raise CrystalNetError(f"{folder}: two candidates have one rank; want each its own")
    told = {
        "wavelength": measured.wavelength,
        "two_theta_range": list(measured.two_theta_range),
        **told,
    }
    _clear(folder)
    written = []
    for candidate in candidates:
        inner = folder / candidate.folder
        write_cif(inner / CIF, candidate, measured)
        crystal = candidate.crystal
        mapped = DensityMap(candidate.label, crystal.lattice, candidate.density, crystal)
        write_chgcar(inner / CHGCAR, mapped)
        write_cube(inner / CUBE, mapped)
        write_ccp4(inner / CCP4, mapped)
        write_pattern(inner / PATTERN, candidate, measured)
        written += [inner / name for name in candidate.files]
    write_page(folder / PAGE, candidates, measured, told, profile, verdict, lattices, foreign)
    write_summary(folder / SUMMARY, candidates, told, verdict, foreign)
    return [folder / SUMMARY, folder / PAGE, *written]


def check_folder(folder: Path | str) -> None:
    """Make sure, before any work, that results can be written into a folder; nothing stays.

    Raises:
        CrystalNetError: if they cannot.
    """
    folder = Path(folder)
    try:
        for name in (SUMMARY, PAGE):
            if (folder / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{name} is a folder")
        for inner in folder.glob("candidate-[0-9][0-9]"):
            if not inner.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, f"{inner.name} is no folder")
        probe(folder)
    except OSError as error:
        raise CrystalNetError(
            f"{folder}: cannot be written to ({error.strerror}); choose another folder"
        ) from None


def _clear(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    for name in (SUMMARY, PAGE):
        (folder / name).unlink(missing_ok=True)
    for inner in folder.glob("candidate-*"):
        for name in FILES:
            (inner / name).unlink(missing_ok=True)
        if inner.is_dir() and not any(inner.iterdir()):
            inner.rmdir()
