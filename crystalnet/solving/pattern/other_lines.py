"""Lines of a tube beside K-alpha: K-beta of its anode, and L-alpha of tungsten from its cathode."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.pattern.radiation import Radiation
from crystalnet.solving.settings import PeakSettings

# K-beta-1 in A (International Tables C (2006), table 4.2.2.4).
K_BETA = {
    "Cr": 2.084881,
    "Fe": 1.756604,
    "Co": 1.620826,
    "Cu": 1.392234,
    "Mo": 0.632303,
    "Ag": 0.497082,
}
TUNGSTEN = 1.476425
"""L-alpha-1 of tungsten in A, which settles on anodes as they age."""


def other_lines(beam: Radiation) -> dict[str, float]:
    """Wavelengths in A that a tube may send too, by name; none for what is no K-alpha."""
    anode = beam.name[:2]
    if anode not in K_BETA or not beam.name[2:].startswith("Ka"):
        return {}
    return {f"{anode} K-beta": K_BETA[anode], "tungsten L-alpha": TUNGSTEN}


@dataclass(frozen=True)
class OtherLine:
    """A peak of another radiation than the one that is used.

    Attributes:
        two_theta: degrees.
        intensity: its area, in the unit of the others.
        cause: such as "Cu K-beta of the peak at 31.70".
    """

    two_theta: float
    intensity: float
    cause: str


def image(
    two_theta: Float[ndarray, " peaks"], beam: Radiation, wavelength: float
) -> Float[ndarray, " peaks"]:
    """Where peaks of the (first) K-alpha line would be at another wavelength, in degrees."""
    sine = np.sin(np.radians(two_theta) / 2) * wavelength / (beam.alpha_1 or beam.wavelength)
    return np.asarray(2 * np.degrees(np.arcsin(np.minimum(sine, 1))))


def images_of_peaks(
    places: Float[ndarray, " peaks"],
    heights: Float[ndarray, " peaks"],
    width: Float[ndarray, " peaks"],
    least: Float[ndarray, " peaks"],
    beam: Radiation,
    settings: PeakSettings,
) -> dict[int, str]:
    """Peaks that are another line's of stronger ones, by their numbers, and of which.

    One of a tube's other lines shows beside every strong peak, in the same ratio: only where none
    that would be seen is lacking are they taken for such.

    Args:
        places: ascending, in degrees.
        heights, width: of the peaks, on any scale and in degrees.
        least: height that a peak must have to be found, around each of them.
    """
    found: dict[int, str] = {}
    first = float(places[0])
    for name, wavelength in other_lines(beam).items():
        there = image(places, beam, wavelength)
        nearest = np.abs(there[:, None] - places).argmin(axis=1)
        near = np.abs(there - places[nearest]) < settings.same_line * width
        ratio = heights[nearest] / heights
        strongest = int(heights.argmax())
        usual = float(ratio[strongest])
        if not near[strongest] or usual > settings.other_line:
            continue
        alike = settings.alike_lines
        limit = np.interp(there, places, least)
        seen = (there >= first - width) & (usual / alike * heights > limit)
        shows = near & (ratio >= usual / alike)
        own = shows & (ratio <= usual * alike)
        if (seen & ~shows).any() or len(set(nearest[own].tolist())) < settings.fewest_lines:
            continue
        found |= {
            int(nearest[k]): f"{name} of the peak at {places[k]:.2f}"
            for k in np.flatnonzero(own).tolist()
        }
    return found
