"""What is tried, when it is enough, and the order of what was found."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class RankingSettings(Section):
    """The order of what was found.

    Attributes:
        symmetry: what the highest symmetry is worth in Rwp: of two structures that agree alike,
            the simpler one.
        same_rwp: values of Rwp closer than this are equal, and the simpler structure comes first:
            no measured pattern tells more.
        hopeless: Rwp above which candidates are left out where there are better ones.
        same_structure_rwp: structures whose Rwp differs by more are different ones, and so are
        same_edges: those whose edges differ by more than this share,
        same_sites: whose atoms are farther apart than this share of their usual distance, or
        same_angles: whose angles differ by more than so many degrees.
        grace: seconds that what was found may be ranked for when the time is over.
    """

    symmetry: float = 0.03
    same_rwp: float = 1e-3
    hopeless: float = 0.9
    same_structure_rwp: float = 0.03
    same_edges: float = 0.05
    same_sites: float = 0.1
    same_angles: float = 1.0
    grace: float = 1.0


@dataclass(frozen=True)
class StrategySettings(Section):
    """What is tried, in which order, and when it is enough.

    Attributes:
        explained: Rwp, over the spacings that structures are searched by, at which a pattern needs
            no less likely contents or lattices. The true atoms reach 0.05 or less in perfect
            patterns; measured ones are seldom explained better.
        certain: such an Rwp at which charge flipping is not tried either: it takes few seconds.
        together: contents of a cell that are gone through together, the simplest arrangements of
            all of them first.
        less: lattices and contents that are less likely get less time, as 1 / (1 + less * order).
        exchanged: of the best structures, in which elements are exchanged at last: each takes some
            tenths of a second.
        refined: exchanges of two elements, those that agree best, that are refined before the best
            is taken: coordinates have settled about the wrong elements.
        gain: residual that an exchange must gain: what tells lead from bismuth where all else is in
            place; ranking says whether that is enough.
        density_grid: points per axis of the densities that are handed out.
    """

    explained: float = 0.15
    certain: float = 0.05
    together: int = 4
    less: float = 4.0
    exchanged: int = 3
    refined: int = 6
    gain: float = 1e-4
    density_grid: int = 40
