"""How a pattern becomes peaks."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


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
