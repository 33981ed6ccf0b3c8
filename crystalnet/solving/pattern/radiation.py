"""Wavelengths of laboratory radiation by name."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import MO_K_ALPHA
from crystalnet.errors import CrystalNetError

# K-alpha-1 and K-alpha-2 in A: International Tables C (2006), table 4.2.2.4.
_DOUBLETS = {
    "Cr": (2.28970, 2.293663),
    "Fe": (1.936042, 1.939980),
    "Co": (1.788965, 1.792850),
    "Cu": (1.540562, 1.544390),
    "Mo": (0.709300, 0.713590),
    "Ag": (0.559408, 0.563798),
}
# K-alpha-2 is half as strong.
_MEAN = {
    anode: MO_K_ALPHA if anode == "Mo" else (2 * one + two) / 3
    for anode, (one, two) in _DOUBLETS.items()
}
KEV = 12.398419843320026
"""Energy in keV times wavelength in A: h c, exact in the SI of 2019."""
# A mean wavelength that is given as a number is of a doublet if it is this near to it, in A.
_SAME = 4e-4
SHORTEST, LONGEST = 0.05, 5.0


@dataclass(frozen=True)
class Radiation:
    """What a pattern was measured with.

    Attributes:
        name: for people, such as CuKa.
        wavelength: A; of an unresolved doublet the mean, K-alpha-1 counting twice.
        alpha_1, alpha_2: the two lines of a doublet in A, None for one line.
    """

    name: str
    wavelength: float
    alpha_1: float | None = None
    alpha_2: float | None = None

    @property
    def is_doublet(self) -> bool:
        """Whether every peak has a K-alpha-2 beside its K-alpha-1."""
        return self.alpha_1 is not None and self.alpha_2 is not None

    def second(self, two_theta: Float[ndarray, " peaks"]) -> Float[ndarray, " peaks"]:
        """Where the K-alpha-2 of peaks lies, in degrees of 2-theta; of one line the peak itself.

        Args:
            two_theta: of K-alpha-1, in degrees. What Bragg's law leaves no angle is at 180.
        """
        if self.alpha_1 is None or self.alpha_2 is None:
            return two_theta
        sine = np.sin(np.radians(two_theta) / 2) * (self.alpha_2 / self.alpha_1)
        found: ndarray = 2 * np.degrees(np.arcsin(np.minimum(sine, 1)))
        return found


def radiation(given: str | float) -> Radiation:
    """From a name such as CuKa, MoKa1 or "Cu K-alpha", from a wavelength in A, or from "17.4 keV".

    A number that is the mean of a K-alpha doublet to 0.0004 A is taken for the doublet.

    Raises:
        CrystalNetError: for an unknown name or a number outside 0.05 to 5 A.
    """
    text = str(given).strip()
    if text.lower().endswith("kev"):
        return _of_energy(text)
    try:
        wavelength = float(text.lower().removesuffix("a").strip())
    except ValueError:
        return _named(text)
    if not SHORTEST <= wavelength <= LONGEST:
        raise CrystalNetError(
            f"the wavelength {text}; want {SHORTEST} to {LONGEST} A, or a name such as CuKa"
        )
    for anode, mean in _MEAN.items():
        if abs(wavelength - mean) < _SAME:
            return Radiation(f"{anode}Ka", wavelength, *_DOUBLETS[anode])
    return Radiation(f"{wavelength:g} A", wavelength)


def of_tube(
    anode: str | None, alpha_1: float | None, alpha_2: float | None, resolved: bool = False
) -> Radiation | None:
    """What a header says of an X-ray tube; None where that is nothing that can be.

    Args:
        anode: its element.
        alpha_1, alpha_2: the lines of a doublet in A, of which tables differ by some 1e-5 A.
        resolved: whether K-alpha-1 alone reaches the sample.
    """
    name = (anode or "").strip().strip("\0").capitalize()
    if name not in _DOUBLETS:
        near = [
            each for each, (one, _) in _DOUBLETS.items() if alpha_1 and abs(alpha_1 - one) < _SAME
        ]
        name = near[0] if near else ""
    if alpha_1 is None or not SHORTEST <= alpha_1 <= LONGEST:
        return radiation(f"{name}Ka1" if resolved else f"{name}Ka") if name else None
    if name and abs(alpha_1 - _DOUBLETS[name][0]) < _SAME:
        doublet = not resolved and (alpha_2 is None or alpha_2 > alpha_1)
        return radiation(f"{name}Ka" if doublet else f"{name}Ka1")
    return radiation(alpha_1)


def _of_energy(text: str) -> Radiation:
    try:
        energy = float(text[:-3])
    except ValueError:
        energy = np.nan
    if not KEV / LONGEST <= energy <= KEV / SHORTEST:
        raise CrystalNetError(
            f"the energy {text}; want {KEV / LONGEST:.2f} to {KEV / SHORTEST:.0f} keV"
        )
    return radiation(KEV / energy)


def _named(text: str) -> Radiation:
    plain = (
        re.sub(r"[\s_\-,.]", "", text)
        .lower()
        .replace("\N{GREEK SMALL LETTER ALPHA}", "a")
        .replace("alpha", "a")
    )
    match = re.fullmatch(r"([a-z]{2})(?:k?a?)([12]|12)?", plain)
    anode = match[1].capitalize() if match else ""
    if match is None or anode not in _DOUBLETS:
        raise CrystalNetError(
            f"the radiation {text!r} is unknown; want one of "
            f"{', '.join(f'{name}Ka' for name in _DOUBLETS)} (or with 1 or 2 at the end), or a "
            "wavelength in A"
        )
    one, two = _DOUBLETS[anode]
    match match[2]:
        case "1":
            return Radiation(f"{anode}Ka1", one)
        case "2":
            return Radiation(f"{anode}Ka2", two)
    return Radiation(f"{anode}Ka", _MEAN[anode], one, two)
