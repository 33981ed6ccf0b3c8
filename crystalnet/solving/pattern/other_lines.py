"""Lines of a tube beside K-alpha: K-beta of its anode, and L-alpha of tungsten from its cathode."""

from crystalnet.solving.pattern.radiation import Radiation

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
