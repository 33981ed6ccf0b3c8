"""Reading powder patterns of any format: profiles and lists of peaks, checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import lorentz_polarisation
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.axis import Quantity, to_two_theta
from crystalnet.solving.pattern.checks import (
    above_zero,
    agreed_wavelength,
    check_choice,
    check_points,
    is_list,
    scale_of,
    usable_sigma,
)
from crystalnet.solving.pattern.formats import format_of
from crystalnet.solving.pattern.formats.content import Content, file_content
from crystalnet.solving.pattern.formats.pattern_format import Choice
from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.pattern.radiation import radiation as known_radiation
from crystalnet.solving.pattern.regions import Range, Regions
from crystalnet.solving.settings import USUAL, ReadingSettings


@dataclass(frozen=True, eq=False)
class PatternFile:
    """A pattern as it was read.

    Attributes:
        path: the file.
        two_theta: degrees, ascending.
        intensity: counts, or any scale; of peaks, their areas or heights.
        sigma: standard deviation of each, where the file has it.
        radiation: what it was measured with.
        is_peaks: whether it is a list of peaks and no profile.
        excluded: ranges of 2-theta in degrees that were left out.
    """

    path: Path
    two_theta: Float[ndarray, " points"]
    intensity: Float[ndarray, " points"]
    sigma: Float[ndarray, " points"] | None
    radiation: Radiation
    is_peaks: bool
    excluded: tuple[Range, ...] = ()

    def seen_in(self, regions: Regions) -> "PatternFile":
        """What of it lies in the range that is looked at, without the points left out.

        Raises:
            CrystalNetError: if that is too little.
        """
        kept = regions.count(self.two_theta)
        if kept.all() and not regions.excluded:
            return self
        fewest = USUAL.reading.fewest_peaks if self.is_peaks else USUAL.reading.fewest_points
        if kept.sum() < fewest or not (self.intensity[kept] > 0).any():
            raise CrystalNetError(
                f"{self.path}: {int(kept.sum())} of {len(kept)} "
                f"{'peaks' if self.is_peaks else 'points'} are in the range and not excluded; want "
                f"at least {fewest}: it goes from {self.two_theta[0]:g} to "
                f"{self.two_theta[-1]:g} degrees"
            )
        return replace(
            self,
            two_theta=self.two_theta[kept],
            intensity=self.intensity[kept],
            sigma=None if self.sigma is None else self.sigma[kept],
            excluded=regions.excluded,
        )


def read_pattern(
    path: Path | str,
    quantity: Quantity | None = None,
    wavelength: Radiation | str | float | None = None,
    peaks: bool | None = None,
    settings: ReadingSettings = USUAL.reading,
    columns: Sequence[int] | None = None,
    scan: int | None = None,
) -> PatternFile:
    """Read a pattern of any format of docs/formats.md.

        >>> from crystalnet import read_pattern
        >>> pattern = read_pattern("data/measured_patterns/rockjock_halite.xy", wavelength="CuKa")
        >>> len(pattern.two_theta), pattern.is_peaks
        (3001, False)

    Args:
        path: columns of text (.xy, .xye, .dat, .csv, .chi ...), a powder CIF, or a file of an
            instrument (.xrdml, .raw, .brml, .ras, .rasx, .uxd) or of GSAS or FullProf; its content
            decides, and .gz is unpacked.
        quantity: of the position: 2-theta in degrees, Q in 1/A or d in A; None takes what the
            file says, else degrees.
        wavelength: a name such as "CuKa", "17.4 keV", or A; None only where the file names it: it
            is never guessed.
        peaks: whether it is a list of peaks; None decides by their number, distances and
            evenness.
        settings: how the rows are understood.
        columns: of text: the numbers, from 1, of those of position, intensity and perhaps its
            standard deviation; None takes them by the heading, else the first ones.
        scan: its number, from 1, in a file of several; None takes all that belong together.

    Raises:
        CrystalNetError: one sentence for anything that is no pattern, or is one that contradicts
            the wavelength.
    """
    choice = Choice(quantity, None if columns is None else tuple(columns), scan)
    return pattern_of(file_content(Path(path)), choice, wavelength, peaks, settings)


def pattern_of(
    content: Content,
    choice: Choice,
    wavelength: Radiation | str | float | None = None,
    peaks: bool | None = None,
    settings: ReadingSettings = USUAL.reading,
) -> PatternFile:
    """The pattern of a file whose content is in memory; as `read_pattern`."""
    path, quantity = content.path, choice.quantity
    if quantity is not None and quantity not in get_args(Quantity):
        raise CrystalNetError(
            f"{path}: the quantity {quantity!r}; want {' or '.join(get_args(Quantity))}"
        )
    if not (wavelength is None or isinstance(wavelength, Radiation)):
        wavelength = known_radiation(wavelength)
    kind = format_of(content)
    check_choice(path, choice, kind)
    with np.errstate(all="ignore"):
        # What is no number is found below, whatever made it.
        raw = kind.read(content, choice)
    radiation = agreed_wavelength(path, wavelength, raw.radiation, settings)
    quantity = quantity or raw.quantity or "two_theta"
    x, intensity = raw.columns[:, 0], raw.columns[:, 1]
    sigma = usable_sigma(raw.columns[:, 2]) if raw.columns.shape[1] > 2 else None
    check_points(path, x, intensity)
    scale = scale_of(intensity)
    intensity, sigma = intensity * scale, None if sigma is None else sigma * scale
    try:
        two_theta = to_two_theta(x, quantity, radiation)
    except CrystalNetError as error:
        raise CrystalNetError(f"{path}: {error}") from None
    is_peaks = raw.structure_factors or (
        is_list(x, two_theta, settings) if peaks is None else peaks
    )
    intensity = above_zero(path, intensity, is_peaks, settings)
    fewest = settings.fewest_peaks if is_peaks else settings.fewest_points
    if len(x) < fewest:
        raise CrystalNetError(
            f"{path}: {len(x)} {'peaks' if is_peaks else 'points'}; want at least {fewest}"
        )
    if raw.structure_factors:
        intensity = intensity * lorentz_polarisation(np.sin(np.radians(two_theta / 2)) ** 2)
    if is_peaks:
        # A list may name two reflections at one angle: they are one peak.
        two_theta, of = np.unique(two_theta, return_inverse=True)
        intensity = np.bincount(of, intensity)
        sigma = None if sigma is None else np.sqrt(np.bincount(of, sigma**2))
        x = two_theta
    order = np.argsort(two_theta, kind="stable")
    rising = np.array_equal(order, np.arange(len(x)))
    falling = np.array_equal(order, np.arange(len(x))[::-1])
    if not is_peaks and not (rising or falling):
        where = int(np.argmax(np.diff(x) * np.sign(x[-1] - x[0]) <= 0)) + 1
        raise CrystalNetError(
            f"{path}: the angles do not go one way: {x[where]:g} after {x[where - 1]:g} at point "
            f"{where + 1}; give one scan, in order"
        )
    if (np.diff(two_theta[order]) <= 0).any():
        where = int(np.argmin(np.diff(two_theta[order])))
        raise CrystalNetError(
            f"{path}: {x[order][where]:g} stands there twice; give each angle once"
        )
    return PatternFile(
        path,
        two_theta[order],
        intensity[order],
        None if sigma is None else sigma[order],
        radiation,
        is_peaks,
    )


def may_be_pattern(path: Path) -> bool:
    """Whether a file may be meant as a pattern.

    Raises:
        CrystalNetError: for a file that cannot be read, or is no text.
    """
    content = file_content(path)
    return format_of(content).may_hold_pattern(content)
