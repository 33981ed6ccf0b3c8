"""What was found for a pattern, and how it is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crystalnet.errors import CrystalNetError
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.foreign import ForeignPeaks
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.output import check_folder, write_all
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.verdict.judgement import Verdict


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found for one pattern.

    Attributes:
        file: the pattern as it was read.
        found: its peaks and background.
        lattices: those that were tried, the likeliest first.
        candidates: different structures with their densities, the best first.
        foreign: peaks that are of no line of the first of them.
        verdict: how far the first of them can be trusted, and why.
        told: what was known and used, in words and numbers that JSON can hold.
        seconds: from the file to the candidates.
        cut_short: why something was left out, which then hangs on the speed of the machine; None
            where nothing was.
    """

    file: PatternFile
    found: FoundPeaks
    lattices: list[IndexedLattice]
    candidates: list[Candidate]
    foreign: ForeignPeaks
    verdict: Verdict
    told: Mapping[str, Any]
    seconds: float
    cut_short: str | None = None

    def write(self, folder: Path | str) -> list[Path]:
        """Write every candidate, the summary and the page into a folder.

        For each candidate a CIF, a CHGCAR, a cube, a CCP4 map and its computed pattern.

        Returns:
            the files.

        Raises:
            CrystalNetError: if the folder cannot be written to.
        """
        profile = None
        if not self.file.is_peaks:
            profile = (self.found.two_theta, self.found.intensity)
        check_folder(folder)
        try:
            return write_all(
                Path(folder), self.candidates, self.found.peaks, self.told, profile,
                self.verdict, self.lattices, self.foreign,
            )  # fmt: skip
        except OSError as error:
            raise CrystalNetError(f"{folder}: cannot be written to ({error.strerror})") from None
