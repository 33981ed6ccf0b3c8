"""One measured pattern: read, indexed, solved, ranked, written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.files import shown
from crystalnet.solving.budget import Budget
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.fitting import fit_candidates
from crystalnet.solving.foreign import ForeignPeaks, foreign_peaks
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.find import find_lattices
from crystalnet.solving.lattice.given import given_lattices
from crystalnet.solving.lattice.kinds import KINDS, lattices_of
from crystalnet.solving.output import check_folder, write_all
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.file import PatternFile, read_pattern
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.question import Question, edges, edges_wanted, symbols
from crystalnet.solving.search.cell_contents import check_room, has_room
from crystalnet.solving.search.cell_limits import (
    FREE,
    CellLimits,
    check_limits,
    contents_within,
)
from crystalnet.solving.search.given_group import lattices_of_group, lattices_with_places
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.verdict.evidence import evidence_of
from crystalnet.solving.verdict.judgement import Verdict, judged

TEMPLATES = Path(__file__).parent / "valence_gaussians.json"
"""Free-atom valence densities, which atoms are found with."""


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


def solve(
    pattern: Path | str,
    *,
    wavelength: str | float | None = None,
    formula: str | None = None,
    elements: str | Sequence[str] | None = None,
    complete: bool = True,
    system: str | None = None,
    lattice: float | str | Sequence[float] | None = None,
    space_group: str | int | None = None,
    quantity: Quantity | None = None,
    peaks: bool | None = None,
    columns: Sequence[int] | None = None,
    scan: int | None = None,
    two_theta_range: Sequence[float] | None = None,
    excluded: Sequence[Sequence[float]] = (),
    impurities: Sequence[float] = (),
    units: int | None = None,
    density: float | None = None,
    seed: int = 0,
    effort: float = 1.0,
    time_limit: float | Budget | None = None,
    progress: Callable[[str], object] = lambda line: None,
    settings: SolveSettings = USUAL,
) -> Solution:
    """Solve one measured pattern.

    Without a limit of time the same question has the same answer on any machine. How it is done:
    docs/solve.md.

        >>> import crystalnet
        >>> halite = "data/measured_patterns/rockjock_halite.xy"
        >>> solution = crystalnet.solve(
        ...     halite, wavelength="CuKa", formula="NaCl", lattice=5.64, effort=0.1
        ... )
        >>> best = solution.candidates[0]
        >>> best.formula, best.space_group_symbol, best.density.shape
        ('NaCl', 'Fm-3m', (40, 40, 40))

    Args:
        pattern: a file of any format that `read_pattern` reads.
        wavelength: a name such as "CuKa", "17.4 keV", or A; may be None where the file says it.
        formula: such as "Gd2Hf2O7"; or
        elements: symbols of the elements, "Si,O" or a list; with neither, nothing is known of the
            composition.
        complete: whether these are all the elements there are.
        system: one of the seven crystal systems; None tries all.
        lattice: free cell parameters in A and degrees, of the conventional cell: a if it is cubic,
            (a, c), (a, b, c), (a, b, c, beta), or all six; None finds it from the peaks.
        space_group: number or symbol, such as 62 or "Pnma" (in any setting), if it is known.
        quantity: of the first column: "two_theta" (degrees), "q" (1/A) or "d" (A); None reads it
            from the header, or takes degrees.
        peaks: whether the pattern is a list of peaks, not a profile; None sees for itself.
        columns: of a text: numbers, from 1, of those of position, intensity and perhaps its
            standard deviation.
        scan: its number, from 1, in a file of several that do not belong together.
        two_theta_range: first and last angle that are looked at, in degrees.
        excluded: ranges in degrees that are left out, such as [(27.5, 28.5)].
        impurities: 2-theta in degrees of lines of something else; what is near them is left out.
        units: formula units in the conventional cell (Z), if they are known.
        density: g/cm^3, if it is known, right to 10 %.
        seed: of the places that are tried, 0 to 2^63 - 1.
        effort: how long atoms are put on Wyckoff positions, as a multiple of the usual time.
        time_limit: seconds after which what has been found is ranked, or a budget that somebody
            else may end; None is for as long as it takes.
        progress: is called with lines for a person to read.
        settings: what is seldom changed: when a maximum is a peak, how far is searched, and so on.

    Raises:
        CrystalNetError: for an argument that makes no sense, a file, a composition or a lattice
            that cannot be used, no lattice that fits the peaks, a space group that lattice or peaks
            forbid, a formula that no cell has room for, or if nothing is found.
    """
    budget = time_limit if isinstance(time_limit, Budget) else Budget(time_limit, progress)
    question = Question(
        wavelength, formula, symbols(elements), complete, system, edges(lattice), space_group,
        quantity, peaks, None if columns is None else tuple(columns), scan,
        None if two_theta_range is None else tuple(two_theta_range),
        tuple(tuple(each) for each in excluded), tuple(impurities), units, density, seed, effort,
        budget.seconds, settings,
    )  # fmt: skip
    systems = list(KINDS) if system is None else list(lattices_of(system))
    if question.group is not None:
        systems = [each for each in systems if question.group in KINDS[each].groups]
    budget.start()
    file = read_pattern(
        pattern, quantity, question.radiation, peaks, settings.reading, columns, scan
    )
    file = file.seen_in(question.regions)
    found = find_peaks(file, settings.peaks, settings.profile)
    progress(f"{file.path}: {len(found.peaks.two_theta)} peaks")
    progress(_reach(found))
    lattices = likely_lattices(
        found, systems, question.lattice, question.known, settings, question.limits
    )
    lattices = [replace(each, crystal_system=system) for each in lattices]
    if question.group is not None:
        lattices = lattices_of_group(lattices, question.group, found.peaks, settings)
    check_limits(question.limits, question.known, lattices, settings.contents)
    check_room(question.known, [each.volume for each in lattices], settings.contents)
    if question.group is not None:
        lattices = lattices_with_places(
            lattices, question.group, question.known, found.peaks, settings
        )
    for each in lattices:
        progress(
            f"lattice to try: {each.system} {each.centring}, {each.told()} "
            f"(M{each.merited} = {each.m_n:.0f}, F{each.merited} = {each.f_n:.0f})"
        )
    gaussians = ValenceGaussians.load(TEMPLATES)
    candidates = solve_peaks(
        found.peaks, question.known, lattices, gaussians, space_group=question.group,
        seed=seed, effort=effort, progress=progress, budget=budget, settings=settings,
        limits=question.limits,
    )  # fmt: skip
    candidates = fit_candidates(candidates, lattices, file, found, budget, progress, settings.fit)
    foreign = foreign_peaks(candidates[0], found, file.radiation, settings.fit, settings.lattices)
    evidence = evidence_of(candidates, found.peaks, question.known, settings)
    verdict = judged(evidence, settings.verdict)
    told = {
        "pattern": shown(file.path),
        **question.told(file.path),
        "wavelength_A": found.peaks.wavelength,
        "two_theta_range_degrees": list(found.peaks.two_theta_range),
        "peaks": len(found.peaks.two_theta),
        "lattices": [each.entry() for each in lattices],
        "cut_short": budget.cut_short,
        "interrupted": budget.stopped,
        "seconds": round(budget.spent, 2),
    }
    return Solution(
        file, found, lattices, candidates, foreign, verdict, told, budget.spent, budget.cut_short
    )


def _reach(found: FoundPeaks) -> str:
    """How far the pattern sees, in one line."""
    (first, last), wavelength = found.peaks.two_theta_range, found.peaks.wavelength
    finest = wavelength / 2 / np.sin(np.radians(last) / 2)
    return f"{first:g} to {last:g} degrees at {wavelength:.4f} A reach d = {finest:.2f} A"


def likely_lattices(
    found: FoundPeaks,
    systems: Sequence[str],
    lattice: Sequence[float] | None,
    known: KnownComposition,
    settings: SolveSettings = USUAL,
    limits: CellLimits = FREE,
) -> list[IndexedLattice]:
    """The lattices to work on, the likeliest first: found from the peaks, or about given edges.

    Raises:
        CrystalNetError: where none explains the peaks, or the edges are of another system.
    """
    if lattice is None:
        every = find_lattices(found.peaks, systems, settings.lattices)
        return densest(every, known, settings, limits)[: settings.lattices.tried]
    may_be = [name for name, kind in KINDS.items() if kind.free(lattice) is not None]
    wanted = [system for system in systems if system in may_be]
    if not wanted:
        raise CrystalNetError(
            f"the lattice {list(lattice)} is {' or '.join(may_be)}, but the crystal system is "
            f"{systems[0]}; give {edges_wanted()}"
        )
    try:
        given = given_lattices(wanted, lattice, found.peaks, settings.lattices)
    except CrystalNetError as error:
        raise CrystalNetError(f"{error}{_would_fit(found, systems, settings)}") from None
    return densest(given, known, settings, limits)


def _would_fit(found: FoundPeaks, systems: Sequence[str], settings: SolveSettings) -> str:
    """The lattice that explains the peaks where a given one does not, if there is one."""
    try:
        best = find_lattices(found.peaks, systems, settings.lattices)[0]
    except CrystalNetError:
        return ""
    return f"; the peaks are of a lattice {best.system} {best.centring}, {best.told()}"


def densest(
    lattices: list[IndexedLattice],
    known: KnownComposition,
    settings: SolveSettings = USUAL,
    limits: CellLimits = FREE,
) -> list[IndexedLattice]:
    """The likeliest centring of each cell: less dense ones explain no more lines than it does.

    A centring that leaves no room for a formula unit is none: where elements are hard to tell
    apart, the lines are those of a smaller cell, but the atoms are not in it.
    """
    kept: list[IndexedLattice] = []
    for lattice in lattices:
        if not any(
            other.system == lattice.system
            and np.allclose(lattice.edges, other.edges, rtol=settings.lattices.same_cell)
            for other in kept
        ):
            room = _has_room(lattice, known, settings, limits)
            kept.append(lattice if room else _primitive(lattice))
    return [each for each in kept if _has_room(each, known, settings, limits)] or kept


def _has_room(
    lattice: IndexedLattice, known: KnownComposition, settings: SolveSettings, limits: CellLimits
) -> bool:
    if limits.known:
        return bool(contents_within(limits, known, lattice, settings.contents))
    return has_room(known, lattice.volume, settings.contents)


def _primitive(lattice: IndexedLattice) -> IndexedLattice:
    """The lattice of the same edges without centring, which explains the same lines."""
    bare = conventional_lattices(lattice.system, *lattice.edges)[-1]
    return replace(lattice, centring=bare.centring, primitive=bare.primitive)
