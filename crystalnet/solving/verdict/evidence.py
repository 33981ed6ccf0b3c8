"""What speaks for a solution and against it, each once and in numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.crystallography.texture import LOW_INDICES
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.search.cell_contents import usual_volume
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.symmetry.conventional import conventional_cell
from crystalnet.solving.symmetry.symmetrise import symmetry_of
from crystalnet.solving.verdict.charges import balanced
from crystalnet.solving.verdict.distances import nearest, strangest
from crystalnet.solving.verdict.lines import CrystalLines
from crystalnet.solving.verdict.replacements import Replacement, replacements

Told = Literal["formula", "elements", "some", "nothing"]

# Directions of preferred orientation; the last two are those of rhombohedra.
DIRECTIONS = (*LOW_INDICES, (1, 0, 4), (0, 1, 2))
# Numbers that every structure has: scale and displacement.
ALWAYS = 2


@dataclass(frozen=True)
class Evidence:
    """Figures about the first candidate.

    Attributes:
        told: what was known of the composition.
        rwp, correlation: of its profile, as it was ranked.
        textured: Rwp where one axis of preferred orientation is fitted, no more than `rwp`.
        reachable: Rwp of the best areas on its lattice: what no structure falls below.
        fitted: Rwp of its atoms fitted to the measured profile, background included; None where
            there was no fit.
        lattice_fitted: likewise of its lattice alone.
        not_fitted: why there was none; empty where there was one.
        peaks: measured ones at lines of its lattice.
        parameters: free coordinates, scale and displacement: what intensities are explained by.
        unexplained: area of the strongest measured peak at no line of the lattice, beside the
            strongest of all.
        missing: area of the strongest computed line where nothing is measured, and where it would
            be if it were there, likewise.
        volume: of the cell, beside the sum of what its atoms usually take.
        distance: by which share the strangest distance of nearest atoms is beyond what is known,
        distance_words: and which one it is; empty where none is.
        balanced: whether charges may add up to none; None where there are no ions.
        next_rwp: of the next different candidate, as it was ranked; None where there is none.
        next_label: what that is.
        framework: of each kind of atom the electrons, by which X-rays know it, and how many atoms
            there are in the conventional cell.
        replacements: what the sites of each element may hold as well.
    """

    told: Told
    rwp: float
    correlation: float
    textured: float
    reachable: float
    fitted: float | None
    lattice_fitted: float | None
    not_fitted: str
    peaks: int
    parameters: int
    unexplained: float
    missing: float
    volume: float
    distance: float
    distance_words: str
    balanced: bool | None
    next_rwp: float | None
    next_label: str | None
    framework: tuple[tuple[int, int], ...]
    replacements: tuple[Replacement, ...]

    def figures(self) -> dict[str, Any]:
        """The same in words and numbers that JSON can hold."""
        return asdict(self)


def evidence_of(
    candidates: Sequence[Candidate],
    found: FoundPeaks,
    known: KnownComposition,
    settings: SolveSettings = USUAL,
) -> Evidence:
    """What speaks for the first of some candidates.

    Args:
        candidates: best first, at least one.
        found: the peaks as they were measured.
        known: what was known of the composition.
    """
    first = candidates[0]
    crystal, peaks = first.crystal, found.peaks.shifted(first.lattice.zero_shift)
    lines = CrystalLines(crystal, peaks, settings.agreement)
    own = {z: z for z in np.unique(crystal.atomic_numbers).tolist()}
    cell = conventional_cell(crystal, first.space_group).crystal
    texture, march = lines.best_texture(own, cell.lattice, DIRECTIONS, settings.verdict.textures)
    factors = texture.factor(march)
    areas = lines.areas(own, factors)
    textured = min(float(lines.rwp(areas[None])[0]), first.match.rwp)
    beside = np.abs(peaks.two_theta[:, None] - lines.two_theta).min(axis=1)
    explained = beside <= settings.verdict.position_error
    neighbours = nearest(crystal)
    strange, words = strangest(neighbours, crystal.atomic_numbers)
    following = candidates[1] if len(candidates) > 1 else None
    counts = _counts(crystal)
    return Evidence(
        told=_told(known),
        rwp=first.match.rwp,
        correlation=first.match.correlation,
        textured=textured,
        reachable=min(lines.reachable(), textured),
        fitted=None if first.fit is None else first.fit.rwp,
        lattice_fitted=None if first.lattice_fit is None else first.lattice_fit.rwp,
        not_fitted=first.not_fitted,
        peaks=int(explained.sum()),
        parameters=symmetry_of(crystal).free_coordinates + ALWAYS,
        unexplained=float(peaks.intensity[~explained].max(initial=0) / peaks.intensity.max()),
        missing=_missing(
            lines,
            lines.moving(areas, first.match.displacement),
            found,
            first.lattice.zero_shift,
            settings,
        ),
        volume=crystal.volume / usual_volume(counts, settings.contents),
        distance=strange,
        distance_words=words,
        balanced=balanced(_unit(counts)),
        next_rwp=None if following is None else following.match.rwp,
        next_label=None if following is None else following.label,
        framework=tuple(sorted(_counts(cell).items())),
        replacements=replacements(
            lines, factors, neighbours, None if first.fit is None else first.fit.others
        ),
    )


def _missing(
    lines: CrystalLines,
    areas: Float[ndarray, " lines"],
    found: FoundPeaks,
    shift: float,
    settings: SolveSettings,
) -> float:
    """The strongest computed line far from all peaks that would be seen, beside the strongest.

    Args:
        shift: of the zero, in degrees.
    """
    place = lines.two_theta + shift
    far = np.abs(place[:, None] - found.peaks.two_theta).min(axis=1)
    least = settings.verdict.seen * np.interp(place, found.two_theta, found.least)
    alone = (far > settings.agreement.resolution) & (lines.scale(areas) * areas > least)
    return float(areas[alone].max(initial=0) / areas.max())


def _told(known: KnownComposition) -> Told:
    if known.amounts is not None:
        return "formula"
    if known.complete:
        return "elements"
    return "some" if known.elements else "nothing"


def _counts(crystal: Crystal) -> dict[int, int]:
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _unit(counts: Mapping[int, int]) -> dict[int, int]:
    """Atoms of a formula unit."""
    divisor = math.gcd(*counts.values())
    return {z: count // divisor for z, count in counts.items()}
