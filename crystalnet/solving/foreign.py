"""Peaks that are of no line of the first candidate: another radiation's, or another phase's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.pattern.other_lines import image, other_lines
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.settings import USUAL, FitSettings, LatticeSettings


@dataclass(frozen=True)
class ForeignPeak:
    """A peak that is of no line of the structure.

    Attributes:
        two_theta: degrees.
        d: A, of the radiation that was used.
        share: of the intensity of all peaks.
        cause: such as "Cu K-beta of 31.70", where that explains it; else empty.
    """

    two_theta: float
    d: float
    share: float
    cause: str = ""


@dataclass(frozen=True, eq=False)
class ForeignPeaks:
    """All such peaks.

    Attributes:
        peaks: by their angle.
        lattice: that explains those without a cause, where there are enough of them for one.
    """

    peaks: tuple[ForeignPeak, ...] = ()
    lattice: IndexedLattice | None = None

    @property
    def unnamed(self) -> tuple[ForeignPeak, ...]:
        """Those of another phase, or against the structure."""
        return tuple(each for each in self.peaks if not each.cause)

    def lines(self) -> list[str]:
        """For a person to read; none where there are no such peaks."""
        found = [f"{each.two_theta:.2f} degrees: {each.cause}" for each in self.peaks if each.cause]
        if self.unnamed:
            share = 100 * sum(each.share for each in self.unnamed)
            places = ", ".join(f"{each.two_theta:.2f}" for each in self.unnamed)
            count = "1 peak is" if len(self.unnamed) == 1 else f"{len(self.unnamed)} peaks are"
            found.append(
                f"{count} of no line of the first ({places} degrees, {share:.1f} % of the "
                "intensity): of another phase, or it is not right"
            )
        if self.lattice is not None:
            found.append(
                f"they may be of a second lattice: {self.lattice.system} {self.lattice.centring}, "
                f"{self.lattice.told()}"
            )
        return found

    def told(self) -> dict[str, Any]:
        """For the summary."""
        return {
            "peaks": [
                {"two_theta": p.two_theta, "d": p.d, "share": p.share, "cause": p.cause}
                for p in self.peaks
            ],
            "lattice": None
            if self.lattice is None
            else {
                "system": self.lattice.system,
                "centring": self.lattice.centring,
                "cell": list(self.lattice.cell),
                "m_n": self.lattice.m_n,
                "f_n": self.lattice.f_n,
            },
        }


NO_FOREIGN = ForeignPeaks()


def foreign_peaks(
    candidate: Candidate,
    found: FoundPeaks,
    beam: Radiation,
    settings: FitSettings = USUAL.fit,
    lattices: LatticeSettings = USUAL.lattices,
) -> ForeignPeaks:
    """The peaks that a candidate does not explain, named and indexed where that can be.

    A peak is the K-beta or tungsten line of a strong line of the candidate if it is where Bragg's
    law has that, and weak beside it.

    Args:
        found: the peaks of the pattern.
        beam: what it was measured with.
    """
    peaks = found.peaks
    place = _lines_of(candidate, found)
    slack = np.maximum(settings.foreign, found.width)
    apart = np.abs(peaks.two_theta[:, None] - place).min(axis=1, initial=np.inf)
    own = apart <= slack
    foreign = [k for k in np.flatnonzero(~own).tolist() if not _left_over(k, found, settings)]
    total = float(peaks.intensity.sum()) + sum(line.intensity for line in found.other)
    listed = [
        ForeignPeak(
            float(peaks.two_theta[k]),
            peaks.wavelength / 2 / float(np.sin(np.radians(peaks.two_theta[k]) / 2)),
            float(peaks.intensity[k]) / total,
            _cause(k, own, found, float(slack[k]), beam, settings),
        )
        for k in foreign
    ]
    listed += [
        ForeignPeak(
            line.two_theta,
            peaks.wavelength / 2 / float(np.sin(np.radians(line.two_theta) / 2)),
            line.intensity / total,
            line.cause,
        )
        for line in found.other
    ]
    unnamed = [k for k, each in zip(foreign, listed, strict=False) if not each.cause]
    listed.sort(key=lambda each: each.two_theta)
    return ForeignPeaks(tuple(listed), _second_lattice(unnamed, found, lattices))


def _lines_of(candidate: Candidate, found: FoundPeaks) -> Float[ndarray, " lines"]:
    """Where the lines of a candidate are in the measured pattern, in degrees."""
    if candidate.fit is not None:
        return candidate.fit.lines.two_theta
    pattern = powder_pattern(candidate.crystal, found.peaks.wavelength, found.peaks.two_theta_range)
    return pattern.two_theta + candidate.lattice.zero_shift


def _left_over(peak: int, found: FoundPeaks, settings: FitSettings) -> bool:
    """Whether a peak is what the shape of a much stronger one beside it leaves."""
    peaks = found.peaks
    near = np.abs(peaks.two_theta - peaks.two_theta[peak]) < settings.beside * found.width
    return bool((near & (peaks.intensity[peak] < settings.left_over * peaks.intensity)).any())


def _cause(
    peak: int,
    own: Bool[ndarray, " peaks"],
    found: FoundPeaks,
    slack: float,
    beam: Radiation,
    settings: FitSettings,
) -> str:
    """The line of another radiation that a peak is where Bragg's law has it, or nothing.

    Args:
        own: which peaks are the candidate's.
        slack: degrees that it may be off.
    """
    peaks = found.peaks
    strong = own & (peaks.intensity > settings.strong_line * peaks.intensity.max())
    strong &= peaks.intensity[peak] < settings.other_line * peaks.intensity
    for name, wavelength in other_lines(beam).items():
        there = image(peaks.two_theta, beam, wavelength)
        of = np.flatnonzero(strong & (np.abs(there - peaks.two_theta[peak]) < slack))
        if len(of):
            return f"{name} of the peak at {peaks.two_theta[of[0]]:.2f}"
    return ""


def _second_lattice(
    chosen: Sequence[int], found: FoundPeaks, settings: LatticeSettings
) -> IndexedLattice | None:
    """The lattice that some of the peaks are of, if there are enough for one without doubt."""
    if not chosen:
        return None
    peaks, rows = found.peaks, np.array(chosen)
    some = replace(peaks, two_theta=peaks.two_theta[rows], intensity=peaks.intensity[rows])
    systems = [name for name, kind in KINDS.items() if len(rows) > kind.fewest_lines]
    if not systems:
        return None
    # All of them at once, or none.
    strict = replace(settings, trials=settings.trials[:1], weak=(settings.evidence, 0.0))
    try:
        return find_lattices(some, systems, strict, most=1)[0]
    except CrystalNetError:
        return None
