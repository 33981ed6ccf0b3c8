"""What the header of a text says of the wavelength."""

import re

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.radiation import Radiation, of_tube, radiation

_NUMBER = r"[^\d\n]{0,20}?(?P<number>\d+[.,]\d+)\s*(?P<nm>nm\b)?"
# A number (in A unless it says nm), or a K-alpha line.
_SAID = re.compile(
    rf"(?:wave[\s_-]?length|(?<![a-z])lambda|\u03bb|(?<![a-z])alpha(?=_?1\s*=))_?1?\b{_NUMBER}"
    r"|\banode(?:\s*material)?\s*[=:,;\t]\s*[\"']?(?P<anode>Cr|Fe|Co|Cu|Mo|Ag)\b(?![\s_-]?K)"
    r"|\b(?P<name>(?:Cr|Fe|Co|Cu|Mo|Ag)[\s_-]?K[\s_-]?(?:alpha|a|\u03b1)[\s_-]?[12]?)(?![a-z\d])",
    re.I,
)
_SECOND = re.compile(
    rf"(?:k[\s_-]?(?:alpha|a|\u03b1)|\balpha)[\s_-]?2\b[^\d\n/]{{0,20}}?{_NUMBER}", re.I
)
_NEUTRONS = re.compile(r"\bneutrons?\b", re.I)
_LONGEST = 400


def radiation_in(lines: list[str]) -> Radiation | None:
    """The first that lines say; what cannot be one is not heard."""
    first = next((found for line in lines if (found := _said(line)) is not None), None)
    second = next((value for line in lines if (value := _second(line)) is not None), None)
    if first is None or second is None or first.is_doublet or second <= first.wavelength:
        return first
    return of_tube(None, first.wavelength, second)


def names_neutrons(lines: list[str]) -> bool:
    """Whether lines speak of neutrons."""
    return any(_NEUTRONS.search(line[:_LONGEST]) for line in lines)


def _said(line: str) -> Radiation | None:
    said = _SAID.search(line[:_LONGEST])
    if said is None:
        return None
    try:
        if said["anode"]:
            return radiation(f"{said['anode']}Ka")
        return radiation(said["name"] or _value(said))
    except CrystalNetError:
        return None


def _second(line: str) -> float | None:
    said = _SECOND.search(line[:_LONGEST])
    return None if said is None else _value(said)


def _value(said: re.Match[str]) -> float:
    return float(said["number"].replace(",", ".")) * (10 if said["nm"] else 1)
