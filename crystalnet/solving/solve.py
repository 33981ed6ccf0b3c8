"""One measured pattern: read, indexed, solved, ranked, written."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.files import shown
from crystalnet.solving.arguments import edges, symbols
from crystalnet.solving.budget import Budget
from crystalnet.solving.candidate import TEMPLATES
from crystalnet.solving.fitting import fit_candidates
from crystalnet.solving.foreign import foreign_peaks
from crystalnet.solving.lattices_to_try import lattices_to_try
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.cautions import cautions
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.question import Question
from crystalnet.solving.settings import USUAL, SolveSettings
from crystalnet.solving.solution import Solution
from crystalnet.solving.strategy import solve_peaks
from crystalnet.solving.verdict.evidence import evidence_of
from crystalnet.solving.verdict.judgement import judged


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
    budget.start()
    file = read_pattern(
        pattern, quantity, question.radiation, peaks, settings.reading, columns, scan
    )
    file = file.seen_in(question.regions)
    found = find_peaks(file, settings.peaks, settings.profile)
    progress(f"{file.path}: {len(found.peaks.two_theta)} peaks")
    progress(_reach(found))
    warned = cautions(found, settings.peaks)
    for line in warned:
        progress(line)
    lattices = lattices_to_try(question, found)
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
    candidates = fit_candidates(candidates, file, found, budget, progress, settings.fit)
    foreign = foreign_peaks(candidates[0], found, file.radiation, settings.fit, settings.lattices)
    verdict = judged(evidence_of(candidates, found, question.known, settings), settings.verdict)
    told = {
        "pattern": shown(file.path),
        **question.told(file.path),
        "wavelength_A": found.peaks.wavelength,
        "two_theta_range_degrees": list(found.peaks.two_theta_range),
        "peaks": len(found.peaks.two_theta),
        "cautions": warned,
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
