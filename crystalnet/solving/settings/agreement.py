"""How computed patterns are compared with the measured one."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


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
