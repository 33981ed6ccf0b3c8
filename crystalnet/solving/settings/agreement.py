"""How computed patterns are compared with the measured one."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class AgreementSettings(Section):
    """How a computed pattern and the measured one are compared.

    Attributes:
        peak_width: standard deviation of the peaks of compared profiles, in degrees of 2-theta,
            about that of a laboratory's; peaks that are nearer to each other count as one.
        step: degrees of 2-theta between the points of a profile: half of that width loses nothing.
        variance_floor: the variance of a point is its height plus this share of the highest:
            counting statistics, and what no background is free of.
        displacements: isotropic displacement parameters B tried, in A^2: real atoms move, and
            computed patterns are of atoms at rest.
        resolution: lines and peaks nearer than this, in degrees of 2-theta, are compared as one
            area by the search: three widths. Where peaks are listed closer to each other than
            that, as in patterns of many lines, so much less, but not below
        finest_resolution: which errors of positions need.
        close: share of the peaks whose nearest neighbours say how close they are listed.
        position_error: degrees of 2-theta within which peaks are at their lines: beyond the last
            line compared they belong to others.
        seen: share of the strongest peak from which on a peak must not be absent by symmetry;
            weaker ones may be of impurities.
    """

    peak_width: float = 0.1
    step: float = 0.05
    variance_floor: float = 0.01
    displacements: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
    resolution: float = 0.3
    finest_resolution: float = 0.05
    close: float = 0.1
    position_error: float = 0.1
    seen: float = 0.03
