"""When atoms are symmetric, and how near they may be."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class SymmetrySettings(Section):
    """When atoms are where symmetry wants them.

    Attributes:
        same: distance in A within which atoms count as symmetric: those that are found are exactly
            so, but for rounding.
        others: tried in this order where a crystal is to have a space group that it does not have
            within that: narrower ones first, for wide ones contradict themselves.
        passes: averages over the operations, whose translations are refitted each time: they
            converge at once.
    """

    same: float = 0.01
    others: tuple[float, ...] = (0.001, 0.0001, 0.03, 0.1, 0.3)
    passes: int = 3


@dataclass(frozen=True)
class ContactSettings(Section):
    """How near two atoms may be: not much nearer than their elements are in known crystals.

    Of 1,010 validation crystals none has atoms nearer than that, of 1,707 test crystals two; 15 and
    25 have some nearer than 0.75 of the sum of their covalent radii, which is no longer a distance
    on average: metals that share electrons are nearer, ions and most others farther apart.

    Attributes:
        shortest: share of the shortest distance of two elements in known crystals that their atoms
            are apart at least, if many crystals have both, and
        fewer: by how much less, divided by the square root of their number, if few have.
        unknown: share of the sum of the covalent radii (B. Cordero et al., doi 10.1039/b801115j)
            that others are apart: fewer than one crystal in a thousand has atoms so near.
    """

    shortest: float = 0.94
    fewer: float = 0.3
    unknown: float = 0.65
