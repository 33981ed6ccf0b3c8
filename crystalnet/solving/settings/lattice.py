"""How lattices are found."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class LatticeSettings(Section):
    """Which lattices a pattern is solved in, and how they are found.

    Shares of crystals were counted on training crystals; values without another reason are those
    with which most validation crystals had their lattice first (`benchmarks.indexing`).

    Attributes:
        tried: lattices found from the peaks that are tried; the right one is among the first
            three for 93 to 98 % of crystals (docs/solve.md).
        trials: share of the strongest peak above which peaks are to be explained, and within how
            many degrees: first all of them, then without those that impurities may have.
        significant: peaks below this share of the strongest are no evidence, neither for nor
            against.
        most_lines: lines used, from the lowest angle: beyond, they overlap.
        tolerance_sigmas: the tolerance is so many standard deviations of a position: 99 % of a
            normal distribution.
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
        glance: of so many of the first lines so many must be near a trial lattice's before the
            others are looked at; two may be foreign.
        refined: trial lattices of one kind that are refined, of which
        kept: the best are told apart, and
        scored: the best that differ are scored.
        smallest: volume of primitive cells that are looked for, in A^3: an atom of oxygen, to
        largest: some three hundred atoms.
        most_predicted: a lattice that has more lines than these for each one seen explains nothing.
        zero_sigma: the zero shift expected, in degrees 2-theta: that of a laboratory instrument.
        start_error: share of the mean coefficient of squares by which trial lattices may be wrong.
        used: lines in each step of least squares: the first are explained by what a trial lattice
            was made of; others follow as it gets better.
        windows: standard deviations within which they must be of the lattice's lines, in each step.
        window_sigmas: a line so many standard deviations off (6 in 100,000 are farther) is still
            explained.
        smallest_sigma: errors may turn out smaller than the tolerance suggests, by this factor at
            most.
        impurities: the share of impurity lines expected, and
        strong: how unlikely one is that has all the intensity (natural logarithm).
        parameter_cost: what a free parameter costs: about the logarithm of how many values of it
            can be told apart.
        unusual: share of crystals (those of elements above all) whose volume is not about that of
            the others of their centring.
        beyond: the probability of a volume outside those that are looked for.
        all_seen: how probable it is that all lines of a family are seen; if neither all nor none,
            any number is equally probable.
        often_unseen: how probable it is that the lines that tell a lattice from its sublattice are
            all too weak, for cubic F and a P or I cell of half its edge (Heusler compounds and rock
            salts, whose lines of odd indices are differences of similar atoms). At 0.3 more of
            those would come first, and CsCl structures would be taken for them; at 0.1 the smallest
            cell that explains all lines comes first.
        rarely_unseen: the same for other lattices.
        same_lines: lattices of which the first so many lines are at the same 1 / d^2, to within
        same_within: this share, are one.
        alike: share within which the lines of a lattice of lower symmetry are those of one of
            higher; the second is told, if it is fitted
        less_well: worse by no more than this (natural logarithm) for each line.
        given_within: share that given edges may be wrong by: they are often rounded.
        given_trials: how near the lines of a given lattice are to the peaks, in degrees, and what
            share of the intensity may be of others: more of either if the crystal is distorted,
            or not alone.
        given_alike: share that given parameters that are equal by symmetry may differ by.
        narrowest: degrees that an angle of a given cell differs from 0 and 180 by at least.
        largest_given: the largest conventional cell that may be given, in A^3.
        same_cell: share that edges of one cell differ by.
    """

    tried: int = 3
    trials: tuple[tuple[float, float], ...] = ((0.0, 0.05), (0.05, 0.05), (0.05, 0.1), (0.1, 0.1))
    significant: float = 0.003
    most_lines: int = 40
    tolerance_sigmas: float = 2.5
    unexplained: float = 0.1
    strays: int = 2
    evidence: float = 3.0
    weak: tuple[float, float] = (11.0, 1.3)
    beyond_doubt: tuple[float, ...] = (2.0, 1.5, 1.0, 1.0)
    compared: int = 25
    coarse: float = 6.0
    fine: float = 4.0
    glance: tuple[int, int] = (10, 8)
    refined: int = 4000
    kept: int = 400
    scored: int = 20
    smallest: float = 8.0
    largest: float = 5000.0
    most_predicted: int = 15
    zero_sigma: float = 0.05
    start_error: float = 0.02
    used: tuple[int, ...] = (6, 9, 12, 16, 24, 32, 40, 40, 40)
    windows: tuple[float, ...] = (8.0, 6.0, 5.0, 5.0, 4.5, 4.0, 3.0, 2.5, 2.5)
    window_sigmas: float = 4.0
    smallest_sigma: float = 0.25
    impurities: float = 0.005
    strong: float = 30.0
    parameter_cost: float = 5.0
    unusual: float = 0.1
    beyond: float = 1e-6
    all_seen: float = 0.2
    often_unseen: float = 0.1
    rarely_unseen: float = 0.03
    same_lines: int = 16
    same_within: float = 5e-3
    alike: float = 1e-2
    less_well: float = 0.6
    given_within: float = 0.01
    given_trials: tuple[tuple[float, float], ...] = (
        (0.05, 0.1),
        (0.1, 0.1),
        (0.3, 0.1),
        (0.05, 0.5),
    )
    given_alike: float = 0.01
    narrowest: float = 10.0
    largest_given: float = 20000.0
    same_cell: float = 2e-3
