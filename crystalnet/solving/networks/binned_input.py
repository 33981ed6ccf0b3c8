"""Measured peaks as the vector that the networks were trained on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import bin_pattern, lorentz_polarisation
from crystalnet.errors import CrystalNetError
from crystalnet.settings import PatternSpec
from crystalnet.solving.pattern.measured import MeasuredPeaks


@dataclass(frozen=True, eq=False)
class NetworkPattern:
    """A binned pattern, and how much of it was measured.

    Attributes:
        vector: intensities, strongest 1; zero outside the measured range.
        wavelength, two_theta_range: of the peaks as they were measured, A and degrees.
        first_bin, last_bin: the measured range in bins.
        d_min: the smallest spacing in the measured range, A.
    """

    vector: Float[ndarray, " bins"]
    wavelength: float
    two_theta_range: tuple[float, float]
    first_bin: int
    last_bin: int
    d_min: float

    def told(self) -> str:
        """One sentence on what the range leaves out."""
        first, last = self.two_theta_range
        covered = self.last_bin - self.first_bin + 1
        return (
            f"{first:g} to {last:g} degrees at {self.wavelength:.4f} A reach d = {self.d_min:.2f} "
            f"A: {covered} of the {len(self.vector)} bins of the network"
        )


def network_pattern(peaks: MeasuredPeaks, spec: PatternSpec) -> NetworkPattern:
    """Peaks at their d-spacings in the radiation of the networks' training.

    Intensities are turned from one Lorentz-polarisation factor to the other. Peaks that the
    training's radiation does not reach are left out.

    Args:
        spec: how the patterns of the training were binned.

    Raises:
        CrystalNetError: if no peak is within the reach of the training's radiation.
    """
    wavelength, bins, two_theta_range = spec.wavelength, spec.bins, spec.two_theta_range
    sine = np.sin(np.radians(peaks.two_theta) / 2)
    there = sine * wavelength / peaks.wavelength
    low, high = (float(np.sin(np.radians(end) / 2)) for end in two_theta_range)
    inside = (there > 0) & (there < 1) & (there >= low) & (there <= high)
    first, last = peaks.two_theta_range
    inside &= (peaks.two_theta >= first) & (peaks.two_theta <= last)
    if not peaks.intensity[inside].any():
        raise CrystalNetError(
            f"none of {len(sine)} peaks is where the networks look (d from "
            f"{wavelength / 2 / high:.2f} A); check the wavelength ({peaks.wavelength} A)"
        )
    there = there[inside]
    ratio = lorentz_polarisation(there**2) / lorentz_polarisation(sine[inside] ** 2)
    two_theta = 2 * np.degrees(np.arcsin(there))
    vector = bin_pattern((two_theta, peaks.intensity[inside] * ratio), bins, two_theta_range)
    ends = np.sin(np.radians(np.array(peaks.two_theta_range)) / 2) * wavelength / peaks.wavelength
    ends = 2 * np.degrees(np.arcsin(np.minimum(ends, 1)))
    begin, end = two_theta_range
    in_bins = np.clip(bins * (ends - begin) / (end - begin), 0, bins - 1).astype(int)
    return NetworkPattern(
        vector,
        peaks.wavelength,
        peaks.two_theta_range,
        int(in_bins[0]),
        int(in_bins[1]),
        float(peaks.wavelength / 2 / np.sin(np.radians(last) / 2)),
    )
