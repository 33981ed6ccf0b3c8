"""What decides how a pattern is solved, beside the question: each value with its reason.

A section for each room, given to the functions of that room.
"""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

from crystalnet.errors import CrystalNetError


@dataclass(frozen=True)
class Section:
    """Settings of one room; whole numbers are at least 1, others finite and not negative.

    Raises:
        CrystalNetError: for a value of another kind than the usual one.
    """

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not _alike(value, each.default):
                raise CrystalNetError(
                    f"the setting {each.name} is {value!r}; want something like {each.default!r} "
                    "(whole numbers from 1 on, others finite and not negative)"
                )


def _alike(value: Any, usual: Any) -> bool:
    if isinstance(usual, tuple):
        return (
            isinstance(value, tuple)
            and len(value) > 0
            and all(_alike(each, usual[0]) for each in value)
        )
    kind = Integral if isinstance(usual, int) else Real
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    least = 1 if kind is Integral else 0
    return math.isfinite(float(value)) and float(value) >= least


@dataclass(frozen=True)
class PeakSettings(Section):
    """How peaks are found in a profile.

    Attributes:
        significant: standard deviations of the noise that a peak stands out by; below 5 the noise
            of a pattern of thousands of points has peaks of its own.
        faintest: share of the highest peak below which none counts; fits leave that much.
        most: maxima that are fitted, the most prominent; a pattern of more is no single phase's.
        smoothing: share of a peak's width that the profile is smoothed over for maxima.
        one_peak: degrees within which listed peaks are one: no instrument tells them apart.
        rounds: how often the background is found anew without the peaks.
        same_place: widths from the K-alpha-2 of a peak within which a lower peak is,
        left_over: if lower than this share of it, what the shape leaves of that line: no line is
            known better.
    """

    significant: float = 5.0
    faintest: float = 0.01
    most: int = 150
    smoothing: float = 0.5
    one_peak: float = 0.03
    rounds: int = 2
    same_place: float = 1.0
    left_over: float = 0.2


@dataclass(frozen=True)
class LatticeSettings(Section):
    """Which lattices a pattern is solved in.

    Attributes:
        tried: lattices found from the peaks that are tried; the right one is among the first
            three for 93 to 98 % of crystals (docs/solve.md).
        trials: share of the strongest peak above which peaks are to be explained, and within how
            many degrees: first all of them, then without those that impurities may have.
        given_within: share that given edges may be wrong by: they are often rounded.
        given_trials: how near the lines of a given lattice are to the peaks, in degrees, and what
            share of the intensity may be of others: more of either if the crystal is distorted,
            or not alone.
        same_cell: share that edges of one cell differ by.
    """

    tried: int = 3
    trials: tuple[tuple[float, float], ...] = ((0.0, 0.05), (0.05, 0.05), (0.05, 0.1), (0.1, 0.1))
    given_within: float = 0.01
    given_trials: tuple[tuple[float, float], ...] = (
        (0.05, 0.1),
        (0.1, 0.1),
        (0.3, 0.1),
        (0.05, 0.5),
    )
    same_cell: float = 2e-3


@dataclass(frozen=True)
class SearchSettings(Section):
    """How long and how far structures are searched by symmetry.

    Attributes:
        work: numbers worked on at most: some five seconds. Work, not time, is bounded, so that the
            answer is the same on any machine.
        complexity: of the most complex occupations that are gone through: free coordinates and
            orbits beyond one an element. Beyond, the work is over before.
        occupations: of one complexity in one group that are gone through.
        begun: occupations of one complexity that are worked on, of which
        improved: are tried from more than one start,
        starts: starts of all of these together, and
        least_starts: of each at least.
        refined: arrangements that are refined by least squares.
        d_min: the smallest spacing compared, in A: atoms are told apart by it, and finer ones
            only cost time.
        lines: that samples are compared by: few are compared faster, and see less far.
        perfect: residual that ends the search at once, and
        explained: after the next complexity.
        symmetry: what the highest symmetry is worth in residual: every structure has its subgroups
            too, which explain as much.
    """

    work: int = 500_000_000
    complexity: int = 16
    occupations: int = 200
    begun: int = 120
    improved: int = 20
    starts: int = 100
    least_starts: int = 4
    refined: int = 40
    d_min: float = 1.0
    lines: int = 40
    perfect: float = 0.02
    explained: float = 0.1
    symmetry: float = 0.03


@dataclass(frozen=True)
class ContentsSettings(Section):
    """What a cell of a known volume may hold.

    Attributes:
        widest: factor by which the sum of atomic volumes may be off the cell's: most crystals are
            within 1.2, but frameworks such as quartz are emptier.
        usual: volume in A^3 of an element that the table lacks.
        most: contents tried where the ratios of the elements are not known, and
        most_atoms: in such a cell.
        most_tried: formula units gone through there, those of few atoms first: all of them of up
            to five elements.
    """

    widest: float = 1.45
    usual: float = 20.0
    most: int = 12
    most_atoms: int = 24
    most_tried: int = 45_000


@dataclass(frozen=True)
class ExchangeSettings(Section):
    """Which element stands on which site, as the pattern decides.

    Attributes:
        all_up_to: assignments up to which all are tried; beyond, exchanges of two atoms as long as
            they help.
        most: assignments handed on beyond the crystal's own.
        d_min: the smallest spacing compared, in A, and
        displacements: displacement parameters tried, in A^2: enough to tell elements apart.
        rival: Rwp by which an assignment that is worse than the best is none of its rivals.
    """

    all_up_to: int = 1000
    most: int = 3
    d_min: float = 0.8
    displacements: tuple[float, ...] = (0.0, 1.0)
    rival: float = 0.1


@dataclass(frozen=True)
class DecodingSettings(Section):
    """How atoms are found in a density.

    Attributes:
        blurs: standard deviations in A of Gaussians that smooth the templates: guesses are
            smoother than true densities, and a template that is too sharp misses in them.
        raw_blur: A beyond which the hole in a core cannot be seen.
        good: misfit of a fit that is good enough to try nothing else: most true densities.
        poor: misfit beyond which a density may have been made with other potentials.
        whole: where the electrons speak for so many formula units and a fraction, both neighbours
            are tried if the fraction is further than this from a whole number.
        representatives: elements that stand for all where it is not known which are there.
        likely: elements taken on as likely for each atom found with these.
        electron_weights: where the ratios are not known, searches that take the electron count the
            less seriously get out of what a search that keeps to it is caught in; all are judged
            by the full count.
        symmetry_tolerances: distances in A within which atoms may be moved to symmetric places,
        symmetry_cost: and how much worse the fit may become by it: by this share of its cost, and
            by this share of all.
    """

    blurs: tuple[float, ...] = (0.0, 0.15, 0.3, 0.45)
    raw_blur: float = 0.2
    good: float = 0.02
    poor: float = 0.3
    whole: float = 0.2
    representatives: int = 12
    likely: int = 3
    electron_weights: tuple[float, ...] = (0.0, 0.1, 1.0)
    symmetry_tolerances: tuple[float, ...] = (0.3, 0.2, 0.1, 0.05, 0.02)
    symmetry_cost: tuple[float, ...] = (0.05, 1e-4)


@dataclass(frozen=True)
class GuessSettings(Section):
    """What is made of the densities that networks guess.

    Attributes:
        grid: points per axis of a guess; decoding needs no more, and 50 takes 8 times as long.
        blurs: standard deviations in A of Gaussians that free atoms are smoothed by: guesses are
            about so smooth.
        symmetry_tolerances: distances in A over which atoms may be moved to where they are
            symmetric.
        same_place: A that atoms move by at most, to be where they were.
        nearest: A within which sites are no two, whatever elements are on them.
    """

    grid: int = 25
    blurs: tuple[float, ...] = (0.3,)
    symmetry_tolerances: tuple[float, ...] = (0.2, 0.4, 0.7, 1.0)
    same_place: float = 0.02
    nearest: float = 0.7


@dataclass(frozen=True)
class RankingSettings(Section):
    """The order of what was found.

    Attributes:
        symmetry: what the highest symmetry is worth in Rwp: of two structures that agree alike,
            the simpler one.
        hopeless: Rwp above which candidates are left out where there are better ones.
        same_structure_rwp: structures whose Rwp differs by more are different ones.
        grace: seconds that what was found may be ranked for when the time is over.
    """

    symmetry: float = 0.03
    hopeless: float = 0.9
    same_structure_rwp: float = 0.03
    grace: float = 1.0


@dataclass(frozen=True)
class StrategySettings(Section):
    """What is tried, in which order, and when it is enough.

    Attributes:
        explained: Rwp, over the spacings that structures are searched by, at which a pattern needs
            no less likely contents or lattices. The true atoms reach 0.05 or less in perfect
            patterns; measured ones are seldom explained better.
        together: contents of a cell that are gone through together, the simplest arrangements of
            all of them first.
        less: lattices and contents that are less likely get less time, as 1 / (1 + less * order).
        large: atoms of a cell beyond which networks guess in the likeliest lattice alone.
        decoded: atoms looked for in the guesses of one network where the formula is known: guesses
            of large cells take long, and small networks have nothing to say there that symmetry
            has not.
        choices: atoms times elements of which each may be, beyond which no guess is decoded:
            memory goes with its square, 0.8 GB here.
        guessing: share of what time is left that guesses may take before atoms are looked for.
        density_grid: points per axis of the densities that are handed out.
    """

    explained: float = 0.15
    together: int = 4
    less: float = 4.0
    large: int = 12
    decoded: int = 40
    choices: int = 10_000
    guessing: float = 0.3
    density_grid: int = 40


SECTIONS: dict[str, type[Section]] = {
    "peaks": PeakSettings,
    "lattices": LatticeSettings,
    "search": SearchSettings,
    "contents": ContentsSettings,
    "exchange": ExchangeSettings,
    "decoding": DecodingSettings,
    "guesses": GuessSettings,
    "ranking": RankingSettings,
    "strategy": StrategySettings,
}


@dataclass(frozen=True)
class SolveSettings:
    """All that can be set, by rooms; without arguments as usual.

        >>> from crystalnet import SolveSettings
        >>> from crystalnet.solving.settings import PeakSettings
        >>> SolveSettings(peaks=PeakSettings(significant=3.0)).changed()
        {'peaks.significant': 3.0}

    Attributes:
        peaks, lattices, search, contents, exchange, decoding, guesses, ranking, strategy: the
            sections.

    Raises:
        CrystalNetError: for something else in the place of a section.
    """

    peaks: PeakSettings = PeakSettings()
    lattices: LatticeSettings = LatticeSettings()
    search: SearchSettings = SearchSettings()
    contents: ContentsSettings = ContentsSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    decoding: DecodingSettings = DecodingSettings()
    guesses: GuessSettings = GuessSettings()
    ranking: RankingSettings = RankingSettings()
    strategy: StrategySettings = StrategySettings()

    def __post_init__(self) -> None:
        for each in fields(self):
            wanted = SECTIONS[each.name]
            section = getattr(self, each.name)
            if not isinstance(section, wanted):
                raise CrystalNetError(
                    f"the settings {each.name} are {section!r}; want {wanted.__name__}(...)"
                )

    def changed(self) -> dict[str, Any]:
        """What is not as usual, by section and name."""
        return {
            f"{section.name}.{each.name}": value
            for section in fields(self)
            for each in fields(getattr(self, section.name))
            if (value := getattr(getattr(self, section.name), each.name)) != each.default
        }


USUAL = SolveSettings()
