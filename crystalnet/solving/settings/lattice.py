"""How lattices are found."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class LatticeSettings(Section):
    """Which lattices a pattern is solved in.

    Attributes:
        tried: lattices found from the peaks that are tried; the right one is among the first
            three for 93 to 98 % of crystals (docs/solve.md).
        trials: share of the strongest peak above which peaks are to be explained, and within how
            many degrees: first all of them, then without those that impurities may have.
        unexplained: the largest shares of lines, and of intensity, that may stay unexplained;
        strays: two lines may in any case.
        evidence: by how much (natural logarithm) lines must be more probable with a lattice than
            anywhere.
        weak: what is enough where nothing reaches that: the first minus the second for each line.
            Measured patterns lack weak lines and have foreign ones; for lines anywhere the best
            lattice of all stays below, by 0.4 at 16 lines and by 20 at 30.
        beyond_doubt: the same for each line, above which less symmetric lattices are not tried:
            for lattices of one, two, three and four free parameters. Of 105 validation crystals of
            all systems one reaches it with a lattice that is too symmetric.
        compared: lines that trial lattices are compared with first, within
        coarse: standard deviations of a position: they are made of few lines, whose errors they
            have; and within
        fine: once they are refined.
        refined: trial lattices of one kind that are refined, of which
        kept: the best are told apart, and
        scored: the best that differ are scored.
        given_within: share that given edges may be wrong by: they are often rounded.
        given_trials: how near the lines of a given lattice are to the peaks, in degrees, and what
            share of the intensity may be of others: more of either if the crystal is distorted,
            or not alone.
        same_cell: share that edges of one cell differ by.
    """

    tried: int = 3
    trials: tuple[tuple[float, float], ...] = ((0.0, 0.05), (0.05, 0.05), (0.05, 0.1), (0.1, 0.1))
    unexplained: float = 0.1
    strays: int = 2
    evidence: float = 3.0
    weak: tuple[float, float] = (11.0, 1.3)
    beyond_doubt: tuple[float, ...] = (2.0, 1.5, 1.0, 1.0)
    compared: int = 25
    coarse: float = 6.0
    fine: float = 4.0
    refined: int = 12000
    kept: int = 400
    scored: int = 20
    given_within: float = 0.01
    given_trials: tuple[tuple[float, float], ...] = (
        (0.05, 0.1),
        (0.1, 0.1),
        (0.3, 0.1),
        (0.05, 0.5),
    )
    same_cell: float = 2e-3
