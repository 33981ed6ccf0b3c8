"""How a pattern becomes peaks."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class ReadingSettings(Section):
    """How the rows of a file are understood.

    Attributes:
        fewest_points: that a profile has, and
        fewest_peaks: that a list has: fewer peaks are of many lattices.
        widest_step: degrees that points of a scan are apart at most: peaks would fall between them.
        uneven: one step of a profile is less than so many times the one before it; those of a list
            are at random.
        below_zero: share of the highest point that the lowest may be below 0: noise where the
            background was taken off.
        impurity: degrees on either side of an impurity's line that are left out with it: a peak's
            foot, and its K-alpha-2 at usual angles.
        same_wavelength: share by which two wavelengths may differ to be the same: doublets and
            their means do.
    """

    fewest_points: int = 20
    fewest_peaks: int = 3
    widest_step: float = 0.6
    uneven: float = 1.5
    below_zero: float = 0.5
    impurity: float = 0.3
    same_wavelength: float = 2e-3


@dataclass(frozen=True)
class ProfileSettings(Section):
    """The shape of peaks, and what is beside them.

    Attributes:
        widest: degrees that peaks are narrower than, on any laboratory's instrument; the background
            is what is wider.
        lorentzian: shares of Lorentzian in the peaks of a pattern, of which the best is taken: the
            areas hardly hang on finer steps.
        widths: that are tried, as multiples of the last ones.
        strongest: peaks whose shape is that of all, and
        alone: widths that each of them stands from every other.
        fewest_widths: peaks from which on a width follows the angle: a line through fewer is none.
        together: peaks whose places are fitted together at most, as time goes with their square;
            clusters of more are cut at their widest gap.
        reach: widths on either side of a line that it is worked on within: a Gaussian is nothing
            there; peaks whose lines come nearer than that to each other belong together.
        free: widths from every peak beyond which the background is read: a Lorentzian is low there,
        least_free: if so much of the profile is left.
        hump: standard deviations of the noise that an amorphous hump rises by: one of nine was
            taken for ten peaks, and none of 27 measured patterns has one up to twice as high, and
        hump_free: the share of its points on which it is higher than what stands on it: crowded
            peaks leave up to 23 standard deviations between each other.
    """

    widest: float = 2.0
    lorentzian: tuple[float, ...] = (0.0, 0.3, 0.6, 0.9)
    widths: tuple[float, ...] = (0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
    strongest: int = 12
    alone: float = 4.0
    fewest_widths: int = 6
    together: int = 10
    reach: float = 4.0
    free: float = 6.0
    least_free: float = 0.2
    hump: float = 8.0
    hump_free: float = 0.8


@dataclass(frozen=True)
class PeakSettings(Section):
    """How peaks are found in a profile.

    Attributes:
        significant: standard deviations of the noise that a peak stands out by; below 5 the noise
            of a pattern of thousands of points has peaks of its own.
        stretches: of the range, in which the scatter of the points is compared with the standard
            deviations of the file: enough to see a part of it that was counted longer, each of a
            hundred points and more in usual patterns.
        faintest: share of the highest peak below which none counts; fits leave that much.
        most: maxima that are fitted, the most prominent; a pattern of more is no single phase's.
        smoothing: share of a peak's width that the profile is smoothed over for maxima.
        one_peak: degrees within which listed peaks are one: no instrument tells them apart.
        rounds: how often the background is found anew without the peaks.
        same_place: widths from the K-alpha-2 of a peak within which a lower peak is,
        left_over: if lower than this share of it, what the shape leaves of that line: no line is
            known better.
        other_line: share of a peak's height that another line of the tube is at most: without a
            filter K-beta is a fifth.
        alike_lines: by how many times that share may differ from peak to peak: heights of weak
            peaks are no better known.
        same_line: widths that such a peak may be off its place.
        fewest_lines: such peaks that must be there: one may be there by accident.
        fluorescent: heights of the highest peak that a background is all over the pattern only
            where the sample fluoresces: 27 measured patterns have 0.03 at most.
        lowest_background: share of the points whose background is below what is taken for that: a
            hump, and air at low angles, are higher.
        points_a_peak: across the half height, below which a pattern is called coarse, and
        points_wanted: how many it should have.
        silent: share of the range beyond the last peak that is worth a word where weak peaks
            could not be seen.
        margin: degrees by which what was measured reaches beyond the first and last peak of a list.
    """

    significant: float = 5.0
    stretches: int = 20
    faintest: float = 0.01
    most: int = 150
    smoothing: float = 0.5
    one_peak: float = 0.03
    rounds: int = 2
    same_place: float = 1.0
    left_over: float = 0.2
    other_line: float = 0.3
    alike_lines: float = 2.0
    same_line: float = 0.5
    fewest_lines: int = 2
    fluorescent: float = 1.0
    lowest_background: float = 0.1
    points_a_peak: float = 3.5
    points_wanted: float = 8.0
    silent: float = 0.3
    margin: float = 0.5
