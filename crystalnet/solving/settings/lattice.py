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
