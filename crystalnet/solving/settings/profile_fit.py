"""How a model is fitted to the profile."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class FitSettings(Section):
    """How lattices and structures are fitted to the measured profile.

    Attributes:
        candidates: the first ones that are fitted: a verdict wants the next different ones too,
            and each takes a second.
        same_lattice: share that edges of a candidate's cell, and cosines of its angles, may be off
            those of the lattice that it was solved in: they are its own, but for rounding.
        background: Chebyshev terms that are added to the background found between the peaks: that
            one follows humps, these what it takes for peaks' tails.
        cycles: of least squares at most; usual ones end after ten.
        converged: relative gain in the sum of squares at which a fit is at its end.
        areas: how often areas are shared out anew in each cycle of Le Bail's method, where there
            are more lines than
        areas_fitted: the strongest ones, whose areas are fitted with all else: time goes with
            their square.
        tail: height, as a share of a Lorentzian's, at which lines end.
        widest: full width at half maximum in degrees, Gaussian or Lorentzian, at most.
        shift: degrees 2-theta that zero and displacement may be off at most: what is farther off
            is another lattice.
        displaced: share by which the sum of squares must be lower with a shifted zero than with a
            displaced sample, or the other way round, for the less usual of them to be taken.
        lattice: share that 1 / d^2 of the lattice may change by.
        skew: asymmetry in degrees at 45 degrees 2-theta, at most.
        largest_u: of displacement parameters, in A^2: atoms that move more are none.
        usual_u: what displacement parameters start from, in A^2.
        moved: A that an atom may move in one cycle.
        lines_each: lines that each free number of the structure needs; with fewer, one
            displacement parameter serves all atoms, and then none is free.
        texture: share by which Rwp must fall for preferred orientation to be believed.
        most_points: points that are fitted; of more, neighbours are added up.
        foreign: degrees, or a width if that is more, from every line of a structure beyond which a
            peak is foreign to it.
        beside: widths from a peak within which another one that is lower than
        left_over: so much of it is what the fit of its shape left.
        strong_line: share of the strongest peak from which on lines of other radiations are seen,
        other_line: each less than this share of its peak: without a filter K-beta is a fifth.
    """

    candidates: int = 3
    same_lattice: float = 1e-3
    background: int = 8
    cycles: int = 30
    converged: float = 1e-4
    areas: int = 3
    areas_fitted: int = 300
    tail: float = 1e-3
    widest: float = 2.0
    shift: float = 0.3
    displaced: float = 0.01
    lattice: float = 0.03
    skew: float = 0.3
    largest_u: float = 0.1
    usual_u: float = 0.008
    moved: float = 0.2
    lines_each: float = 1.5
    texture: float = 0.03
    most_points: int = 12_000
    foreign: float = 0.15
    beside: float = 4.0
    left_over: float = 0.05
    strong_line: float = 0.1
    other_line: float = 0.3
